//! Whether everything runs: alarms, nights, groups, forecasts, plans, what was given up or not seen.

use super::*;

/// A rule for names that begin with `forescale-`, and an alias to call.
fn wiring() -> AlarmsSeen {
    AlarmsSeen {
        alarms: Vec::new(),
        answered: Seen::Known(vec!["forescale-".to_owned()]),
        responder: Seen::Known(RESPONDER.to_owned()),
    }
}

#[test]
fn alarms_that_reach_nobody_are_found() {
    let alarm = |actions_enabled, actions: &[&str]| AlarmListing {
        name: "web-requests".to_owned(),
        actions_enabled,
        actions: actions.iter().map(|a| (*a).to_owned()).collect(),
        metrics: Vec::new(),
    };
    let with = |alarm: AlarmListing| {
        move |facts: &mut Facts| {
            web(facts).alarms = Seen::Known(AlarmsSeen {
                alarms: vec![alarm],
                ..wiring()
            });
        }
    };
    only("alarm-missing", Warning, |facts| {
        web(facts).alarms = Seen::Known(AlarmsSeen {
            answered: Seen::Known(Vec::new()),
            ..wiring()
        });
    });
    only("alarm-not-wired", Error, with(alarm(true, &[])));
    only("alarm-not-wired", Error, with(alarm(false, &[RESPONDER])));
    let healthy = planted(with(alarm(true, &[RESPONDER])));
    assert!(healthy.findings.is_empty() && healthy.unchecked.is_empty());
    // Another function answers nothing of ours, nor does the responder without the alias that alarms
    // may call, or with another one.
    let bot = "arn:aws:lambda:eu-central-1:1:function:chat-bot";
    let finding = only("alarm-not-wired", Error, with(alarm(true, &[bot])));
    assert!(finding.seen.contains(bot), "{}", finding.seen);
    assert!(finding.fix.contains(RESPONDER), "{}", finding.fix);
    let bare = RESPONDER.strip_suffix(":live").unwrap();
    for called in [bare.to_owned(), format!("{bare}:7")] {
        let finding = only("alarm-not-wired", Error, with(alarm(true, &[&called])));
        assert!(finding.seen.contains("only the alias"), "{}", finding.seen);
    }
    assert!(
        planted(with(alarm(true, &[bot, RESPONDER])))
            .findings
            .is_empty()
    );
    // Where it is not known which function is the responder, no function is called right or wrong.
    for action in [bot, RESPONDER] {
        let report = planted(|facts| {
            web(facts).alarms = Seen::Known(AlarmsSeen {
                alarms: vec![alarm(true, &[action])],
                responder: Seen::Unknown("no stack was named".to_owned()),
                ..wiring()
            });
        });
        assert!(report.findings.is_empty(), "{report:#?}");
        assert_eq!(report.unchecked.len(), 1);
        assert!(report.unchecked[0].why.contains("no stack was named"));
    }
    let topic = planted(with(alarm(true, &["arn:aws:sns:eu-central-1:1:alarms"])));
    assert!(topic.findings.is_empty());
    assert_eq!(
        topic.unchecked[0].id, "alarm-not-wired",
        "nobody knows who listens to a topic"
    );
}

#[test]
fn nights_that_do_not_come_and_nights_that_are_days_are_found() {
    let at = |expression: &str, zone: &str| {
        let table = Timetable {
            expression: expression.to_owned(),
            zone: zone.to_owned(),
            enabled: true,
        };
        Seen::Known(Some(table))
    };
    // Clocks in Berlin go from 02:00 to 03:00 on 29 March.
    let finding = only("nightly-skipped", Error, |facts| {
        facts.stack.nightly = at("cron(5 2 * * ? *)", "Europe/Berlin")
    });
    assert!(finding.seen.contains("2026-03-29"), "{}", finding.seen);
    // Santiago skips midnight.
    let report = planted(|facts| facts.stack.nightly = at("cron(5 0 * * ? *)", "America/Santiago"));
    assert_eq!(report.findings[0].id, "nightly-skipped");
    let finding = only("nightly-zone", Warning, |facts| {
        facts.stack.nightly = at("cron(5 0 * * ? *)", "Asia/Tokyo")
    });
    assert!(finding.seen.contains("Europe/Berlin"), "{}", finding.seen);
    let off = Timetable {
        enabled: false,
        expression: "cron(5 0 * * ? *)".to_owned(),
        zone: "UTC".to_owned(),
    };
    only("nightly-skipped", Error, |facts| {
        facts.stack.nightly = Seen::Known(Some(off))
    });
    only("nightly-skipped", Error, |facts| {
        facts.stack.nightly = Seen::Known(None)
    });
    let odd = planted(|facts| facts.stack.nightly = at("rate(1 day)", "UTC"));
    assert_eq!(odd.unchecked[0].id, "nightly-skipped");
}

