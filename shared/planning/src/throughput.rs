//! Demand one server sustains, measured.

/// Servers that sustain `demand` requests per minute, each `throughput` of them: at least 1 for any
/// demand, 0 for none. 1,000 a minute at 1,000 each is 1.
#[must_use]
pub fn servers_for(demand: f64, throughput: f64) -> u32 {
    if !(demand > 0.0 && throughput > 0.0) {
        return 0;
    }
    // Division of equal numbers is exact; the nudge forgives sums that are a rounding error above.
    let servers = (demand / throughput * (1.0 - 1e-12)).ceil().max(1.0);
    // Saturates for what no group holds.
    servers.min(f64::from(u32::MAX)) as u32
}

/// Demand and resource of a fleet in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadPoint {
    /// Requests per minute of the whole target.
    pub demand: f64,
    /// Servers that shared it.
    pub servers: f64,
    /// Percent of the resource in use, mean over the servers.
    pub resource: f64,
}

/// Demand one server sustains, as measured.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredThroughput {
    /// Requests per minute at the utilization asked for.
    pub per_server: f64,
    /// Steps it was measured on.
    pub points: usize,
    /// Percent of the resource that a server uses without demand.
    pub idle: f64,
    /// Highest demand per server seen: beyond it the figure is extrapolated.
    pub highest_seen: f64,
}

/// Fewest steps to learn from: a day of hours.
const FEWEST_POINTS: usize = 24;
/// Most pairs of points looked at; a median of so many moves by about a hundredth.
const MOST_PAIRS: usize = 20_000;

/// Where demand per server brings the resource to `utilization` percent, by the Theil-Sen line
/// through the points: the median of all pairwise slopes, which a third of wild points cannot move.
/// Source: Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63, 1968.
///
/// # Errors
/// A plain sentence when there is too little to learn from.
pub fn measure_throughput(
    points: &[LoadPoint],
    utilization: f64,
) -> Result<MeasuredThroughput, String> {
    let mut loads: Vec<(f64, f64)> = points
        .iter()
        .filter(|point| point.servers > 0.0 && point.demand > 0.0 && point.resource.is_finite())
        .map(|point| (point.demand / point.servers, point.resource))
        .filter(|(load, _)| load.is_finite())
        .collect();
    if loads.len() < FEWEST_POINTS {
        return Err(format!(
            "{} usable points, at least {FEWEST_POINTS} are needed",
            loads.len()
        ));
    }
    loads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (low, high) = (quantile(&loads, 0.1), quantile(&loads, 0.9));
    if high < 1.2 * low {
        return Err(format!(
            "demand per server varied only between {low:.0} and {high:.0} a minute"
        ));
    }
    let slope = median_slope(&loads).ok_or("no two points of different demand per server")?;
    let mut rests: Vec<f64> = loads
        .iter()
        .map(|(load, used)| used - slope * load)
        .collect();
    rests.sort_by(f64::total_cmp);
    let idle = rests[rests.len() / 2];
    if slope <= 0.0 || idle >= utilization {
        return Err(format!(
            "the resource does not follow demand: {idle:.1} % idle and {slope:.5} % per request"
        ));
    }
    Ok(MeasuredThroughput {
        per_server: (utilization - idle) / slope,
        points: loads.len(),
        idle,
        highest_seen: loads[loads.len() - 1].0,
    })
}

fn quantile(sorted: &[(f64, f64)], level: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * level) as usize].0
}

fn median_slope(loads: &[(f64, f64)]) -> Option<f64> {
    // Pairs half the range apart say most about the slope; all of them are too many for a month.
    let count = loads.len();
    let stride = (count * count / 2 / MOST_PAIRS).max(1);
    let mut slopes: Vec<f64> = (0..count)
        .flat_map(|first| (first + 1..count).map(move |second| (first, second)))
        .step_by(stride)
        .filter(|(first, second)| loads[*second].0 > loads[*first].0)
        .map(|(first, second)| {
            (loads[second].1 - loads[first].1) / (loads[second].0 - loads[first].0)
        })
        .collect();
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_is_exact() {
        assert_eq!(servers_for(60_000.0 / 60.0, 1000.0), 1);
        assert_eq!(servers_for(1000.1, 1000.0), 2);
        assert_eq!(servers_for(0.0, 1000.0), 0);
        assert_eq!(servers_for(0.5, 1000.0), 1);
        assert_eq!(servers_for(0.1 + 0.2, 0.3), 1);
    }

    fn points(count: usize, wild: usize) -> Vec<LoadPoint> {
        (0..count)
            .map(|index| {
                let load = 200.0 + 10.0 * (index % 50) as f64;
                // 5 % idle, 1 % per 12 requests a minute; every `wild`th point is nonsense.
                let resource = if wild > 0 && index % wild == 0 {
                    99.0
                } else {
                    5.0 + load / 12.0
                };
                LoadPoint {
                    demand: load * 4.0,
                    servers: 4.0,
                    resource,
                }
            })
            .collect()
    }

    #[test]
    fn a_line_is_found_under_wild_points() {
        for wild in [0, 5] {
            let measured = measure_throughput(&points(400, wild), 60.0).unwrap();
            assert!(
                (measured.per_server / 660.0 - 1.0).abs() < 0.03,
                "{measured:?}"
            );
        }
    }

    #[test]
    fn too_little_is_said() {
        assert!(
            measure_throughput(&points(10, 0), 60.0)
                .unwrap_err()
                .contains("10 usable")
        );
        let flat = vec![
            LoadPoint {
                demand: 100.0,
                servers: 1.0,
                resource: 40.0
            };
            100
        ];
        assert!(
            measure_throughput(&flat, 60.0)
                .unwrap_err()
                .contains("varied only")
        );
    }
}
