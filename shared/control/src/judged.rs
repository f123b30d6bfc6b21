//! The minutes that a target in shadow mode is judged by. They are kept in its ledgers, so that a run
//! reads only what is new.

use config::{DemandMetric, Target};
use documents::{Envelope, SeenMinutes, ShadowLedger};
use jiff::{SignedDuration, Timestamp};
use ports::{DocumentStore, MetricSource, PortError, Reading};
use timeseries::{Series, Step};

use crate::metrics::{metric_name, metric_statistic, minutes_of};
use crate::store::{Loaded, save};

/// What is read again: CloudWatch shows datapoints of up to three hours before at once, older ones
/// late. Source: PutMetricData, as at `READ_AGAIN` of the archive.
const READ_AGAIN: SignedDuration = SignedDuration::from_hours(3);
const DAY_SECONDS: i64 = 24 * 3600;

/// Ledgers of days that follow each other, with their keys, oldest first.
pub(crate) type Days = [(String, Loaded<ShadowLedger>)];

/// What was seen, by the minute and NaN where unknown. Both cover the same minutes.
pub(crate) struct Minutes {
    pub(crate) demand: Series,
    /// By the group's metric, where that is asked for.
    pub(crate) in_service: Series,
    /// From when on they were read just now.
    from: Timestamp,
    of: String,
}

/// Where minutes come from.
pub(crate) struct Witness<'a, M> {
    pub(crate) metrics: &'a M,
    pub(crate) target: &'a Target,
    /// Servers in service, where plans count what that metric does.
    pub(crate) in_service: Option<&'a DemandMetric>,
    /// Demand that this run has read already.
    pub(crate) recent: Option<&'a Series>,
}

impl<M: MetricSource> Witness<'_, M> {
    /// The minutes of `[from, to)`: those that `days` have, and what came since; `None` for an empty
    /// stretch.
    ///
    /// # Errors
    /// [`PortError`] when demand cannot be read. Servers in service that cannot be are missing.
    pub(crate) async fn minutes(
        &self,
        days: &Days,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Option<Minutes>, PortError> {
        let of = self.of();
        let kept = kept(days, &of);
        let until = kept.as_ref().map_or(from, |(demand, _)| demand.end());
        let begin = until.saturating_sub(READ_AGAIN).unwrap_or(from);
        let known =
            kept.filter(|(demand, _)| demand.start() <= from && begin > from && until <= to);
        let begin = if known.is_some() { begin } else { from };
        let recent = self
            .recent
            .filter(|recent| recent.start() <= begin && to <= recent.end());
        let demand = match recent {
            Some(recent) => Some(recent.between(begin, to)),
            None => minutes_of(self.metrics, self.target, begin, to).await?,
        };
        let Some(demand) = demand else {
            return Ok(None);
        };
        let in_service = self.servers(&demand).await;
        let (demand, in_service) = match known {
            None => (demand, in_service),
            Some((older, servers)) => (
                over(&demand, &older, from, to),
                over(&in_service, &servers, from, to),
            ),
        };
        Ok(Some(Minutes {
            demand,
            in_service,
            from: begin,
            of,
        }))
    }

    /// Servers in service in the minutes of `demand`.
    async fn servers(&self, demand: &Series) -> Series {
        let mut servers = demand.map(|_| f64::NAN);
        let Some(metric) = self.in_service else {
            return servers;
        };
        let reading = Reading {
            metric: metric_name(metric),
            statistic: metric_statistic(metric),
            period: Step::MINUTE,
            from: demand.start(),
            to: demand.end(),
        };
        let points = self.metrics.read(&reading).await.unwrap_or_default();
        let points: Vec<(Timestamp, f64)> = points
            .iter()
            .filter(|point| point.value.is_finite() && point.value >= 0.0)
            .map(|point| (point.at, point.value))
            .collect();
        if let Some(read) = Series::from_points(&points, Step::MINUTE) {
            servers = over(&read, &servers, demand.start(), demand.end());
        }
        servers
    }

    fn of(&self) -> String {
        let name = |metric: &DemandMetric| {
            let dimensions = metric.dimensions.iter();
            let dimensions: Vec<String> = dimensions
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            format!(
                "{}/{} {{{}}} {}",
                metric.namespace,
                metric.name,
                dimensions.join(","),
                metric.statistic
            )
        };
        let servers = self.in_service.map_or_else(|| "none".to_owned(), name);
        format!("{}, {servers}", name(&self.target.demand))
    }
}

