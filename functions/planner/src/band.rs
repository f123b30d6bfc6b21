//! Publishing the forecast's upper edge, which the alarm "demand above the band" compares with.

use config::Target;
use control::{Settings, World, band_metric, published_band};
use jiff::Timestamp;
use ports::{DocumentStore, MetricSink};

/// Publishes the band of the next 100 minutes, nowhere under what the plan expects by the last
/// minutes (`upper`); what came in the way, in words. It keeps no plan from
/// being made: the alarm treats a band that ends as the configuration says.
pub(crate) async fn publish_band<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    upper: &[(Timestamp, f64)],
    now: Timestamp,
) -> Vec<String>
where
    S: DocumentStore,
    M: MetricSink,
{
    let mut notes = Vec::new();
    let mut points = match published_band(world.store, settings, target, now, &mut notes).await {
        Ok(points) => points,
        Err(error) => return vec![format!("the band is not published: {error}")],
    };
    if points.is_empty() {
        return vec!["the band is not published: no forecast covers now".to_owned()];
    }
    // A day that runs high is planned for as it runs: the alarm is for what that does not see.
    for point in &mut points {
        let entry = upper.partition_point(|(start, _)| *start <= point.at);
        let planned = entry.checked_sub(1).map(|index| upper[index].1);
        if let Some(planned) = planned.filter(|_| entry < upper.len()) {
            point.value = point.value.max(planned);
        }
    }
    // Forecasts that cannot be read were told of by the plan already.
    match world
        .metrics
        .publish(&band_metric(&target.name), &points)
        .await
    {
        Ok(()) => Vec::new(),
        Err(error) => {
            tracing::warn!(target_name = %target.name, error = %error, "band not published");
            vec![format!("the band is not published: {error}")]
        }
    }
}