#[test]
fn a_group_that_is_gone_going_or_untagged_is_found() {
    only("group-missing", Error, |facts| {
        web(facts).group = Seen::Known(None);
        web(facts).listing = Seen::Known(None);
        web(facts).actions = Seen::Known(Vec::new());
        web(facts).forecast = Seen::Known(None);
        web(facts).target.mode = config::Mode::Off;
    });
    only("group-missing", Error, |facts| {
        web(facts).group = Seen::Known(Some(Group {
            deleting: true,
            ..group()
        }))
    });
    let untagged = || {
        Seen::Known(Some(Listing {
            tags: [].into(),
            ..listing()
        }))
    };
    only("tag-missing", Error, |facts| {
        web(facts).listing = untagged()
    });
    only("tag-missing", Warning, |facts| {
        web(facts).listing = untagged();
        web(facts).target.mode = config::Mode::Shadow;
    });
    let other = [("forescale".to_owned(), "no".to_owned())].into();
    let finding = only("tag-missing", Error, |facts| {
        web(facts).listing = Seen::Known(Some(Listing {
            tags: other,
            ..listing()
        }));
    });
    assert!(finding.seen.contains("forescale = no"));
    only("tagged-unmanaged", Note, |facts| {
        facts.stack.tagged_unmanaged = Seen::Known(vec!["shop".to_owned()])
    });
}

#[test]
fn target_tracking_that_keeps_more_than_the_plan_is_found() {
    let finding = only("tracking-fights", Warning, |facts| {
        web(facts).policies = Seen::Known(vec![tracking(Some(Tracked::RequestsPerServer(500.0)))]);
    });
    assert_eq!(finding.numbers["servers_over_plan"], 2.0);
    let report = planted(|facts| {
        web(facts).policies = Seen::Known(vec![tracking(Some(Tracked::Cpu(40.0)))])
    });
    assert!(report.findings.is_empty());
    assert_eq!(
        report.unchecked[0].id, "tracking-fights",
        "CPU and a typed-in throughput cannot be compared"
    );
    only("nothing-scales-in", Warning, |facts| {
        web(facts).policies = Seen::Known(Vec::new());
        web(facts).target.control.desired = config::Desired::Never;
    });
    assert!(
        planted(|facts| web(facts).policies = Seen::Known(Vec::new()))
            .findings
            .is_empty()
    );
}

#[test]
fn old_and_missing_forecasts_and_plans_are_found() {
    let forecast = |age: i64, end: i64| {
        Seen::Known(Some(ForecastFacts {
            written_at: ago(age),
            end: ago(end),
            peak_at: now(),
            peak_p50: 9_000.0,
            peak_p99: 9_500.0,
        }))
    };
    let finding = only("forecast-stale", Warning, |facts| {
        web(facts).forecast = forecast(34, -38)
    });
    assert_eq!(finding.numbers["age_hours"], 34.0);
    only("forecast-stale", Error, |facts| {
        web(facts).forecast = forecast(90, 18)
    });
    only("forecast-stale", Error, |facts| {
        web(facts).forecast = Seen::Known(None)
    });
    let plan_to = |hours: i64| {
        Seen::Known(Some(Plan {
            expires_at: ago(-hours),
            ..plan()
        }))
    };
    let finding = only("plan-stale", Warning, |facts| web(facts).plan = plan_to(18));
    assert_eq!(finding.numbers["age_hours"], 8.0);
    only("plan-stale", Error, |facts| web(facts).plan = plan_to(-2));
    only("plan-stale", Error, |facts| {
        web(facts).plan = Seen::Known(None)
    });
    let cut = |hours| Plan {
        applied: false,
        decided_at: ago(hours),
        ..plan()
    };
    only("plan-stale", Error, |facts| {
        web(facts).plan = Seen::Known(Some(cut(2)))
    });
    assert!(
        planted(|facts| web(facts).plan = Seen::Known(Some(cut(1))))
            .findings
            .is_empty()
    );
    // On paper nothing is ever applied.
    let report = planted(|facts| {
        web(facts).target.mode = config::Mode::Shadow;
        web(facts).plan = Seen::Known(Some(cut(2)));
    });
    assert!(report.findings.is_empty());
    only("document-unusable", Error, |facts| {
        web(facts).unusable = vec!["plan.json is damaged".to_owned()]
    });
}

