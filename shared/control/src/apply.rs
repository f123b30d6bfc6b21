//! Making a group match its plan, in an order that is safe wherever it stops.
//!
//! First what raises: the present size, then actions that hold or raise the floor, in the order of
//! [`Changes::raises`]. Only when all of that stands, what lowers. Nothing is deleted before its replacement is put, except actions that
//! would lower the floor, whose absence keeps servers.

use std::collections::BTreeSet;

use fleet::{
    Group, ItemFailure, MOST_ACTIONS_A_BATCH, MOST_SCHEDULED_ACTIONS, ScheduledAction, Sizes,
};
use planning::Changes;
use ports::{GroupWriter, PortError};

use crate::ControlError;

/// Carries out `changes` on `group`, whose present actions are `existing`.
pub(crate) async fn apply<G: GroupWriter>(
    groups: &G,
    target: &str,
    group: &Group,
    existing: &[ScheduledAction],
    changes: &Changes,
) -> Result<(), ControlError> {
    let port = |source: PortError| ControlError::Port {
        target: target.to_owned(),
        source,
    };
    let name = group.name.as_str();
    let (raising, lowering) = split(changes.resize, group);
    if let Some(sizes) = raising {
        groups.resize(name, sizes).await.map_err(port)?;
    }
    let mut puts = Puts {
        total: changes.raises.len() + changes.lowers.len(),
        failures: Vec::new(),
    };
    let (fitting, waiting) = by_room(&changes.raises, existing);
    puts.put(groups, name, &fitting).await.map_err(port)?;
    delete(groups, name, &changes.stale_lowers, &mut puts)
        .await
        .map_err(port)?;
    if !waiting.is_empty() {
        // What was refused may be what the old ones stand for.
        puts.finish(target)?;
        // No room for all raises beside the old ones: the farthest old ones go first, which the
        // next run, an hour from now, could still replace.
        let freed: Vec<String> = changes
            .stale_raises
            .iter()
            .rev()
            .take(waiting.len())
            .cloned()
            .collect();
        delete(groups, name, &freed, &mut puts)
            .await
            .map_err(port)?;
        puts.put(groups, name, &waiting).await.map_err(port)?;
    }
    puts.finish(target)?;
    delete(groups, name, &changes.stale_raises, &mut puts)
        .await
        .map_err(port)?;
    puts.put(groups, name, &changes.lowers)
        .await
        .map_err(port)?;
    // A lower MaxSize stands only beside the action that ends it.
    puts.finish(target)?;
    if let Some(sizes) = lowering {
        groups.resize(name, sizes).await.map_err(port)?;
    }
    Ok(())
}

/// The part of a resize that raises and the part that lowers.
fn split(resize: Option<Sizes>, group: &Group) -> (Option<Sizes>, Option<Sizes>) {
    let Some(sizes) = resize else {
        return (None, None);
    };
    let part = |min: bool, max: bool, desired: bool| {
        let part = Sizes {
            min_size: sizes.min_size.filter(|_| min),
            max_size: sizes.max_size.filter(|_| max),
            desired_capacity: sizes.desired_capacity.filter(|_| desired),
        };
        (part != Sizes::default()).then_some(part)
    };
    let min_rises = sizes
        .min_size
        .is_some_and(|min_size| min_size > group.min_size);
    let desired_rises = sizes
        .desired_capacity
        .is_some_and(|desired| desired > group.desired_capacity);
    let max_rises = sizes
        .max_size
        .is_some_and(|max_size| max_size > group.max_size);
    (
        part(min_rises, max_rises, desired_rises),
        part(!min_rises, !max_rises, !desired_rises),
    )
}

/// The actions that fit beside the existing ones, and those that have to wait for room. Updates in
/// place need none, but wait after one that does: it may be the raise that they follow.
fn by_room(
    actions: &[ScheduledAction],
    existing: &[ScheduledAction],
) -> (Vec<ScheduledAction>, Vec<ScheduledAction>) {
    let names: BTreeSet<&str> = existing.iter().map(|action| action.name.as_str()).collect();
    let mut room = MOST_SCHEDULED_ACTIONS.saturating_sub(existing.len());
    let fitting = actions.iter().take_while(|action| {
        let in_place = names.contains(action.name.as_str());
        let fits = in_place || room > 0;
        room = room.saturating_sub(usize::from(!in_place));
        fits
    });
    let (fitting, waiting) = actions.split_at(fitting.count());
    (fitting.to_vec(), waiting.to_vec())
}

struct Puts {
    total: usize,
    failures: Vec<ItemFailure>,
}

impl Puts {
    async fn put<G: GroupWriter>(
        &mut self,
        groups: &G,
        group: &str,
        actions: &[ScheduledAction],
    ) -> Result<(), PortError> {
        for batch in actions.chunks(MOST_ACTIONS_A_BATCH) {
            let refused = groups.put_scheduled_actions(group, batch).await?;
            if refused.is_empty() {
                continue;
            }
            // One whose name is none of ours cannot be put again, and is not forgotten.
            let strange = |failure: &&ItemFailure| !batch.iter().any(|it| it.name == failure.name);
            self.failures
                .extend(refused.iter().filter(strange).cloned());
            // Once more: AWS refuses single ones that another call is at, and a batch that is half
            // there may have less in a minute than either plan.
            let again: Vec<ScheduledAction> = batch
                .iter()
                .filter(|action| refused.iter().any(|failure| failure.name == action.name))
                .cloned()
                .collect();
            self.failures
                .extend(groups.put_scheduled_actions(group, &again).await?);
        }
        Ok(())
    }

    /// An error if AWS refused anything so far: nothing is lowered on top of a raise that is
    /// missing.
    fn finish(&self, target: &str) -> Result<(), ControlError> {
        if self.failures.is_empty() {
            return Ok(());
        }
        let detail: Vec<String> = self
            .failures
            .iter()
            .map(|failure| format!("{} {}: {}", failure.name, failure.code, failure.message))
            .collect();
        Err(ControlError::Refused {
            target: target.to_owned(),
            failed: self.failures.len(),
            total: self.total,
            detail: detail.join("; "),
        })
    }
}

async fn delete<G: GroupWriter>(
    groups: &G,
    group: &str,
    names: &[String],
    puts: &mut Puts,
) -> Result<(), PortError> {
    for batch in names.chunks(MOST_ACTIONS_A_BATCH) {
        puts.failures
            .extend(groups.delete_scheduled_actions(group, batch).await?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(name: usize) -> ScheduledAction {
        ScheduledAction {
            name: name.to_string(),
            start: None,
            end: None,
            recurrence: None,
            min_size: Some(1),
            max_size: None,
            desired_capacity: None,
        }
    }

    #[test]
    fn an_update_in_place_waits_for_the_raise_before_it() {
        let existing: Vec<_> = (0..MOST_SCHEDULED_ACTIONS - 1).map(action).collect();
        // In place, new, new without room, in place.
        let raises = [action(3), action(900), action(901), action(4)];
        let (fitting, waiting) = by_room(&raises, &existing);
        assert_eq!((&fitting[..], &waiting[..]), raises.split_at(2));
        let (fitting, waiting) = by_room(&raises, &existing[5..]);
        assert_eq!((fitting.len(), waiting.len()), (4, 0));
    }
}
