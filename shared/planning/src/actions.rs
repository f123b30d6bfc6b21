//! From floors to scheduled actions.

use std::collections::BTreeSet;

use documents::{PlanStep, PlannedAction};
use fleet::ScheduledAction;
use jiff::{SignedDuration, Timestamp};

use crate::floors::minute_of;
use crate::names::own_name;

/// Minutes that others' actions may start in, which ours avoid since AWS refuses a second action
/// with the same start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    minutes: BTreeSet<Timestamp>,
    minutes_of_hour: BTreeSet<u32>,
}

impl Taken {
    /// The starts of `foreign` actions. A recurring one is known by its next start only, so the
    /// minutes of the hour that its expression lists are avoided altogether; one that runs every
    /// few minutes leaves no minute to avoid it in, and only its next start is.
    pub(crate) fn by(foreign: &[ScheduledAction]) -> Self {
        let minutes = foreign
            .iter()
            .filter_map(|action| action.start)
            .map(minute_of)
            .collect();
        let minutes_of_hour = foreign
            .iter()
            .filter_map(|action| action.recurrence.as_deref()?.split_whitespace().next())
            .flat_map(|field| field.split(','))
            .filter_map(|minute| minute.parse().ok())
            .collect();
        Self {
            minutes,
            minutes_of_hour,
        }
    }

    fn has(&self, minute: Timestamp) -> bool {
        let of_hour = u32::try_from(minute.as_second().div_euclid(60).rem_euclid(60)).unwrap_or(0);
        self.minutes.contains(&minute) || self.minutes_of_hour.contains(&of_hour)
    }
}

/// One action for each floor after the first, which holds from now and is applied directly.
///
/// Raises that meet a foreign start move earlier, lowers later, so that no minute has less than
/// its floor; a raise that would move before `earliest` moves later after all, which the check
/// then reports. Where `sets_desired`, lowers carry the desired capacity too; raises never do,
/// since MinSize lifts it, and setting it could take away what somebody added above.
pub(crate) fn actions(
    group: &str,
    floors: &[PlanStep],
    taken: &Taken,
    earliest: Timestamp,
    sets_desired: bool,
) -> Vec<PlannedAction> {
    let mut used = BTreeSet::new();
    let mut actions: Vec<PlannedAction> = Vec::new();
    for pair in floors.windows(2) {
        let (before, floor) = (&pair[0], &pair[1]);
        let raises = floor.servers > before.servers;
        let free =
            |minute: Timestamp| minute >= earliest && !taken.has(minute) && !used.contains(&minute);
        let Some(start) = nearest_free(floor.start, raises, free) else {
            continue;
        };
        used.insert(start);
        actions.push(PlannedAction {
            name: own_name(group, start),
            start,
            min_size: floor.servers,
            desired_capacity: (sets_desired && !raises).then_some(floor.servers),
        });
    }
    // Dodging may have swapped neighbours.
    actions.sort_by_key(|action| action.start);
    actions
}

/// The free minute nearest to `wanted` on the safe side, else on the other; none within an hour
/// each way only if others' actions fill it.
fn nearest_free(
    wanted: Timestamp,
    raises: bool,
    free: impl Fn(Timestamp) -> bool,
) -> Option<Timestamp> {
    let shifted = |minutes: i64| {
        wanted
            .saturating_add(SignedDuration::from_mins(minutes))
            .ok()
    };
    let safe_side = if raises { -1 } else { 1 };
    [safe_side, -safe_side]
        .into_iter()
        .flat_map(|side| (0..60).filter_map(move |minutes| shifted(side * minutes)))
        .find(|minute| free(*minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(minute: i64, servers: u32) -> PlanStep {
        let start = Timestamp::from_second(minute * 60).unwrap();
        PlanStep {
            start,
            servers,
            reason: String::new(),
        }
    }

    fn foreign(minute: i64, recurrence: Option<&str>) -> ScheduledAction {
        ScheduledAction {
            name: "theirs".to_owned(),
            start: Some(Timestamp::from_second(minute * 60 + 7).unwrap()),
            end: None,
            recurrence: recurrence.map(str::to_owned),
            min_size: Some(1),
            max_size: None,
            desired_capacity: None,
        }
    }

    fn starts(floors: &[PlanStep], taken: &[ScheduledAction], earliest: i64) -> Vec<(i64, u32)> {
        let earliest = Timestamp::from_second(earliest * 60).unwrap();
        actions("g", floors, &Taken::by(taken), earliest, false)
            .iter()
            .map(|action| (action.start.as_second() / 60, action.min_size))
            .collect()
    }

    #[test]
    fn raises_dodge_to_earlier_and_lowers_to_later() {
        let floors = [floor(0, 2), floor(100, 5), floor(200, 3)];
        assert_eq!(starts(&floors, &[], 2), [(100, 5), (200, 3)]);
        let taken = [foreign(100, None), foreign(200, None)];
        assert_eq!(starts(&floors, &taken, 2), [(99, 5), (201, 3)]);
    }

    #[test]
    fn a_recurring_action_blocks_its_minute_of_every_hour() {
        let floors = [floor(0, 2), floor(100, 5), floor(160, 3)];
        let taken = [foreign(40, Some("40 * * * *"))];
        assert_eq!(starts(&floors, &taken, 2), [(99, 5), (161, 3)]);
    }

    #[test]
    fn only_lowers_carry_the_desired_capacity() {
        let floors = [floor(0, 2), floor(100, 5), floor(200, 3)];
        let made = actions("g", &floors, &Taken::default(), Timestamp::UNIX_EPOCH, true);
        assert_eq!(
            made.iter().map(|a| a.desired_capacity).collect::<Vec<_>>(),
            [None, Some(3)]
        );
    }
}