/// `newer` where it has a value, `older` elsewhere, in `[from, to)`.
fn over(newer: &Series, older: &Series, from: Timestamp, to: Timestamp) -> Series {
    let merged = newer.merged_over(older);
    merged.map_or_else(|_| newer.clone(), |merged| merged.between(from, to))
}

/// Demand and servers that `days` have of the metrics `of`, from the newest day back to the first gap. A
/// ledger has the minutes until the next one begins, so that days without any leave none.
fn kept(days: &Days, of: &str) -> Option<(Series, Series)> {
    let mut found: Option<(Series, Series)> = None;
    for (_, ledger) in days.iter().rev() {
        let seen = ledger.body().and_then(|ledger| ledger.seen.as_ref());
        let Some(seen) = seen else { continue };
        if seen.of != of {
            break;
        }
        let series = |values: &[Option<f64>]| {
            let values = values.iter().map(|value| value.unwrap_or(f64::NAN));
            Series::new(seen.start, Step::MINUTE, values.collect()).ok()
        };
        let (demand, servers) = (series(&seen.demand)?, series(&seen.in_service)?);
        found = Some(match found {
            None => (demand, servers),
            Some((ref later, _)) if later.start() > demand.end() => break,
            Some((later, more)) => (
                later.merged_over(&demand).ok()?,
                more.merged_over(&servers).ok()?,
            ),
        });
    }
    found
}

/// Puts what was read just now into the ledgers of its days. What cannot be put is read again by the
/// next run, and is a note.
pub(crate) async fn keep<S: DocumentStore>(
    store: &S,
    target: &Target,
    days: &Days,
    minutes: &Minutes,
    by: &str,
    now: Timestamp,
) -> Option<String> {
    // Where nothing ran for days there is no ledger: the one before has their minutes too.
    let begun: Vec<_> = days
        .iter()
        .filter_map(|(key, loaded)| {
            let ledger = loaded.body()?;
            let day = midnight(ledger.entries.first()?.at);
            Some((key, loaded, ledger, day))
        })
        .collect();
    let ends = begun.iter().skip(1).map(|(_, _, _, day)| *day);
    let ends = ends.chain([Timestamp::MAX]);
    for (&(key, loaded, ledger, day), end) in begun.iter().zip(ends) {
        if end <= minutes.from {
            continue;
        }
        let demand = minutes.demand.between(day, end);
        if demand.is_empty() {
            continue;
        }
        let seen = SeenMinutes {
            of: minutes.of.clone(),
            start: demand.start(),
            demand: values(&demand),
            in_service: values(&minutes.in_service.between(day, end)),
        };
        if ledger.seen.as_ref() == Some(&seen) {
            continue;
        }
        let ledger = ShadowLedger {
            seen: Some(seen),
            ..ledger.clone()
        };
        let document = Envelope::new(Some(&target.name), now, by, ledger);
        if let Err(error) = save(store, key, &document, loaded.unchanged()).await {
            return Some(format!(
                "minutes of demand are not kept and will be read again: {}",
                error.chain()
            ));
        }
    }
    None
}

fn values(series: &Series) -> Vec<Option<f64>> {
    let known = |value: &f64| value.is_finite().then_some(*value);
    series.values().iter().map(known).collect()
}

/// The start of the UTC day that holds `at`.
fn midnight(at: Timestamp) -> Timestamp {
    let day = at.as_second().div_euclid(DAY_SECONDS);
    Timestamp::from_second(day * DAY_SECONDS).unwrap_or(at)
}
