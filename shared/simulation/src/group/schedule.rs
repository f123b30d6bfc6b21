use std::collections::{BTreeMap, BTreeSet};

use fleet::{
    ItemFailure, MOST_ACTIONS_A_BATCH, MOST_SCALABLE_ACTIONS, MOST_SCHEDULED_ACTIONS,
    ScheduledAction, Sizes,
};
use jiff::{SignedDuration, Timestamp};

use super::changes::Origin;
use super::servers::later;
use crate::{Cron, Random};

/// Message of the item failure for a scheduled action that is not there. AWS has no code of its
/// own for it. Source: DeleteScheduledAction as live clients report it,
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteScheduledAction.html>.
pub const ACTION_NOT_FOUND: &str = "Scheduled action name not found";

const TARDINESS_STREAM: u64 = 3;

/// A group's scheduled actions.
#[derive(Debug, Clone, Default)]
pub(super) struct Schedule {
    pending: BTreeMap<String, Pending>,
    /// Whether it follows Application Auto Scaling's rules.
    scalable: bool,
}

#[derive(Debug, Clone)]
struct Pending {
    start: Timestamp,
    action: ScheduledAction,
    cron: Option<Cron>,
    origin: Origin,
}

/// A scheduled action whose time has come.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) name: String,
    pub(super) sizes: Sizes,
    pub(super) origin: Origin,
}

impl Schedule {
    /// An empty one, by the rules of Application Auto Scaling or of Auto Scaling.
    pub(super) fn of(scalable: bool) -> Self {
        Self {
            scalable,
            ..Self::default()
        }
    }

    /// Whether it follows Application Auto Scaling's rules.
    pub(super) fn is_scalable(&self) -> bool {
        self.scalable
    }

    /// Everybody's actions that have still to run, by start.
    ///
    /// Source: "actions that have not run or have not reached their end",
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScheduledActions.html>.
    pub(super) fn actions(&self) -> Vec<ScheduledAction> {
        let mut actions: Vec<ScheduledAction> =
            self.pending.values().map(|p| p.action.clone()).collect();
        actions.sort_by(|a, b| (a.start, &a.name).cmp(&(b.start, &b.name)));
        actions
    }

    /// Says why an action is there; nothing happens where it is not.
    pub(super) fn explain(&mut self, name: &str, reason: &str) {
        if let Some(pending) = self.pending.get_mut(name) {
            reason.clone_into(&mut pending.origin.reason);
        }
    }

    /// Creates or updates one action, or says why not. `limits` are the group's MinSize and
    /// MaxSize.
    pub(super) fn put(
        &mut self,
        now: Timestamp,
        action: &ScheduledAction,
        limits: (u32, u32),
        origin: &Origin,
    ) -> Result<(), ItemFailure> {
        let fail = |code: &str, message: String| ItemFailure {
            name: action.name.clone(),
            code: code.to_owned(),
            message,
        };
        let invalid = |message: String| fail("ValidationError", message);
        if action.name.is_empty() || action.name.len() > 255 {
            return Err(invalid("name must have 1 to 255 characters".to_owned()));
        }
        check_sizes(action, limits).map_err(invalid)?;
        let (start, cron) = first_run(now, action).map_err(invalid)?;
        if self.scalable && action.desired_capacity.is_some() {
            // Source: Application Auto Scaling API reference, ScalableTargetAction.
            let message = "a scheduled action has a minimum and a maximum capacity only";
            return Err(invalid(message.to_owned()));
        }
        // Two scheduled actions of a scalable target may share a time: its user guide names no such
        // rule, where that of Auto Scaling does.
        let taken = |other: &Pending| {
            !self.scalable && other.start == start && other.action.name != action.name
        };
        if self.pending.values().any(taken) {
            // Counts everybody's actions: "a scheduled action must have a unique time value".
            // Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
            let message = "Scheduled action with this scheduled start time already exists";
            return Err(fail("AlreadyExists", message.to_owned()));
        }
        // Sources: https://docs.aws.amazon.com/autoscaling/latest/userguide/as-account-limits.html and
        // https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html
        let most = if self.scalable {
            MOST_SCALABLE_ACTIONS
        } else {
            MOST_SCHEDULED_ACTIONS
        };
        if !self.pending.contains_key(&action.name) && self.pending.len() >= most {
            let message = format!("at most {most} scheduled actions");
            return Err(fail("LimitExceeded", message));
        }
        // A name is unique in its group, and everything but it can be updated.
        // Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
        let mut action = action.clone();
        action.start = Some(start);
        let pending = Pending {
            start,
            cron,
            origin: origin.clone(),
            action,
        };
        self.pending.insert(pending.action.name.clone(), pending);
        Ok(())
    }

    /// Deletes one action, or says that it is not there.
    pub(super) fn delete(&mut self, name: &str) -> Result<(), ItemFailure> {
        match self.pending.remove(name) {
            Some(_) => Ok(()),
            None => Err(ItemFailure {
                name: name.to_owned(),
                code: "ValidationError".to_owned(),
                message: ACTION_NOT_FOUND.to_owned(),
            }),
        }
    }

