//! From the decision to a server in service, measured.

use fleet::{Activity, ActivityStatus};
use jiff::SignedDuration;

/// Fewest launches to learn from: the 90th percentile of fewer is their maximum.
const FEWEST_LAUNCHES: usize = 5;

/// A measured lead time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredLeadTime {
    /// 90th percentile of launches plus the warm-up.
    pub lead_time: SignedDuration,
    /// Launches it was measured on.
    pub launches: usize,
    /// 90th percentile of launch start to in service.
    pub launch: SignedDuration,
    /// The group's warm-up.
    pub warmup: SignedDuration,
}

/// The 90th percentile of how long successful launches took, plus `warmup`. AWS keeps activities
/// for six weeks; a launch activity ends when its instance is in service.
///
/// # Errors
/// A plain sentence when there are too few launches to learn from.
pub fn measure_lead_time(
    activities: &[Activity],
    warmup: Option<SignedDuration>,
) -> Result<MeasuredLeadTime, String> {
    let mut launches: Vec<SignedDuration> = activities
        .iter()
        .filter(|activity| {
            activity.status == ActivityStatus::Successful
                && activity
                    .description
                    .starts_with("Launching a new EC2 instance")
        })
        .filter_map(|activity| {
            activity
                .ended
                .map(|ended| ended.duration_since(activity.started))
        })
        .filter(|span| !span.is_negative())
        .collect();
    if launches.len() < FEWEST_LAUNCHES {
        return Err(format!(
            "{} finished launches in the last six weeks, at least {FEWEST_LAUNCHES} are needed",
            launches.len()
        ));
    }
    launches.sort();
    // The smallest value with at least nine tenths of the launches at or below it.
    let launch = launches[(launches.len() * 9).div_ceil(10) - 1];
    let warmup = warmup
        .filter(|span| !span.is_negative())
        .unwrap_or_default();
    let lead_time = launch.saturating_add(warmup);
    Ok(MeasuredLeadTime {
        lead_time,
        launches: launches.len(),
        launch,
        warmup,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn launch(seconds: i64, status: ActivityStatus) -> Activity {
        let started = Timestamp::UNIX_EPOCH;
        Activity {
            id: String::new(),
            description: "Launching a new EC2 instance: i-0".to_owned(),
            cause: String::new(),
            started,
            ended: Some(
                started
                    .saturating_add(SignedDuration::from_secs(seconds))
                    .unwrap(),
            ),
            status,
            message: None,
        }
    }

    #[test]
    fn nine_of_ten_launches_were_no_slower() {
        let mut activities: Vec<_> = (1..=10)
            .map(|n| launch(n * 60, ActivityStatus::Successful))
            .collect();
        activities.push(launch(100_000, ActivityStatus::Failed));
        let measured = measure_lead_time(&activities, Some(SignedDuration::from_secs(30))).unwrap();
        assert_eq!(measured.lead_time, SignedDuration::from_secs(9 * 60 + 30));
        assert_eq!(measured.launches, 10);
    }

    #[test]
    fn a_few_launches_are_too_few() {
        let activities = vec![launch(60, ActivityStatus::Successful); 4];
        assert!(
            measure_lead_time(&activities, None)
                .unwrap_err()
                .starts_with("4 finished")
        );
    }
}
