use super::*;

fn target(control: &str) -> Target {
    let text = format!(
        "[[target]]\nname = \"web\"\nload_balancer = \"app/my-alb/50dc6c495c0c9188\"\n\
             max_servers = 9\nthroughput = 100\nmode = \"canary\"\n{control}\n"
    );
    config::Config::parse("test", &text)
        .unwrap()
        .targets
        .remove(0)
}

fn hours(count: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(count)
}

const GOOD: Evidence = Evidence {
    short: Some(0.0),
    guard: Some(0.5),
    blind: false,
    cut: false,
};

fn seen(evidence: Evidence) -> Sight<'static> {
    Sight {
        evidence,
        risk: 0.001,
        hold: None,
        floor: Ordering::Less,
        spare: true,
        reacts: true,
        policy: false,
    }
}

/// What is told in so many hours of `sight`, from `state` on.
fn run_seen(
    target: &Target,
    state: &mut Option<Canary>,
    hour: &mut i64,
    count: i64,
    sight: &Sight<'_>,
) -> Vec<String> {
    let mut said = Vec::new();
    for _ in 0..count {
        let share = next(target, state.as_ref(), sight, hours(*hour));
        said.extend(share.told);
        *state = share.state;
        *hour += 1;
    }
    said
}

fn run(
    target: &Target,
    state: &mut Option<Canary>,
    hour: &mut i64,
    count: i64,
    evidence: Evidence,
) -> Vec<String> {
    run_seen(target, state, hour, count, &seen(evidence))
}

#[test]
fn it_grows_day_by_day_and_proposes_to_be_active() {
    let (target, mut state, mut hour) = (target(""), None, 0);
    let said = run(&target, &mut state, &mut hour, 6 * 25, GOOD);
    let from: Vec<&str> = said
        .iter()
        .filter_map(|text| text.split(':').next())
        .collect();
    assert_eq!(
        from[..5],
        [
            "canary from 10 % to 20 %",
            "canary from 20 % to 40 %",
            "canary from 40 % to 80 %",
            "canary from 80 % to 100 %",
            "canary at 100 % for 24 hours that were seen without a want of servers",
        ]
    );
}

#[test]
fn bad_evidence_takes_it_back_at_once_and_good_has_to_begin_anew() {
    let guard = "control = { canary_guard = { label = \"errors\", full = 5, namespace = \"A\", name = \"B\" } }";
    let (target, mut state, mut hour) = (target(guard), None, 0);
    run(&target, &mut state, &mut hour, 3 * 25, GOOD);
    assert_eq!(state.as_ref().unwrap().percent, 80);
    for bad in [
        Evidence {
            guard: Some(1.2),
            ..GOOD
        },
        Evidence {
            short: Some(0.1),
            ..GOOD
        },
    ] {
        let before = state.as_ref().unwrap().percent;
        let said = run(&target, &mut state, &mut hour, 1, bad);
        assert!(said[0].contains("back from"), "{said:?}");
        assert_eq!(state.as_ref().unwrap().percent, before / 2);
        assert!(run(&target, &mut state, &mut hour, 23, GOOD).is_empty());
    }
    let bad = Evidence {
        guard: Some(3.0),
        ..GOOD
    };
    let said = run(&target, &mut state, &mut hour, 20, bad);
    // 20 to 10, one sign at the least share, and nothing from the second on.
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("canary back from 20 % to 10 %"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with(
            "canary fell back to applying nothing: errors at 15.0000, above 5, again at 10 %"
        ),
        "{said:?}"
    );
    assert_eq!(state.as_ref().unwrap().percent, 0);
    let said = run(&target, &mut state, &mut hour, 25, GOOD);
    assert!(said[0].starts_with("canary from 0 % to 10 %"), "{said:?}");
}

#[test]
fn a_want_of_servers_takes_none_away_and_an_excess_the_guard_can_mean_does() {
    let guard = "control = { canary_guard = { label = \"errors\", full = 5, namespace = \"A\", name = \"B\" } }";
    let target = target(guard);
    let at_80 = Canary {
        percent: 80,
        ..fresh(10, hours(-5))
    };
    let over = Evidence {
        guard: Some(2.0),
        ..GOOD
    };
    let short = Evidence {
        short: Some(0.2),
        ..over
    };
    let after = |evidence, floor| {
        let sight = Sight {
            floor,
            ..seen(evidence)
        };
        let state = next(&target, Some(&at_80), &sight, hours(0)).state.unwrap();
        (state.percent, state.above())
    };
    assert_eq!(after(short, Ordering::Greater), (40, 80));
    assert_eq!(after(over, Ordering::Less), (40, 80));
    assert_eq!(after(over, Ordering::Greater), (40, 40));
    let unknown = Evidence {
        short: None,
        ..over
    };
    assert_eq!(after(unknown, Ordering::Greater), (40, 80));
    // A throughput that the guard speaks against is no reason to take servers away.
    let doubted = Sight {
        floor: Ordering::Greater,
        spare: false,
        ..seen(over)
    };
    let state = next(&target, Some(&at_80), &doubted, hours(0))
        .state
        .unwrap();
    assert_eq!((state.percent, state.above()), (40, 80));
    // Without policies nothing but MinSize adds servers.
    let alone = Sight {
        floor: Ordering::Greater,
        reacts: false,
        ..seen(over)
    };
    let state = next(&target, Some(&at_80), &alone, hours(0)).state.unwrap();
    assert_eq!((state.percent, state.above()), (40, 80));
}