    /// Takes the next action that runs at `now`; call until there is none.
    ///
    /// An action may run up to two minutes late, and the actions of a group run in order; a
    /// one-time action disappears once it ran. Source:
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html>.
    pub(super) fn take_due(&mut self, now: Timestamp, late: Option<u64>) -> Option<Due> {
        let next = self.pending.values().min_by_key(|pending| pending.start)?;
        if later(next.start, tardiness(next.start, late)) > now {
            return None;
        }
        let name = next.action.name.clone();
        let mut pending = self.pending.remove(&name)?;
        let due = Due {
            sizes: Sizes {
                min_size: pending.action.min_size,
                max_size: pending.action.max_size,
                desired_capacity: pending.action.desired_capacity,
            },
            origin: pending.origin.clone(),
            name: name.clone(),
        };
        // A recurring action whose time is its end does not run.
        // Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
        let ended = pending.action.end.is_some_and(|end| pending.start >= end);
        let following = pending
            .cron
            .as_ref()
            .and_then(|c| c.next_after(pending.start));
        if let Some(start) = following
            && pending.action.end.is_none_or(|end| start < end)
        {
            pending.start = start;
            pending.action.start = Some(start);
            self.pending.insert(name, pending);
        }
        if ended {
            return self.take_due(now, late);
        }
        Some(due)
    }
}

/// Why a batch call as a whole is refused, if it is.
///
/// Source: BatchPutScheduledUpdateGroupAction and BatchDeleteScheduledAction (up to 50),
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_BatchPutScheduledUpdateGroupAction.html>; an empty or repeating list is refused to be strict.
pub(super) fn check_batch<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Result<(), String> {
    let count = names.len();
    if count == 0 || count > MOST_ACTIONS_A_BATCH {
        return Err(format!(
            "{count} actions in one call, 1 to {MOST_ACTIONS_A_BATCH} allowed"
        ));
    }
    let distinct: BTreeSet<&str> = names.collect();
    if distinct.len() < count {
        return Err(format!("{} names occur twice", count - distinct.len()));
    }
    Ok(())
}

/// At least one size, and MinSize <= DesiredCapacity <= MaxSize, the group's own limits standing in
/// for absent ones.
///
/// Source: PutScheduledUpdateGroupAction ("you must specify at least one"; "if you do not specify
/// a size, the group's current one applies") and the error that live clients report: "Desired
/// capacity must be greater than or equal to min size".
fn check_sizes(action: &ScheduledAction, limits: (u32, u32)) -> Result<(), String> {
    let given = [action.min_size, action.max_size, action.desired_capacity];
    if given.iter().all(Option::is_none) {
        return Err("at least one of MinSize, MaxSize and DesiredCapacity is needed".to_owned());
    }
    let min = action.min_size.unwrap_or(limits.0);
    let max = action.max_size.unwrap_or(limits.1);
    if min > max {
        return Err(format!(
            "Min size {min} must be less than or equal to max size {max}"
        ));
    }
    match action.desired_capacity {
        Some(desired) if desired < min => Err(format!(
            "Desired capacity {desired} must be greater than or equal to min size {min}"
        )),
        Some(desired) if desired > max => Err(format!(
            "Desired capacity {desired} must be less than or equal to max size {max}"
        )),
        _ => Ok(()),
    }
}

/// When an action runs first. A start that is not in the future is refused: by the time a call
/// arrives, now is the past. Source:
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html> ("in the past").
fn first_run(
    now: Timestamp,
    action: &ScheduledAction,
) -> Result<(Timestamp, Option<Cron>), String> {
    if let Some(start) = action.start
        && start <= now
    {
        return Err(format!("start time {start} is in the past, it is {now}"));
    }
    if let (Some(end), from) = (action.end, action.start.unwrap_or(now))
        && end <= from
    {
        return Err(format!("end time {end} is not after {from}"));
    }
    let Some(recurrence) = &action.recurrence else {
        let start = action.start;
        return start
            .map(|start| (start, None))
            .ok_or_else(|| "a start time or a recurrence is needed".to_owned());
    };
    let cron = Cron::parse(recurrence).map_err(|error| error.to_string())?;
    // A start makes it the first moment at which it may run.
    let after = action.start.map_or(now, |start| {
        start
            .saturating_sub(SignedDuration::from_secs(1))
            .unwrap_or(start)
    });
    match cron.next_after(after) {
        Some(start) => Ok((start, Some(cron))),
        None => Err(format!("recurrence {recurrence:?} never comes true")),
    }
}

/// 0, 1 or 2 minutes, drawn for each start; never more than two minutes after all when the
/// simulation looks at whole minutes only.
fn tardiness(start: Timestamp, late: Option<u64>) -> SignedDuration {
    let Some(seed) = late else {
        return SignedDuration::ZERO;
    };
    let second = start.as_second();
    let most = if second % 60 == 0 { 3 } else { 2 };
    let key = [TARDINESS_STREAM, second.cast_unsigned()];
    let minutes = Random::keyed(seed, &key).below(most);
    SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0))
}
