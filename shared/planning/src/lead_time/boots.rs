use std::collections::BTreeMap;

use fleet::{ActivityStatus, LaunchWay};
use jiff::{SignedDuration, Timestamp};

use super::{Launches, quantile};

/// One launch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Boot<'a> {
    pub(super) started: Timestamp,
    /// Launch start to in service; so far, where it is under way.
    pub(super) took: SignedDuration,
    pub(super) finished: bool,
    pub(super) warm: bool,
    pub(super) version: Option<&'a str>,
}

/// A group's launches, oldest first.
pub(super) struct Boots<'a> {
    /// Into service, by the ways that are still open.
    pub(super) serving: Vec<Boot<'a>>,
    /// Into the warm pool.
    pub(super) into_pool: Vec<Boot<'a>>,
}

pub(super) fn boots<'a>(seen: &Launches<'a>) -> Boots<'a> {
    let (mut serving, mut into_pool) = (Vec::new(), Vec::new());
    let instances = seen.group.instances.iter();
    let present: BTreeMap<&str, Option<&str>> = instances
        .map(|instance| (instance.id.as_str(), instance.template_version.as_deref()))
        .collect();
    for activity in seen.activities {
        let Some(launch) = activity.launch() else {
            continue;
        };
        let (until, finished) = match (activity.status, activity.ended) {
            (ActivityStatus::Successful, Some(ended)) => (ended, true),
            (ActivityStatus::InProgress, None) => (seen.now, false),
            _ => continue,
        };
        let took = until.duration_since(activity.started);
        if took.is_negative() {
            continue;
        }
        let version = launch.instance.and_then(|id| {
            let present = present.get(id).copied().flatten();
            present.or_else(|| seen.versions.get(id).map(String::as_str))
        });
        let boot = Boot {
            started: activity.started,
            took,
            finished,
            warm: launch.way == LaunchWay::FromWarmPool,
            version,
        };
        match launch.way {
            LaunchWay::IntoWarmPool if finished => into_pool.push(boot),
            LaunchWay::IntoWarmPool => {}
            LaunchWay::Cold | LaunchWay::FromWarmPool => serving.push(boot),
        }
    }
    serving.sort_by_key(|boot| boot.started);
    into_pool.sort_by_key(|boot| boot.started);
    // Without a warm pool, or with an empty one, the next launch is a cold one.
    let cold = serving.iter().any(|boot| !boot.warm && boot.finished);
    if seen.group.warm_pool.unwrap_or(0) == 0 && cold {
        serving.retain(|boot| !boot.warm);
    }
    // One under way tells something only once it takes longer than others do.
    let mut ended: Vec<SignedDuration> = serving
        .iter()
        .filter(|boot| boot.finished)
        .map(|boot| boot.took)
        .collect();
    let usual = quantile(&mut ended, 9);
    serving.retain(|boot| boot.finished || usual.is_some_and(|usual| boot.took > usual));
    between(&mut serving);
    Boots { serving, into_pool }
}

/// A launch of unknown version between two of the same version is of that version too.
fn between(boots: &mut [Boot<'_>]) {
    let mut last: Option<(usize, &str)> = None;
    for index in 0..boots.len() {
        let Some(version) = boots[index].version else {
            continue;
        };
        if let Some((from, before)) = last
            && before == version
        {
            for boot in &mut boots[from + 1..index] {
                boot.version = Some(version);
            }
        }
        last = Some((index, version));
    }
}
