use documents::Forecast;
use serde::Serialize;
use timeseries::Series;

/// Hours ahead at which forecasts are judged, each up to the next.
const HOURS: [u32; 6] = [0, 3, 6, 12, 24, 48];
/// Levels of the weighted quantile loss.
const LOSS_LEVELS: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// How forecasts did, so and so far ahead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Accuracy {
    /// From so many hours ahead.
    pub from_hours: u32,
    /// To before so many.
    pub to_hours: u32,
    /// Steps that were observed.
    pub steps: usize,
    /// Sum of absolute errors of the median over the sum of demand.
    pub error: f64,
    /// Mean weighted quantile loss at 0.5, 0.9, 0.95 and 0.99: twice the pinball loss over the sum of
    /// demand.
    pub loss: f64,
    /// Shares of steps at or below p50, p90, p95 and p99.
    pub below: [f64; 4],
}

/// Judges `forecasts` by what came, by how far ahead they looked. Rows without an observed step are
/// left out.
///
/// `demand` is in requests per minute, in any step: each step of a forecast is compared with the
/// mean of what was observed in it.
#[must_use]
pub fn accuracy(forecasts: &[Forecast], demand: &Series) -> Vec<Accuracy> {
    let mut sums = [Sum::default(); HOURS.len() - 1];
    for forecast in forecasts {
        let step = forecast.step();
        let Ok(observed) = demand.resample(step) else {
            continue;
        };
        for index in 0..forecast.quantiles.len() {
            let at = forecast.time_at(index);
            let Some(actual) = observed.at(at).filter(|value| value.is_finite()) else {
                continue;
            };
            let hours = at.duration_since(forecast.start).as_hours();
            let ahead = u32::try_from(hours).unwrap_or(u32::MAX);
            let row = HOURS.partition_point(|from| *from <= ahead);
            let Some(sum) = row.checked_sub(1).and_then(|row| sums.get_mut(row)) else {
                continue;
            };
            let levels = LOSS_LEVELS.map(|level| forecast.demand_at(at, level));
            if let [Some(p50), Some(p90), Some(p95), Some(p99)] = levels {
                sum.add(actual, [p50, p90, p95, p99]);
            }
        }
    }
    let rows = sums.iter().zip(HOURS.windows(2));
    rows.filter(|(sum, _)| sum.steps > 0)
        .map(|(sum, hours)| sum.row(hours[0], hours[1]))
        .collect()
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    steps: usize,
    demand: f64,
    error: f64,
    pinball: f64,
    below: [usize; 4],
}

impl Sum {
    fn add(&mut self, actual: f64, quantiles: [f64; 4]) {
        self.steps += 1;
        self.demand += actual;
        self.error += (actual - quantiles[0]).abs();
        for (index, (level, value)) in LOSS_LEVELS.into_iter().zip(quantiles).enumerate() {
            let miss = actual - value;
            self.pinball += if miss > 0.0 {
                level * miss
            } else {
                (level - 1.0) * miss
            };
            self.below[index] += usize::from(actual <= value);
        }
    }

    fn row(&self, from_hours: u32, to_hours: u32) -> Accuracy {
        let of_demand = |sum: f64| {
            if self.demand > 0.0 {
                sum / self.demand
            } else {
                0.0
            }
        };
        Accuracy {
            from_hours,
            to_hours,
            steps: self.steps,
            error: of_demand(self.error),
            loss: of_demand(2.0 * self.pinball / LOSS_LEVELS.len() as f64),
            below: self.below.map(|count| count as f64 / self.steps as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use timeseries::Step;

    use super::*;

    #[test]
    fn steps_count_where_they_were_ahead() {
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        // Eight hours of 100, the fourth unknown; the forecast says 80, 100, 100, 120.
        let mut values = vec![100.0; 8];
        values[3] = f64::NAN;
        let demand = Series::new(start, Step::HOUR, values).unwrap();
        let forecast = Forecast {
            start,
            step_seconds: 3600,
            levels: vec![0.5, 0.9, 0.95, 0.99],
            quantiles: vec![vec![80.0, 100.0, 100.0, 120.0]; 48],
            ..Forecast::default()
        };
        let rows = accuracy(&[forecast], &demand);
        let spans: Vec<_> = rows
            .iter()
            .map(|r| (r.from_hours, r.to_hours, r.steps))
            .collect();
        assert_eq!(spans, [(0, 3, 3), (3, 6, 2), (6, 12, 2)]);
        assert!((rows[0].error - 0.2).abs() < 1e-12);
        // Pinball: 0.5 * 20 at p50, nothing at p90 and p95, 0.01 * 20 at p99; twice that over 400.
        assert!((rows[0].loss - 2.0 * (10.0 + 0.2) / 400.0).abs() < 1e-12);
        assert_eq!(rows[0].below, [0.0, 1.0, 1.0, 1.0]);
    }
}
