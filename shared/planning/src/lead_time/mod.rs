//! From the decision to a server in service, measured.

mod boots;
mod change;
mod tell;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fleet::{Activity, Group};
use jiff::{SignedDuration, Timestamp};

use boots::{Boot, boots};
use change::change;

/// Fewest launches to learn from: the 90th percentile of fewer is their maximum.
const FEWEST_LAUNCHES: usize = 5;
/// Longest lead time that is believed: what the configuration allows. A launch that took longer
/// waited for something else than its boot.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// What is known of a group's launches.
#[derive(Debug, Clone, Copy)]
pub struct Launches<'a> {
    /// Scaling activities of up to six weeks, in any order.
    pub activities: &'a [Activity],
    /// The group: its warm-up, its warm pool, and the versions of the instances it has.
    pub group: &'a Group,
    /// Launch template versions of instances by id, also of those that are gone.
    pub versions: &'a BTreeMap<String, String>,
    /// Now: a launch under way is at least as long as it has lasted.
    pub now: Timestamp,
}

/// A measured lead time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredLeadTime {
    /// 90th percentile of the launches that speak for the next one, plus the warm-up.
    pub lead_time: SignedDuration,
    /// Finished launches into service it was measured on.
    pub launches: usize,
    /// 90th percentile of launch start to in service, lifecycle hooks included.
    pub launch: SignedDuration,
    /// The group's warm-up; `None` where it has none.
    pub warmup: Option<SignedDuration>,
    /// Launch template version of those launches, where they are all of one.
    pub version: Option<String>,
    /// What launches into service from nothing took; `None` without any.
    pub cold: Option<Span>,
    /// What launches into service from the warm pool took.
    pub from_pool: Option<Span>,
    /// What launches into the warm pool took: boot and hooks, ahead of time.
    pub into_pool: Option<Span>,
    /// A change of how long launches take, where the newest ones differ.
    pub change: Option<Change>,
}

/// How long launches of one kind took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: usize,
    /// Their median.
    pub median: SignedDuration,
    /// Their 90th percentile.
    pub p90: SignedDuration,
}

/// A change of how long launches take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Median before.
    pub from: SignedDuration,
    /// Median since.
    pub to: SignedDuration,
    /// Launch template version it came with, where one did.
    pub version: Option<String>,
    /// Start of the first launch since.
    pub since: Timestamp,
    /// Launches since.
    pub launches: usize,
    /// Whether the lead time goes by the launches since.
    pub followed: bool,
}

/// The 90th percentile of how long the group's launches took, plus its warm-up. AWS keeps
/// activities for six weeks; a launch activity ends when its instance is in service, after its
/// lifecycle hooks.
///
/// Launches into a warm pool do not serve and do not count; those out of it count as long as the
/// group has one that is not empty. When the newest launches differ from the ones before, by launch
/// template version or by time, longer ones are gone by at once and shorter ones when there are
/// enough of them to measure. A version of which enough launches are known is never planned for with
/// less than their own 90th percentile.
///
/// # Errors
/// A plain sentence when there are too few launches to learn from.
pub fn measure_lead_time(seen: &Launches<'_>) -> Result<MeasuredLeadTime, String> {
    let boots = boots(seen);
    let finished = |boots: &[Boot<'_>]| boots.iter().filter(|boot| boot.finished).count();
    if finished(&boots.serving) < FEWEST_LAUNCHES {
        return Err(format!(
            "{} finished launches in the last six weeks, at least {FEWEST_LAUNCHES} are needed",
            finished(&boots.serving)
        ));
    }
    let change = change(&boots.serving);
    let (judged, change) = match change {
        Some((at, change)) if change.followed => (boots.serving[at..].to_vec(), Some(change)),
        Some((_, change)) => (boots.serving.clone(), Some(change)),
        None => (boots.serving.clone(), None),
    };
    let judged = slower(judged, &boots.serving);
    let launch = p90(&mut spans(&judged)).unwrap_or_default();
    let warmup = seen.group.default_warmup.filter(|w| !w.is_negative());
    let lead_time = launch.saturating_add(warmup.unwrap_or_default());
    let first = judged.first().and_then(|boot| boot.version);
    let one = judged.iter().all(|boot| boot.version == first);
    let kind = |warm: bool| {
        let of = boots.serving.iter().filter(|boot| boot.warm == warm);
        span(&of.copied().collect::<Vec<_>>())
    };
    Ok(MeasuredLeadTime {
        lead_time: lead_time.min(LONGEST),
        launches: finished(&judged),
        launch,
        warmup,
        version: first.filter(|_| one).map(str::to_owned),
        cold: kind(false),
        from_pool: kind(true),
        into_pool: span(&boots.into_pool),
        change,
    })
}

/// Launch template versions by instance id: those of `group` over those `known`, without the
/// instances that no activity since six weeks launched.
#[must_use]
pub fn versions_seen(
    known: &BTreeMap<String, String>,
    group: &Group,
    activities: &[Activity],
) -> BTreeMap<String, String> {
    let present: BTreeMap<&str, &str> = group
        .instances
        .iter()
        .filter_map(|i| Some((i.id.as_str(), i.template_version.as_deref()?)))
        .collect();
    activities
        .iter()
        .filter_map(|activity| activity.launch()?.instance)
        .filter_map(|id| {
            let version = present.get(id).copied();
            let version = version.or_else(|| known.get(id).map(String::as_str))?;
            Some((id.to_owned(), version.to_owned()))
        })
        .collect()
}

/// The launches of the newest version among `all` where there are enough of them and their 90th
/// percentile is above that of `judged`: a version whose median is as before may have a longer tail,
/// which many quicker launches before it would hide for weeks.
fn slower<'a>(judged: Vec<Boot<'a>>, all: &[Boot<'a>]) -> Vec<Boot<'a>> {
    let Some(newest) = all.last().and_then(|boot| boot.version) else {
        return judged;
    };
    let of_it = all.iter().filter(|boot| boot.version == Some(newest));
    let of_it: Vec<Boot<'a>> = of_it.copied().collect();
    let enough = of_it.iter().filter(|boot| boot.finished).count() >= FEWEST_LAUNCHES;
    if enough && p90(&mut spans(&of_it)) > p90(&mut spans(&judged)) {
        of_it
    } else {
        judged
    }
}

fn spans(boots: &[Boot<'_>]) -> Vec<SignedDuration> {
    boots.iter().map(|boot| boot.took).collect()
}

fn span(boots: &[Boot<'_>]) -> Option<Span> {
    let mut spans = spans(boots);
    Some(Span {
        count: spans.len(),
        median: quantile(&mut spans, 5)?,
        p90: p90(&mut spans)?,
    })
}

fn p90(spans: &mut [SignedDuration]) -> Option<SignedDuration> {
    quantile(spans, 9)
}

/// The smallest value with at least so many tenths of all at or below it; `None` of none.
fn quantile(spans: &mut [SignedDuration], tenths: usize) -> Option<SignedDuration> {
    spans.sort();
    let index = (spans.len() * tenths).div_ceil(10).checked_sub(1)?;
    spans.get(index).copied()
}
