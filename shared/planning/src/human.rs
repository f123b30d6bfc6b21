//! Telling a person's MinSize from ours.

use std::collections::BTreeSet;

use documents::Plan;
use fleet::SCHEDULE_TARDINESS;
use jiff::{SignedDuration, Timestamp};

/// How far our idea of the time may be off from AWS's, on top of its tardiness.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// The MinSize that someone else set, if the group's present one is not ours.
///
/// Ours are the floors of the last applied plan around `now`, and after its end what it gave the
/// group back. Any other value was set by a person or their tools and is honoured as a floor from
/// then on, until they set another one; a lower one replaces a higher one. After an apply that was cut
/// short every floor that may have been left counts as ours. Without a plan, or with one that was only
/// rehearsed, there is nothing to compare with, and what was known stays.
#[must_use]
pub fn human_floor(previous: Option<&Plan>, min_size: u32, now: Timestamp) -> Option<u32> {
    let plan = previous?;
    let late = SCHEDULE_TARDINESS.saturating_add(SLACK);
    let oldest = now.saturating_sub(late).unwrap_or(Timestamp::MIN);
    let newest = now.saturating_add(SLACK).unwrap_or(Timestamp::MAX);
    if !plan.applied {
        // An interrupted apply may have left any of its floors, or an older plan's. What was only
        // rehearsed set none.
        let floors = plan.floors.iter().map(|floor| floor.servers);
        let mut left = floors.chain(plan.unsettled.iter().copied());
        let ours = min_size == plan.found_min_size || left.any(|floor| floor == min_size);
        return if ours || plan.rehearsed {
            plan.human_floor
        } else {
            Some(min_size)
        };
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

/// Floors that actions of `previous`, and of plans before it that were not applied in full, may still
/// set while the next plan is not applied.
#[must_use]
pub fn unsettled(previous: Option<&Plan>, now: Timestamp) -> Vec<u32> {
    let Some(plan) = previous.filter(|plan| !plan.rehearsed) else {
        return Vec::new();
    };
    let late = SCHEDULE_TARDINESS.saturating_add(SLACK);
    let oldest = now.saturating_sub(late).unwrap_or(Timestamp::MIN);
    let in_force = plan.floors.partition_point(|floor| floor.start <= oldest);
    let floors = plan.floors.iter().skip(in_force.saturating_sub(1));
    let mut left: BTreeSet<u32> = floors.map(|floor| floor.servers).collect();
    if !plan.applied {
        left.extend(plan.floors.iter().map(|floor| floor.servers));
        left.extend(plan.unsettled.iter().copied());
        left.insert(plan.found_min_size);
    }
    left.into_iter().collect()
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
            rehearsed: false,
            unsettled: Vec::new(),
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
    fn an_interrupted_apply_accuses_nobody_and_sees_a_persons_raise() {
        let mut cut_short = plan(false, None);
        cut_short.unsettled = vec![6];
        for left in [2, 4, 5, 6, 8] {
            assert_eq!(human_floor(Some(&cut_short), left, at(50)), None, "{left}");
        }
        assert_eq!(human_floor(Some(&cut_short), 9, at(50)), Some(9));
        cut_short.human_floor = Some(9);
        assert_eq!(human_floor(Some(&cut_short), 8, at(50)), Some(9));
        cut_short.rehearsed = true;
        assert_eq!(human_floor(Some(&cut_short), 3, at(50)), Some(9));
        assert_eq!(human_floor(None, 9, at(50)), None);
    }

    #[test]
    fn what_a_plan_may_still_set_is_remembered_until_one_is_applied() {
        let applied = plan(true, None);
        assert_eq!(unsettled(Some(&applied), at(101)), [2, 4, 5, 8]);
        assert_eq!(unsettled(Some(&applied), at(250)), [2, 5]);
        let mut cut_short = plan(false, None);
        (cut_short.unsettled, cut_short.found_min_size) = (vec![7], 3);
        assert_eq!(unsettled(Some(&cut_short), at(250)), [2, 3, 4, 5, 7, 8]);
        cut_short.rehearsed = true;
        assert!(unsettled(Some(&cut_short), at(250)).is_empty());
        assert!(unsettled(None, at(250)).is_empty());
    }
}
