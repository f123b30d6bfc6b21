//! Publishing what must carry another time than now: the band, and demand as it came.

use config::{Published, Target};
use control::watching::measures::{DEMAND, DEMAND_LOWER, DEMAND_UPPER, Measure};
use control::{Settings, World, published_band, target_metric};
use jiff::{SignedDuration, Timestamp};
use ports::{Datapoint, DocumentStore, MetricSink};
use timeseries::Series;

/// Minutes of demand that are told once more, since CloudWatch may have had only a part of them.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// Publishes the band of the next 100 minutes, its upper edge nowhere under what the plan expects by
/// the last minutes (`upper`), and for the dashboard the lower edge and demand since the last plan;
/// what came in the way, in words. It keeps no plan from being made: the alarm treats a band that
/// ends as the configuration says.
pub(crate) async fn publish_band<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    upper: &[(Timestamp, f64)],
    seen: Option<&Series>,
    now: Timestamp,
) -> Vec<String>
where
    S: DocumentStore,
    M: MetricSink,
{
    let mut notes = Vec::new();
    let mut unread = Vec::new();
    let edges = published_band(world.store, settings, target, now, &mut unread).await;
    let (lower, mut points) = match edges {
        Ok(edges) => edges,
        Err(error) => return vec![format!("the band is not published: {error}")],
    };
    // A day that runs high is planned for as it runs: the alarm is for what that does not see.
    for point in &mut points {
        let entry = upper.partition_point(|(start, _)| *start <= point.at);
        let planned = entry.checked_sub(1).map(|index| upper[index].1);
        if let Some(planned) = planned.filter(|_| entry < upper.len()) {
            point.value = point.value.max(planned);
        }
    }
    // Forecasts that cannot be read were told of by the plan already.
    if points.is_empty() {
        notes.push("the band is not published: no forecast covers now".to_owned());
    } else {
        notes.extend(publish(world, target, &DEMAND_UPPER, &points, "the band").await);
    }
    if target.metrics >= Published::Chart {
        let what = "the band's lower edge";
        notes.extend(publish(world, target, &DEMAND_LOWER, &lower, what).await);
        let demand = seen.map_or_else(Vec::new, |seen| since_last_plan(seen, target, now));
        notes.extend(publish(world, target, &DEMAND, &demand, "demand").await);
    }
    notes
}

/// Demand of the minutes since the plan before this one, as far as it is known.
fn since_last_plan(seen: &Series, target: &Target, now: Timestamp) -> Vec<Datapoint> {
    let span = target.plan_every.saturating_add(TOLD_AGAIN);
    let from = now.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let points = seen
        .values()
        .iter()
        .enumerate()
        .map(|(minute, value)| Datapoint {
            at: seen.time_at(minute),
            value: *value,
        });
    points
        .filter(|point| point.at >= from && point.value.is_finite())
        .collect()
}

async fn publish<S, M: MetricSink, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    measure: &'static Measure,
    points: &[Datapoint],
    what: &str,
) -> Option<String> {
    if points.is_empty() {
        return None;
    }
    let metric = target_metric(measure, &target.name);
    let error = world.metrics.publish(&metric, points).await.err()?;
    tracing::warn!(target_name = %target.name, metric = measure.name, error = %error, "not published");
    Some(format!("{what} is not published: {error}"))
}
