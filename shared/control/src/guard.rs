//! What the share that is applied goes by.

use config::{Mode, Target};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{Present, Rules};
use ports::{MetricSource, Reading};
use timeseries::Step;

use crate::Evidence;
use crate::metrics::{metric_name, metric_statistic};

/// Minutes of the guard that are looked at.
const LOOKED_AT: SignedDuration = SignedDuration::from_mins(15);

/// How the group does at the moment: how far demand is above what its servers carry, and the mean of
/// the guard over a quarter of an hour against the value at which it is full. A count without any
/// datapoint is none. Nothing where nothing is applied that could be the cause.
pub async fn evidence<M: MetricSource>(
    metrics: &M,
    target: &Target,
    group: &Group,
    rules: &Rules,
    present: Option<Present>,
    now: Timestamp,
) -> Evidence {
    if matches!(target.mode, Mode::Off | Mode::Shadow) {
        return Evidence::default();
    }
    let short = short(group, rules, present);
    let Some(guard) = &target.control.canary_guard else {
        return Evidence {
            short,
            ..Evidence::default()
        };
    };
    let to = Step::MINUTE.floor(now);
    let reading = Reading {
        metric: metric_name(&guard.metric),
        statistic: metric_statistic(&guard.metric),
        period: Step::MINUTE,
        from: to.saturating_sub(LOOKED_AT).unwrap_or(Timestamp::MIN),
        to,
    };
    let points = metrics.read(&reading).await;
    let values: Vec<f64> = points
        .iter()
        .flatten()
        .map(|point| point.value)
        .filter(|value| value.is_finite())
        .collect();
    let mean = match (&points, values.len()) {
        (Err(_), _) => None,
        (Ok(_), 0) => guard.metric.counts().then_some(0.0),
        (Ok(_), count) => Some(values.iter().sum::<f64>() / count as f64),
    };
    Evidence {
        short,
        guard: mean.map(|mean| mean / guard.full),
        blind: mean.is_none(),
        cut: false,
    }
}

/// Share of demand above what the servers in service carry; `None` where demand is unknown.
#[must_use]
pub fn short(group: &Group, rules: &Rules, present: Option<Present>) -> Option<f64> {
    let carried = f64::from(group.in_service()) * rules.throughput;
    present.map(|present| {
        let over = (present.demand - carried).max(0.0);
        if over > 0.0 {
            over / present.demand
        } else {
            0.0
        }
    })
}
