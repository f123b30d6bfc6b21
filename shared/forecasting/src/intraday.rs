use jiff::Timestamp;

use crate::quantiles::SCORES;
use crate::{LEVELS, QuantileForecast};

/// A single step speaks for no more than this score.
const MOST_SCORE: f64 = 1.8;
/// Weight of a step against the step an hour later.
const MEMORY_AN_HOUR: f64 = 0.7;
/// Hours of actuals that it takes to believe half of what they say.
const DOUBT_HOURS: f64 = 1.5;
/// Hours after which the part that passes has halved.
const HALF_LIFE_HOURS: f64 = 2.0;
/// Of what is believed, the part that goes on for the rest of the day, and the part that passes.
const LASTING: f64 = 0.1;
const PASSING: f64 = 0.4;

/// The forecast corrected by what was seen since its start: rows from `now` on are moved, those
/// before stay as they were.
///
/// `actuals` are the demand of the forecast's first steps, in order, `None` where unknown; those of
/// steps that end after `now` are not looked at. Each actual is read as a place in its step's own
/// band (a normal score), so that a wide night cannot speak louder than it should; the recent mean
/// of the scores moves the rest of the day along its bands, partly for good and partly fading
/// within hours. Without any usable actual the forecast comes back unchanged.
#[must_use]
pub fn correct(
    forecast: &QuantileForecast,
    actuals: &[Option<f64>],
    now: Timestamp,
) -> QuantileForecast {
    let mut corrected = forecast.clone();
    let hours = f64::from(forecast.step.seconds()) / 3600.0;
    let past = (0..forecast.rows.len())
        .take_while(|index| forecast.time_at(index + 1) <= now)
        .count();
    let memory = MEMORY_AN_HOUR.powf(hours);
    let (mut sum, mut weight) = (0.0, 0.0);
    for (row, actual) in forecast.rows.iter().zip(actuals).take(past) {
        sum *= memory;
        weight *= memory;
        if let Some(actual) = actual.filter(|value| value.is_finite()) {
            sum += hours * score(row, actual);
            weight += hours;
        }
    }
    let level = sum / (weight + DOUBT_HOURS);
    if level == 0.0 {
        return corrected;
    }
    for (index, row) in corrected.rows.iter_mut().enumerate().skip(past) {
        let ahead = (index - past) as f64 * hours;
        let passing = 0.5_f64.powf(ahead / HALF_LIFE_HOURS);
        let moved = level * (LASTING + PASSING * passing);
        let before = *row;
        for (value, own) in row.iter_mut().zip(SCORES) {
            *value = at_score(&before, own + moved).max(before[0].min(0.0));
        }
    }
    corrected
}

/// Place of `actual` in the band `row` as a normal score, at most [`MOST_SCORE`] from the median.
/// Where several levels have that value, the middle of them.
fn score(row: &[f64; LEVELS.len()], actual: f64) -> f64 {
    let below = row.partition_point(|value| *value < actual);
    let upto = row.partition_point(|value| *value <= actual);
    let score = if upto > below {
        f64::midpoint(SCORES[below], SCORES[upto - 1])
    } else if below == 0 {
        -MOST_SCORE
    } else if below == row.len() {
        MOST_SCORE
    } else {
        let share = (actual - row[below - 1]) / (row[below] - row[below - 1]);
        SCORES[below - 1] + share * (SCORES[below] - SCORES[below - 1])
    };
    score.clamp(-MOST_SCORE, MOST_SCORE)
}

/// Value of the band `row` at a normal score, straight between the levels and on beyond them.
fn at_score(row: &[f64; LEVELS.len()], score: f64) -> f64 {
    let above = SCORES
        .partition_point(|own| *own < score)
        .clamp(1, SCORES.len() - 1);
    let share = (score - SCORES[above - 1]) / (SCORES[above] - SCORES[above - 1]);
    row[above - 1] + share * (row[above] - row[above - 1])
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use timeseries::Step;

    use super::*;
    use crate::quantiles::MEDIAN;

    fn flat() -> QuantileForecast {
        QuantileForecast {
            start: "2026-03-02T00:00:00Z".parse().unwrap(),
            step: Step::HOUR,
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
