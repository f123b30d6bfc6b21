//! One target's part: what is known of it decides how its group gets its own limits back.

use std::panic::AssertUnwindSafe;
use std::pin::pin;

use config::{Config, Target};
use control::{ControlError, HandBack, Loaded, Settings, World, acquire, hand_back, load, release};
use documents::{Baseline, Plan, keys};
use fleet::ScalableTarget;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use jiff::SignedDuration;
use ports::{Clock, DocumentStore, GroupWriter, PortError};

/// Who writes.
const BY: &str = "the stack's removal";

/// What became of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Came {
    /// Its group has its own limits.
    Released,
    /// There is nothing of ours: it was never adopted, or its group is gone.
    Nothing,
    /// It may work the next time, and why it did not.
    Again(String),
    /// It needs a person, and why.
    Failed(String),
}

/// Releases `name` within `limit`, whatever happens on the way.
pub(crate) async fn leave<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: Option<&Settings>,
    name: &str,
    reason: &str,
    limit: SignedDuration,
) -> Came
where
    S: DocumentStore,
    G: GroupWriter,
    C: Clock,
{
    let work = AssertUnwindSafe(released(world, settings, name, reason)).catch_unwind();
    let came = match select(Box::pin(work), pin!(world.clock.sleep(limit))).await {
        Either::Left((Ok(Ok(came)), _)) => came,
        Either::Left((Ok(Err(error)), _)) if error.passes() => Came::Again(error.chain()),
        Either::Left((Ok(Err(error)), _)) => Came::Failed(error.chain()),
        Either::Left((Err(_), _)) => Came::Failed("an error in the program".to_owned()),
        Either::Right(_) => Came::Again(format!("not done within {limit:#}")),
    };
    match &came {
        Came::Again(why) => tracing::warn!(target_name = name, why, "not released yet"),
        Came::Failed(why) => tracing::error!(target_name = name, why, "not released"),
        Came::Released | Came::Nothing => {}
    }
    came
}

async fn released<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: Option<&Settings>,
    name: &str,
    reason: &str,
) -> Result<Came, ControlError>
where
    S: DocumentStore,
    G: GroupWriter,
    C: Clock,
{
    let port = |source| ControlError::Port {
        target: name.to_owned(),
        source,
    };
    let configured = settings.and_then(|settings| settings.config.target(name));
    let baseline = load::<Baseline>(world.store, &keys::baseline(name)).await;
    let baseline = baseline.map_err(port)?;
    let target = match (configured, &baseline) {
        // The group that was adopted, whatever the configuration names since.
        (Some(target), Loaded::Found(found, _)) => Target {
            group: found.body.group.clone(),
            ..target.clone()
        },
        (None, Loaded::Found(found, _)) => match known_by_its_group(name, &found.body.group) {
            Some(target) => target,
            None => {
                let group = &found.body.group;
                return Ok(Came::Failed(format!("{group:?} cannot be a group's name")));
            }
        },
        (Some(target), Loaded::Unusable(..)) => target.clone(),
        (None, Loaded::Unusable(error, _)) => {
            let error = control::chain(error);
            return Ok(Came::Failed(format!("its group is not known: {error}")));
        }
        // Limits are kept before anything is changed: without them nothing was, unless they were lost.
        (configured, Loaded::Absent) => match (applied(world, name).await?, configured) {
            (false, _) => return Ok(Came::Nothing),
            (true, Some(target)) => target.clone(),
            (true, None) => {
                let why = "its group is not known: there is a plan in force and no baseline.json";
                return Ok(Came::Failed(why.to_owned()));
            }
        },
    };
    let lease = acquire(world, name, BY).await?;
    let ask = HandBack {
        for_pause: false,
        target: &target,
        by: BY,
        reason,
        present: None,
        throughput: target.throughput.assumed(),
    };
    let done = hand_back(world, &lease, &ask).await;
    release(world, lease).await;
    let done = match done {
        Ok(done) => done,
        Err(error) if gone(world, &target).await => {
            tracing::info!(target_name = name, group = %target.group, error = %error.chain(), "its group is gone");
            return Ok(Came::Nothing);
        }
        Err(error) => return Err(error),
    };
    if let Loaded::Unusable(error, _) = &baseline {
        return Ok(Came::Failed(format!(
            "our scheduled actions are gone, but MinSize of {} stays as it is: {}; set it by hand, then remove {}",
            target.group,
            control::chain(error),
            keys::baseline(name)
        )));
    }
    tracing::info!(target_name = name, already = done.already, notes = ?done.notes, "left");
    Ok(Came::Released)
}

/// Whether a plan that was applied is in force. A plan of the shadow never is.
async fn applied<S: DocumentStore, M, G, N, C: Clock>(
    world: &World<'_, S, M, G, N, C>,
    name: &str,
) -> Result<bool, ControlError> {
    let plan = load::<Plan>(world.store, &keys::plan(name)).await;
    let plan = plan.map_err(|source| ControlError::Port {
        target: name.to_owned(),
        source,
    })?;
    Ok(match plan {
        Loaded::Found(plan, _) => plan.body.applied && plan.body.expires_at > world.clock.now(),
        Loaded::Absent | Loaded::Unusable(..) => false,
    })
}

/// A target that the configuration does not have any more, or that is wrong there: what gives a group
/// back is in its documents. Where they do not tell whether the group was only watched it was planned:
/// its limits would not have been kept otherwise.
fn known_by_its_group(name: &str, group: &str) -> Option<Target> {
    let key = match ScalableTarget::parse(group) {
        Some(_) => "resource",
        None => "group",
    };
    // TOML reads the strings of JSON. The demand is never asked for.
    let text = format!(
        "[[target]]\nname = {}\n{key} = {}\nmode = \"active\"\nmax_servers = 1\nthroughput = 1\n\
         demand = {{ namespace = \"None\", name = \"None\" }}\n",
        serde_json::Value::from(name),
        serde_json::Value::from(group),
    );
    let config = Config::parse("a target by its documents", &text);
    config.ok()?.targets.into_iter().next()
}

/// Whether there is no group any more, or soon will be none: nothing is left to give back.
async fn gone<S, M, G: GroupWriter, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
) -> bool {
    match world.groups.group(&target.group).await {
        Ok(group) => group.deleting,
        Err(error) => matches!(error, PortError::NotFound { .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_made_of_the_group_alone() {
        let target = known_by_its_group("web", "web asg \"1\"").unwrap();
        assert_eq!(
            (target.name.as_str(), target.group.as_str()),
            ("web", "web asg \"1\"")
        );
        let target = known_by_its_group("api", "ecs:service/prod/api").unwrap();
        assert_eq!(target.group, "ecs:service/prod/api");
        assert_eq!(known_by_its_group("a/b", "web"), None);
    }
}