#[test]
fn dead_letters_pauses_and_releases_are_found() {
    let finding = only("dead-letters", Error, |facts| {
        facts.stack.dead_letters = Seen::Known(DeadLetters {
            events: 3,
            tasks: 0,
        })
    });
    assert_eq!(finding.numbers["events"], 3.0);
    assert!(finding.seen.contains("FailedEvents"), "{}", finding.seen);
    let finding = only("dead-letters", Error, |facts| {
        facts.stack.dead_letters = Seen::Known(DeadLetters {
            events: 0,
            tasks: 1,
        })
    });
    assert_eq!(finding.numbers["tasks"], 1.0);
    assert!(
        finding
            .seen
            .starts_with("1 message in the queue FailedTasks"),
        "{}",
        finding.seen
    );
    only("paused", Warning, |facts| {
        facts.pause = Some(Pause {
            since: ago(1),
            until: None,
            by: "ann".to_owned(),
            reason: "move".to_owned(),
        });
    });
    let released = |done| {
        Seen::Known(Some(Released {
            since: ago(2),
            by: "ann".to_owned(),
            reason: "moving away".to_owned(),
            found_min_size: 9,
            min_size: Some(2),
            done,
            by_pause: false,
        }))
    };
    only("released", Note, |facts| {
        web(facts).released = released(true)
    });
    let finding = only("released", Error, |facts| {
        web(facts).released = released(false)
    });
    assert!(finding.fix.contains("forescale release web"));
}

#[test]
fn what_is_not_known_is_said_and_never_passed() {
    let report = planted(|facts| {
        let why = || "no account".to_owned();
        facts.stack = StackFacts {
            permissions: Permissions {
                denied: Vec::new(),
                unasked: vec![why()],
            },
            dead_letters: Seen::Unknown(why()),
            nightly: Seen::Unknown(why()),
            vcpu_quota: Seen::Unknown(why()),
            vcpu_used: Seen::Unknown(why()),
            tagged_unmanaged: Seen::Unknown(why()),
        };
        let target = web(facts);
        target.group = Seen::Unknown(why());
        target.listing = Seen::Unknown(why());
        target.actions = Seen::Unknown(why());
        target.policies = Seen::Unknown(why());
        target.launches = Seen::Unknown(why());
        target.image = Some(Seen::Unknown(why()));
        target.demand = Seen::Unknown(why());
        target.resource = Some(Seen::Unknown(why()));
        target.history = Seen::Unknown(why());
        target.forecast = Seen::Unknown(why());
        target.plan = Seen::Unknown(why());
        target.released = Seen::Unknown(why());
        target.alarms = Seen::Unknown(why());
    });
    assert!(report.findings.is_empty(), "{report:#?}");
    let unchecked: BTreeSet<&str> = report.unchecked.iter().map(|line| line.id).collect();
    // These need no fact beyond the configuration, or share one with another that is named.
    let shared = [
        "config-invalid",
        "config-note",
        "paused",
        "document-unusable",
        "boot-slower",
        "instance-scheduler",
        "nothing-scales-in",
        "actions-full",
    ];
    for check in CHECKS {
        assert!(
            unchecked.contains(check.id) || shared.contains(&check.id),
            "{} is passed in silence",
            check.id
        );
    }
}
