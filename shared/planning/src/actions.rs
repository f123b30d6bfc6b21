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

    pub(crate) fn has(&self, minute: Timestamp) -> bool {
        let of_hour = u32::try_from(minute.as_second().div_euclid(60).rem_euclid(60)).unwrap_or(0);
        self.minutes.contains(&minute) || self.minutes_of_hour.contains(&of_hour)
    }
}

/// One action for each floor after the first, which holds from now and is applied directly.
///
/// Raises that meet a foreign start move earlier, lowers later, so that no minute has less than
/// its floor. A lower that would have to run after the raise that follows it is left out: what it
/// would have saved are minutes. Only a raise that finds no minute from `earliest` on comes later
/// after all, which the check then reports.
///
/// Lowers before `desired_until`, where given, carry the desired capacity too. Raises never do,
/// since MinSize lifts it, and setting it could take away what somebody added above; nor does what
/// comes after, the return to the group's own floor: it may run without anybody knowing what
/// demand then needs.
pub(crate) fn actions(
    group: &str,
    floors: &[PlanStep],
    taken: &Taken,
    earliest: Timestamp,
    desired_until: Option<Timestamp>,
) -> Vec<PlannedAction> {
    let Some((first, rest)) = floors.split_first() else {
        return Vec::new();
    };
    let mut placed: Vec<Placed> = Vec::with_capacity(rest.len());
    for floor in rest {
        place(&mut placed, first.servers, floor, taken, earliest);
    }
    placed
        .into_iter()
        .map(|action| PlannedAction {
            name: own_name(group, action.start),
            start: action.start,
            min_size: action.servers,
            max_size: None,
            desired_capacity: desired_until
                .is_some_and(|until| action.lowers && action.wanted < until)
                .then_some(action.servers),
        })
        .collect()
}

/// A floor that has its minute.
#[derive(Debug, Clone, Copy)]
struct Placed {
    start: Timestamp,
    wanted: Timestamp,
    servers: u32,
    lowers: bool,
}

/// Gives `floor` a free minute after those that have one, whose order is kept.
fn place(
    placed: &mut Vec<Placed>,
    present: u32,
    floor: &PlanStep,
    taken: &Taken,
    earliest: Timestamp,
) {
    loop {
        let before = placed.last().map_or(present, |last| last.servers);
        let soonest = placed
            .last()
            .map_or(earliest, |last| minutes_after(last.start, 1).max(earliest));
        if floor.servers == before {
            return;
        }
        let lowers = floor.servers < before;
        let later = || {
            let from = floor.start.max(soonest);
            let minutes = (0..MOST_DODGED).map(|minute| minutes_after(from, minute));
            minutes.into_iter().find(|minute| !taken.has(*minute))
        };
        let earlier = || {
            let minutes = (0..).map(|minute| minutes_after(floor.start, -minute));
            minutes
                .take_while(|minute| *minute >= soonest)
                .find(|minute| !taken.has(*minute))
        };
        let start = if lowers { later() } else { earlier() };
        let at = |start| Placed {
            start,
            wanted: floor.start,
            servers: floor.servers,
            lowers,
        };
        match (start, lowers) {
            (Some(start), _) => placed.push(at(start)),
            // No minute to lower in: the floor stays where it is.
            (None, true) => {}
            (None, false) => match placed.pop() {
                // The lower before it has taken its place: there is none then.
                Some(last) if last.lowers => continue,
                Some(last) => placed.push(Placed {
                    servers: floor.servers,
                    ..last
                }),
                None => placed.extend(later().map(at)),
            },
        }
        return;
    }
}

/// How many minutes a floor may come late; only others' actions that fill them all keep it longer.
const MOST_DODGED: i64 = 60;

fn minutes_after(at: Timestamp, minutes: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_mins(minutes))
        .unwrap_or(at)
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
        actions("g", floors, &Taken::by(taken), earliest, None)
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
    fn a_lower_never_runs_after_the_raise_that_follows_it() {
        let floors = [floor(0, 8), floor(100, 3), floor(101, 5), floor(200, 2)];
        let taken = [foreign(100, None)];
        assert_eq!(starts(&floors, &taken, 2), [(101, 5), (200, 2)]);
        let floors = [floor(0, 2), floor(100, 5), floor(101, 8)];
        let taken = [foreign(101, None)];
        assert_eq!(starts(&floors, &taken, 2), [(100, 8)]);
    }

    #[test]
    fn only_lowers_before_the_end_carry_the_desired_capacity() {
        let floors = [floor(0, 2), floor(100, 5), floor(200, 3), floor(300, 1)];
        let end = Some(floors[3].start);
        let made = actions("g", &floors, &Taken::default(), Timestamp::UNIX_EPOCH, end);
        assert_eq!(
            made.iter().map(|a| a.desired_capacity).collect::<Vec<_>>(),
            [None, Some(3), None]
        );
    }
}