#[test]
fn a_want_within_what_was_accepted_for_a_budget_takes_no_canary_back() {
    let wants = |control: &str, risk: f64, cut: bool| {
        let at_40 = Canary {
            percent: 40,
            ..fresh(10, hours(0))
        };
        let (target, mut state) = (target(control), Some(at_40));
        for hour in 1..24 {
            let short = if hour % 4 == 0 { 0.2 } else { 0.0 };
            let sight = Sight {
                risk,
                ..seen(Evidence {
                    short: Some(short),
                    cut,
                    ..GOOD
                })
            };
            let share = next(&target, state.as_ref(), &sight, hours(hour));
            if let Some(told) = share.told {
                return Some(told);
            }
            state = share.state;
        }
        None
    };
    let accepting = "control = { budget = { server_hours = 50, accept_risk = 0.2 } }";
    assert_eq!(wants(accepting, 0.2, true), None);
    let beyond = wants(accepting, 0.01, true).unwrap();
    assert!(
        beyond.contains("40 % to 20 %") && beyond.contains("in 3 hours of a day"),
        "{beyond}"
    );
    // Where no budget cut anything the first one does.
    for control in [accepting, ""] {
        let first = wants(control, 0.2, false).unwrap();
        assert!(
            first.contains("40 % to 20 %") && !first.contains("hours of a day"),
            "{first}"
        );
    }
}

#[test]
fn floors_that_a_bad_guard_lowered_come_back_at_the_first_want_of_servers() {
    let (target, mut hour) = (active(GUARD), 30);
    let lowered = Canary {
        percent: 50,
        above: None,
        ..fresh(100, hours(0))
    };
    assert_eq!(lowered.above(), 50);
    let mut state = Some(lowered);
    let short = Evidence {
        short: Some(0.2),
        ..GOOD
    };
    // However long: what its own lowered floors lack speaks against no plan.
    assert!(run(&target, &mut state, &mut hour, 1, short).is_empty());
    let back = state.unwrap();
    assert_eq!((back.percent, back.above(), back.short), (50, 100, None));
}

fn active(control: &str) -> Target {
    Target {
        mode: Mode::Active,
        ..target(control)
    }
}

const GUARD: &str = "control = { canary_guard = { label = \"errors\", full = 5, namespace = \"A\", name = \"B\" } }";

#[test]
fn an_active_target_steps_back_on_its_guard_and_comes_back_by_itself() {
    let (target, mut state, mut hour) = (active(GUARD), None, 0);
    let bad = Evidence {
        guard: Some(2.0),
        ..GOOD
    };
    assert!(run(&target, &mut state, &mut hour, 30, GOOD).is_empty());
    assert_eq!(state, None);
    let said = run(&target, &mut state, &mut hour, 2, bad);
    assert!(said[0].starts_with("active back from 100 % to 50 %: errors at 10.0000, above 5; floors above the group's own MinSize stay at 100 %"), "{said:?}");
    assert!(
        said[1].starts_with("active back from 50 % to 25 %"),
        "{said:?}"
    );
    let said = run(&target, &mut state, &mut hour, 60, GOOD);
    assert!(said[0].starts_with("active from 25 % to 50 %"), "{said:?}");
    assert!(said[1].starts_with("active from 50 % to 100 %"), "{said:?}");
    assert_eq!((said.len(), &state), (2, &None));
    let said = run(&target, &mut state, &mut hour, 20, bad);
    assert!(
        said.last().unwrap().contains("applying nothing"),
        "{said:?}"
    );
    assert_eq!(state.as_ref().unwrap().percent, 0);
    // Short at the group's own MinSize is none of a plan's doing.
    let short = Evidence {
        short: Some(0.1),
        ..GOOD
    };
    let said = run(&target, &mut state, &mut hour, 25, short);
    assert!(said[0].starts_with("active from 0 % to 10 %"), "{said:?}");
}

