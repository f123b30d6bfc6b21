/// Where demand stands and where it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Demand now, in requests per minute.
    pub demand: f64,
    /// Its change each minute, in requests per minute; negative when it falls.
    pub slope: f64,
}

/// The trend of the newest minutes of `demand` (one value a minute, oldest first, NaN where
/// missing); `None` without any value.
///
/// The slope is the median of all pairwise slopes over the last five minutes, so that one odd
/// minute does not fake a rise; with fewer than three values it is 0. Demand is the newest value or
/// the line's end, whichever is more. Source: Sen, JASA 63, 1968.
#[must_use]
pub fn trend(demand: &[f64]) -> Option<Trend> {
    const MINUTES: usize = 5;
    let points: Vec<(f64, f64)> = demand
        .iter()
        .enumerate()
        .skip(demand.len().saturating_sub(MINUTES))
        .filter(|(_, value)| value.is_finite())
        .map(|(minute, value)| (minute as f64, *value))
        .collect();
    let Some(&(last, newest)) = points.last() else {
        // All recent minutes are missing: the newest older value without a trend.
        let older = demand
            .iter()
            .rev()
            .copied()
            .find(|value| value.is_finite())?;
        return Some(Trend {
            demand: older,
            slope: 0.0,
        });
    };
    if points.len() < 3 {
        return Some(Trend {
            demand: newest,
            slope: 0.0,
        });
    }
    let mut slopes: Vec<f64> = points
        .iter()
        .enumerate()
        .flat_map(|(index, first)| {
            points[index + 1..]
                .iter()
                .map(move |second| (first, second))
        })
        .map(|(first, second)| (second.1 - first.1) / (second.0 - first.0))
        .collect();
    let slope = median(&mut slopes);
    let mut levels: Vec<f64> = points
        .iter()
        .map(|(minute, value)| value + slope * (last - minute))
        .collect();
    Some(Trend {
        demand: newest.max(median(&mut levels)),
        slope,
    })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_is_its_slope_and_one_odd_minute_is_not() {
        let ramp = trend(&[100.0, 200.0, 300.0, 400.0, 500.0]).unwrap();
        assert_eq!(
            ramp,
            Trend {
                demand: 500.0,
                slope: 100.0
            }
        );
        let odd = trend(&[100.0, 100.0, 900.0, 100.0, 100.0]).unwrap();
        assert_eq!(
            odd,
            Trend {
                demand: 100.0,
                slope: 0.0
            }
        );
    }

    #[test]
    fn gaps_are_stepped_over() {
        let nan = f64::NAN;
        assert_eq!(
            trend(&[100.0, nan, 300.0, nan, 500.0]).unwrap().slope,
            100.0
        );
        assert_eq!(
            trend(&[7.0, nan, nan, nan, nan, nan]).unwrap(),
            Trend {
                demand: 7.0,
                slope: 0.0
            }
        );
        assert!(trend(&[nan; 4]).is_none() && trend(&[]).is_none());
    }
}
