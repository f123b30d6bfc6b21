//! What bears on a change of a group, as it is now.

use config::Target;
use documents::{Baseline, Envelope, Incident, Plan, Released, keys};
use fleet::{Group, Policy, ScheduledAction};
use futures_util::try_join;
use jiff::Timestamp;
use ports::{Condition, DocumentStore, GroupReader, PortError};

use crate::ControlError;
use crate::error::chain;
use crate::store::{Loaded, load, save};

/// The group and the documents about it.
pub(crate) struct Seen {
    pub(crate) group: Group,
    pub(crate) actions: Vec<ScheduledAction>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) plan: Loaded<Plan>,
    pub(crate) incident: Loaded<Incident>,
    pub(crate) released: Loaded<Released>,
}

pub(crate) async fn gather<S: DocumentStore, G: GroupReader>(
    store: &S,
    groups: &G,
    target: &Target,
) -> Result<Seen, ControlError> {
    let (plan_key, incident_key) = (keys::plan(&target.name), keys::incident(&target.name));
    let released_key = keys::released(&target.name);
    let (group, actions, policies, plan, incident, released) = try_join!(
        groups.group(&target.group),
        groups.scheduled_actions(&target.group),
        groups.policies(&target.group),
        load::<Plan>(store, &plan_key),
        load::<Incident>(store, &incident_key),
        load::<Released>(store, &released_key),
    )
    .map_err(|source| port(target, source))?;
    Ok(Seen {
        group,
        actions,
        policies,
        plan,
        incident,
        released,
    })
}

/// The group's own limits: as stored when it was adopted, or stored now. One that is damaged is not
/// replaced, since the group's limits are no longer its own; the lower of what is known is unsafe,
/// so the present ones stand in and people are told.
pub(crate) async fn adopt<S: DocumentStore>(
    store: &S,
    target: &Target,
    seen: &Seen,
    by: &str,
    now: Timestamp,
) -> Result<(Baseline, Option<String>), ControlError> {
    let key = keys::baseline(&target.name);
    match load::<Baseline>(store, &key)
        .await
        .map_err(|source| port(target, source))?
    {
        Loaded::Found(baseline, _) => Ok((baseline.body, None)),
        Loaded::Unusable(error, _) => {
            tracing::error!(target_name = %target.name, error = %chain(&error), "baseline cannot be read; the present limits stand in");
            Ok((limits(&seen.group), Some(unread_baseline(&error))))
        }
        Loaded::Absent => {
            let baseline = limits(&seen.group);
            let document = Envelope::new(Some(&target.name), now, by, baseline.clone());
            save(store, &key, &document, Condition::Absent).await?;
            Ok((baseline, None))
        }
    }
}

pub(crate) fn unread_baseline(error: &documents::DocumentError) -> String {
    format!(
        "the group's present limits stand in for its own: {}",
        chain(error)
    )
}

pub(crate) fn limits(group: &Group) -> Baseline {
    Baseline {
        group: group.name.clone(),
        min_size: group.min_size,
        max_size: group.max_size,
        desired_capacity: group.desired_capacity,
    }
}

pub(crate) fn port(target: &Target, source: PortError) -> ControlError {
    ControlError::Port {
        target: target.name.clone(),
        source,
    }
}

pub(crate) fn unusable(plan: &Loaded<Plan>, target: &Target) -> ControlError {
    let found = match plan {
        Loaded::Unusable(documents::DocumentError::Newer { found, .. }, _) => *found,
        _ => 0,
    };
    let source = documents::DocumentError::Newer {
        key: keys::plan(&target.name),
        kind: "plan",
        found,
        supported: <Plan as documents::Document>::SCHEMA,
    };
    ControlError::Document {
        target: target.name.clone(),
        source,
    }
}
