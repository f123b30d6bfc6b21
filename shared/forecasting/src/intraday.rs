use jiff::Timestamp;

use crate::belief::{Belief, corrected_row};
use crate::memory::hourly_score;
use crate::quantiles::score;
use crate::{LEVELS, QuantileForecast};

/// The last hours that speak: older ones have nothing to add.
const MOST_HOURS: usize = 24;
/// Hours of the usual width that the steps so far are added to: calm and wild days last.
const USUAL_HOURS: f64 = 24.0;
/// Mean square of the scores of a calibrated forecast, cut off at 1.8 as they are.
const SQUARE: f64 = 0.877;

/// The forecast corrected by what was seen since its start: rows from `now` on are moved, those
/// before stay as they were.
///
/// `actuals` are the demand of the forecast's first steps, in order, `None` where unknown; those of
/// steps that end after `now` are not looked at. Each actual is read as a place in its step's own
/// band (a normal score), so that a wide night cannot speak louder than it should. From the scores
/// of the hours so far and the forecast's [`memory`](QuantileForecast::memory), which was learnt on the target's own past
/// days, follow the expected score of every hour to come and how much surer it has become: the row
/// is moved along its band by the one and narrowed by the other. A day that has been calmer or wilder
/// than usual so far also narrows or widens it. Without any usable actual the forecast comes back
/// unchanged.
///
/// Source: conditional means and variances of jointly normal scores, a Gaussian copula.
#[must_use]
pub fn correct(
    forecast: &QuantileForecast,
    actuals: &[Option<f64>],
    now: Timestamp,
) -> QuantileForecast {
    let mut corrected = forecast.clone();
    let past = (0..forecast.rows.len())
        .take_while(|index| forecast.time_at(index + 1) <= now)
        .count();
    let per_hour = (3600 / forecast.step.seconds() as usize).max(1);
    let hours = f64::from(forecast.step.seconds()) / 3600.0;
    let steps: Vec<([f64; LEVELS.len()], Option<f64>)> = forecast
        .rows
        .iter()
        .zip(actuals)
        .take(past)
        .map(|(row, actual)| (*row, actual.filter(|value| value.is_finite())))
        .collect();
    // Hours counted back from now, so that the latest one is whole.
    let first = past.saturating_sub(MOST_HOURS * per_hour);
    let seen: Vec<(f64, f64)> = steps
        .get(first..)
        .unwrap_or_default()
        .rchunks(per_hour)
        .enumerate()
        .filter_map(|(back, steps)| {
            let middle = (past - back * per_hour) as f64 - steps.len() as f64 / 2.0;
            Some((middle * hours, hourly_score(steps)?))
        })
        .collect();
    let Some(belief) = Belief::new(&forecast.memory, &seen) else {
        return corrected;
    };
    let wild = wildness(&steps, hours);
    for (index, row) in corrected.rows.iter_mut().enumerate().skip(past) {
        *row = corrected_row(row, belief.at((index as f64 + 0.5) * hours), wild);
    }
    corrected
}

/// Factor of the band's width: how far the steps so far lay from their medians, against the usual.
fn wildness(steps: &[([f64; LEVELS.len()], Option<f64>)], hours: f64) -> f64 {
    let (mut sum, mut weight) = (SQUARE * USUAL_HOURS, USUAL_HOURS);
    for (row, actual) in steps {
        if let Some(score) = actual.and_then(|actual| score(row, actual)) {
            sum += hours * score.powi(2);
            weight += hours;
        }
    }
    (sum / weight / SQUARE).sqrt()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use timeseries::Step;

    use super::*;
    use crate::Memory;
    use crate::quantiles::MEDIAN;

    fn flat() -> QuantileForecast {
        QuantileForecast {
            start: "2026-03-02T00:00:00Z".parse().unwrap(),
            step: Step::HOUR,
            memory: Memory::default(),
            rows: vec![[60.0, 80.0, 100.0, 120.0, 130.0, 140.0, 170.0, 180.0, 200.0]; 24],
        }
    }

    #[test]
    fn without_actuals_nothing_changes() {
        let forecast = flat();
        let now = forecast.time_at(8);
        assert_eq!(correct(&forecast, &[], now), forecast);
        assert_eq!(correct(&forecast, &[None; 8], now), forecast);
        let late = [Some(500.0); 8];
        assert_eq!(correct(&forecast, &late, forecast.start), forecast);
    }

    #[test]
    fn a_higher_morning_lifts_the_rest_of_the_day_and_not_the_past() {
        let forecast = flat();
        let now = forecast.time_at(8) + SignedDuration::from_mins(20);
        let corrected = correct(&forecast, &[Some(130.0); 24], now);
        assert_eq!(corrected.rows[..8], forecast.rows[..8]);
        assert!(corrected.rows[8][MEDIAN] > 106.0 && corrected.rows[8][MEDIAN] < 130.0);
        assert!(corrected.rows[23][MEDIAN] > 101.0);
        assert!(corrected.rows[23][MEDIAN] < corrected.rows[8][MEDIAN]);
        for row in &corrected.rows {
            assert!(row.windows(2).all(|pair| pair[0] <= pair[1]));
        }
    }

    #[test]
    fn one_odd_step_says_little() {
        let forecast = flat();
        let mut actuals = [Some(100.0); 8];
        actuals[7] = Some(100_000.0);
        let corrected = correct(&forecast, &actuals, forecast.time_at(8));
        assert!(corrected.rows[8][MEDIAN] < 130.0);
    }
}