#[test]
fn a_guard_that_no_floor_explains_or_nobody_can_read_changes_nothing_in_active() {
    let (target, mut state, mut hour) = (active(GUARD), None, 0);
    let bad = Evidence {
        guard: Some(2.0),
        ..GOOD
    };
    let own = Sight {
        floor: Ordering::Equal,
        ..seen(bad)
    };
    assert!(run_seen(&target, &mut state, &mut hour, 30, &own).is_empty());
    let blind = Evidence {
        guard: None,
        blind: true,
        ..GOOD
    };
    let share = next(&target, None, &seen(blind), hours(0));
    assert_eq!((share.state, share.told), (None, None));
    assert!(share.note.unwrap().contains("errors cannot be read"));
    // Nor does it come back meanwhile.
    run(&target, &mut state, &mut hour, 1, bad);
    assert!(run(&target, &mut state, &mut hour, 50, blind).is_empty());
    assert_eq!(state.unwrap().percent, 50);
    let fixed = GUARD.replace("{ canary_guard", "{ canary_grows = false, canary_guard");
    let mut state = None;
    assert!(run(&active(&fixed), &mut state, &mut hour, 5, bad).is_empty());
    assert_eq!(state, None);
}

#[test]
fn wants_of_servers_count_in_active_once_they_are_more_than_the_risk_asked_for() {
    let of = |short: f64, every: i64| {
        let (target, mut state, mut hour) = (active(""), None, 0);
        let mut said = Vec::new();
        for index in 0..48 {
            let short = if index % every == 0 { short } else { 0.0 };
            let evidence = Evidence {
                short: Some(short),
                guard: None,
                blind: false,
                cut: false,
            };
            said.extend(run(&target, &mut state, &mut hour, 1, evidence));
        }
        said
    };
    // Three in a day of 0.5 % each are 0.06 % of it, of 5 % each 0.6 %; two are chance.
    assert_eq!(of(0.005, 8), Vec::<String>::new());
    assert!(of(0.05, 8)[0].contains("in 3 hours of a day, 0.625 % of it"));
    assert_eq!(of(0.05, 13), Vec::<String>::new());
}

#[test]
fn who_does_not_judge_keeps_what_is_known() {
    let stood = Canary {
        percent: 25,
        above: Some(100),
        ..fresh(100, hours(0))
    };
    let kept = |target: &Target, before| kept(target, before, hours(9)).state;
    assert_eq!(kept(&active(""), Some(&stood)), Some(stood.clone()));
    assert_eq!(kept(&active(""), None), None);
    assert_eq!(kept(&target(""), Some(&stood)).unwrap().percent, 10);
}

#[test]
fn what_is_not_seen_is_no_good_evidence() {
    let blind = [
        Evidence {
            short: None,
            ..GOOD
        },
        Evidence {
            blind: true,
            ..GOOD
        },
    ];
    for evidence in blind {
        let (target, mut state, mut hour) = (target(""), None, 0);
        assert!(run(&target, &mut state, &mut hour, 100, evidence).is_empty());
    }
    let fixed = target("control = { canary_grows = false }");
    let (mut state, mut hour) = (None, 0);
    assert!(run(&fixed, &mut state, &mut hour, 100, GOOD).is_empty());
    assert_eq!(state.unwrap().percent, 10);
}

#[test]
fn an_hour_that_is_planned_twelve_times_counts_once() {
    let (target, mut state) = (target(""), None);
    for minute in 0..(30 * 60 / 5) {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute * 5);
        let evidence = if minute < 12 * 4 {
            GOOD
        } else {
            Evidence {
                short: None,
                ..GOOD
            }
        };
        let share = next(&target, state.as_ref(), &seen(evidence), now);
        assert_eq!(share.told, None);
        state = share.state;
    }
    assert!(state.unwrap().hours <= 4);
}

#[test]
fn a_clock_that_was_ahead_holds_a_share_no_longer_than_a_day() {
    let target = active(GUARD);
    let mut state = Some(Canary {
        percent: 50,
        since: hours(24 * 365),
        seen_at: hours(24 * 365),
        ..fresh(100, hours(0))
    });
    let mut hour = 0;
    let told = run_seen(&target, &mut state, &mut hour, 27, &seen(GOOD));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(state, None);
}

#[test]
fn a_canary_of_all_is_not_what_an_active_target_stepped_back_to() {
    let (mut target, stepped) = (active(GUARD), fresh(100, hours(0)));
    let stepped = Canary {
        percent: 50,
        ..stepped
    };
    target.mode = Mode::Canary(100);
    let state = next(&target, Some(&stepped), &seen(GOOD), hours(1)).state;
    assert_eq!(state, Some(fresh(100, hours(1))));
}
