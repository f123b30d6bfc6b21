use documents::PlanStep;

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

/// Floors of 4 from 00:40, 8 from 05:00, 4 from 20:00, with their actions, applied.
fn plan() -> Plan {
    let floor = |minute, servers| PlanStep {
        start: at(minute),
        servers,
        reason: String::new(),
    };
    let action = |minute, min_size| PlannedAction {
        name: own_name("g", at(minute)),
        start: at(minute),
        min_size,
        max_size: None,
        desired_capacity: None,
    };
    Plan {
        decided_at: at(40),
        decided_by: "planner".to_owned(),
        fence: 1,
        steps: Vec::new(),
        expires_at: at(1560),
        floors: vec![floor(40, 4), floor(300, 8), floor(1200, 4)],
        actions: vec![action(300, 8), action(1200, 4)],
        changed_at: None,
        found_min_size: 4,
        human_floor: None,
        applied: true,
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

fn rules() -> Rules {
    Rules {
        min_servers: 1,
        max_servers: 1000,
        throughput: 100.0,
        lead_time: SignedDuration::from_mins(5),
        risk: 0.001,
        share: 1.0,
        pace: crate::Pace::default(),
    }
}

fn group(desired: u32) -> Group {
    Group {
        name: "g".to_owned(),
        min_size: 4,
        max_size: 40,
        desired_capacity: desired,
        ..Group::default()
    }
}

/// Upper servers of each hour of two days.
fn hours(servers: impl Fn(i64) -> u32) -> Vec<(Timestamp, u32)> {
    (0..48).map(|hour| (at(hour * 60), servers(hour))).collect()
}

fn ceiled(upper: &[(Timestamp, u32)], desired: u32, foreign: &[ScheduledAction]) -> Plan {
    let mut plan = plan();
    let group = group(desired);
    let ask = CeilingAsk {
        upper,
        own: 40,
        found: 40,
        group: &group,
        foreign,
    };
    ceil(&mut plan, &ask, &rules(), at(40));
    plan
}

fn set(plan: &Plan) -> (u32, Option<i64>) {
    let ceiling = plan.ceiling.as_ref().unwrap();
    let lifted = ceiling.lifted_at.map(|at| at.as_second() / 60);
    (ceiling.set, lifted)
}

#[test]
fn it_leaves_room_for_the_upper_quantile_until_it_ends() {
    // From 00:40 to 04:00, and what is asked for then serves at 04:08: the hours 0 to 4.
    let plan = ceiled(&hours(|hour| 10 + hour as u32), 4, &[]);
    // Nothing of ours raises between 04:00 and 05:00 but the floor of 05:00 itself.
    assert_eq!(set(&plan), (15, Some(300)));
    assert_eq!(plan.actions[0].max_size, Some(40));
    assert_eq!(plan.actions.len(), 2);
    let mut early = self::plan();
    early.floors.remove(1);
    early.actions.remove(0);
    let group = group(4);
    let upper = hours(|hour| 10 + hour as u32);
    let ask = CeilingAsk {
        upper: &upper,
        own: 40,
        found: 40,
        group: &group,
        foreign: &[],
    };
    ceil(&mut early, &ask, &rules(), at(40));
    assert_eq!(set(&early), (14, Some(240)));
    let made = &early.actions[0];
    assert_eq!((made.start, made.min_size), (at(240), 4));
    assert_eq!((made.max_size, made.desired_capacity), (Some(40), None));
}

#[test]
fn it_is_never_under_what_is_there_planned_or_above_what_people_gave() {
    assert_eq!(
        set(&ceiled(&hours(|_| 5), 4, &[])).0,
        8,
        "the floor of 05:00"
    );
    assert_eq!(
        set(&ceiled(&hours(|_| 5), 30, &[])).0,
        33,
        "a tenth above what is there"
    );
    assert_eq!(set(&ceiled(&hours(|_| 5), 40, &[])), (40, None));
    assert_eq!(set(&ceiled(&hours(|_| 90), 4, &[])), (40, None));
}

#[test]
fn what_the_forecast_does_not_cover_has_the_groups_own() {
    let until_four: Vec<_> = hours(|_| 9).into_iter().take(5).collect();
    assert_eq!(set(&ceiled(&until_four, 4, &[])), (40, None));
    assert_eq!(set(&ceiled(&[], 4, &[])), (40, None));
    let late: Vec<_> = hours(|_| 9).into_iter().skip(1).collect();
    assert_eq!(set(&ceiled(&late, 4, &[])), (40, None));
}

#[test]
fn the_end_dodges_others_actions() {
    let mut plan = plan();
    plan.floors.truncate(1);
    plan.actions.clear();
    let theirs = ScheduledAction {
        name: "theirs".to_owned(),
        start: Some(at(240)),
        end: None,
        recurrence: None,
        min_size: Some(1),
        max_size: None,
        desired_capacity: None,
    };
    let (group, upper) = (group(4), hours(|_| 9));
    let ask = CeilingAsk {
        upper: &upper,
        own: 40,
        found: 40,
        group: &group,
        foreign: &[theirs],
    };
    ceil(&mut plan, &ask, &rules(), at(40));
    assert_eq!(set(&plan), (9, Some(241)));
}

#[test]
fn our_own_values_are_not_a_persons() {
    let mut plan = ceiled(&hours(|_| 9), 4, &[]);
    let own = |servers| OwnMax {
        servers,
        by_hand: false,
    };
    let hand = |servers| OwnMax {
        servers,
        by_hand: true,
    };
    assert_eq!(set(&plan), (9, Some(300)));
    for (minute, max_size, found) in [
        (60, 9, own(40)),
        (60, 40, hand(40)),
        (60, 20, hand(20)),
        (300, 9, own(40)),
        (300, 40, own(40)),
        (302, 9, own(40)),
        (303, 40, own(40)),
        (310, 40, own(40)),
        (310, 9, hand(9)),
    ] {
        assert_eq!(
            own_max(Some(&plan), max_size, at(minute)),
            found,
            "{minute} {max_size}"
        );
    }
    plan.applied = false;
    plan.ceiling.as_mut().unwrap().found = 12;
    for max_size in [9, 12, 40] {
        assert_eq!(
            own_max(Some(&plan), max_size, at(60)),
            own(40),
            "{max_size}"
        );
    }
    assert_eq!(own_max(Some(&plan), 20, at(60)), hand(20));
    assert_eq!(own_max(None, 20, at(60)), own(20));
    assert_eq!(own_max(Some(&self::plan()), 20, at(60)), own(20));
    plan.ceiling.as_mut().unwrap().by_hand = true;
    assert_eq!(own_max(Some(&plan), 20, at(60)), hand(20));
}
