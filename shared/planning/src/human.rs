//! Telling a person's MinSize from ours.

use documents::Plan;
use fleet::SCHEDULE_TARDINESS;
use jiff::{SignedDuration, Timestamp};

/// How far our idea of the time may be off from AWS's, on top of its tardiness.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// The MinSize that someone else set, if the group's present one is not ours.
///
/// Ours are the floors of the last applied plan around `now`, and after its end what it gave the
/// group back. Any other value was set by a person or their tools and is honoured as a floor from
/// then on, until they set another one; a lower one replaces a higher one. Without an applied plan
/// there is nothing to compare with, and what was known stays.
#[must_use]
pub fn human_floor(previous: Option<&Plan>, min_size: u32, now: Timestamp) -> Option<u32> {
    let plan = previous?;
    let late = SCHEDULE_TARDINESS.saturating_add(SLACK);
    let oldest = now.saturating_sub(late).unwrap_or(Timestamp::MIN);
    let newest = now.saturating_add(SLACK).unwrap_or(Timestamp::MAX);
    if !plan.applied {
        // An interrupted apply may have left any of its floors, or an older plan's.
        return plan.human_floor;
    }
    let in_force = plan.floors.iter().enumerate().filter(|(index, floor)| {
        let ends = plan
            .floors
            .get(index + 1)
            .map_or(Timestamp::MAX, |next| next.start);
        floor.start <= newest && ends > oldest
    });
    let mut ours = in_force.map(|(_, floor)| floor.servers);
    if ours.any(|servers| servers == min_size) {
        plan.human_floor
    } else {
        Some(min_size)
    }
}

#[cfg(test)]
mod tests {
    use documents::PlanStep;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn plan(applied: bool, human: Option<u32>) -> Plan {
        let floor = |minute, servers| PlanStep {
            start: at(minute),
            servers,
            reason: String::new(),
        };
        Plan {
            decided_at: at(0),
            decided_by: "planner".to_owned(),
            fence: 1,
            steps: Vec::new(),
            expires_at: at(300),
            floors: vec![floor(0, 4), floor(100, 8), floor(200, 5), floor(300, 2)],
            actions: Vec::new(),
            changed_at: None,
            found_min_size: 2,
            human_floor: human,
            applied,
            rehearsed: !applied,
            canary: None,
            policy: None,
            ceiling: None,
            shortfall: None,
            forecast: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn our_own_floors_are_not_a_persons() {
        for (minute, min_size) in [(50, 4), (101, 4), (101, 8), (150, 8), (400, 2)] {
            assert_eq!(
                human_floor(Some(&plan(true, None)), min_size, at(minute)),
                None,
                "{minute}"
            );
        }
    }

    #[test]
    fn another_value_is_a_persons_and_stays_known() {
        assert_eq!(human_floor(Some(&plan(true, None)), 10, at(50)), Some(10));
        assert_eq!(
            human_floor(Some(&plan(true, None)), 4, at(150)),
            Some(4),
            "an old floor of ours"
        );
        assert_eq!(
            human_floor(Some(&plan(true, Some(10))), 4, at(50)),
            Some(10)
        );
        assert_eq!(
            human_floor(Some(&plan(true, Some(10))), 3, at(50)),
            Some(3),
            "lowered again"
        );
    }

    #[test]
    fn an_interrupted_apply_accuses_nobody() {
        assert_eq!(human_floor(Some(&plan(false, None)), 9, at(50)), None);
        assert_eq!(human_floor(None, 9, at(50)), None);
    }
}
