/// Minutes in a day of 24 hours.
const DAY: usize = 1440;

/// How demand moves through a day, relative to its mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// The same all day.
    Flat,
    /// A consumer site: quiet at 4, a shoulder at noon, a peak between 20 and 21.
    Web,
    /// Business hours: a sharp rise towards 9, a slow fall from 17 on.
    Office,
    /// The mean of each hour, from midnight on; joined by straight lines between half hours.
    Hours([f64; 24]),
}

impl Shape {
    /// Demand at each minute of a local day; the mean is 1. All zeros for hours without demand.
    #[must_use]
    pub fn by_minute(&self) -> Vec<f64> {
        let values: Vec<f64> = (0..DAY)
            .map(|minute| self.at(minute as f64 / 60.0).max(0.0))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let scale = if mean > 0.0 { 1.0 / mean } else { 0.0 };
        values.into_iter().map(|value| value * scale).collect()
    }

    fn at(&self, hour: f64) -> f64 {
        match self {
            Self::Flat => 1.0,
            Self::Web => {
                0.35 + 0.50 * bell(hour, 12.5, 2.2)
                    + 0.40 * bell(hour, 16.5, 3.0)
                    + 1.30 * bell(hour, 20.5, 2.4)
            }
            Self::Office => 0.10 + 1.50 * step(hour, 8.6, 0.35) * (1.0 - step(hour, 17.6, 0.8)),
            Self::Hours(means) => {
                let position = hour - 0.5 + 24.0;
                let low = libm::floor(position);
                let share = position - low;
                let mean = |index: f64| means[(index as usize) % 24];
                mean(low) * (1.0 - share) + mean(low + 1.0) * share
            }
        }
    }
}

/// A bell over a day that joins at midnight.
fn bell(hour: f64, middle: f64, width: f64) -> f64 {
    let away = (hour - middle + 36.0) % 24.0 - 12.0;
    libm::exp(-0.5 * (away / width) * (away / width))
}

/// Rises from 0 to 1 around `middle`.
fn step(hour: f64, middle: f64, width: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-(hour - middle) / width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_one_and_peaks_where_they_should_be() {
        let mut falling = [1.0; 24];
        falling[7] = 9.0;
        for (shape, peak) in [
            (Shape::Web, 20),
            (Shape::Office, 11),
            (Shape::Hours(falling), 7),
        ] {
            let minutes = shape.by_minute();
            let mean = minutes.iter().sum::<f64>() / 1440.0;
            assert!((mean - 1.0).abs() < 1e-9);
            let top = (0..1440)
                .max_by(|a, b| minutes[*a].total_cmp(&minutes[*b]))
                .unwrap();
            assert!(
                (top / 60).abs_diff(peak) <= 1,
                "{shape:?} peaks at minute {top}"
            );
        }
        assert!(
            Shape::Hours([0.0; 24])
                .by_minute()
                .iter()
                .all(|v| *v == 0.0)
        );
    }
}
