//! Each fault is found when it is planted, alone, and a healthy set-up has none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use config::Config;
use doctor::{
    AlarmsSeen, CHECKS, Datapoints, Denied, Facts, ForecastFacts, HistoryFacts, Image, ImageFacts,
    Release, Report, Seen, Severity, StackFacts, TargetFacts, examine,
};
use documents::{Pause, Plan, PlanStep, Released, Shortfall};
use fleet::{Group, Policy, PolicyKind, ScheduledAction, Tracked};
use jiff::{SignedDuration, Timestamp};
use planning::{Change, MeasuredLeadTime, Span};
use ports::{AlarmListing, DeadLetters, Listing, Timetable};

fn now() -> Timestamp {
    "2026-03-10T10:20:00Z".parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn target(more: &str) -> config::Target {
    let text = format!(
        "[[target]]\nname = \"web\"\ngroup = \"web-asg\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n\
         time_zone = \"Europe/Berlin\"\nmin_servers = 2\nmax_servers = 40\nthroughput = 1000\n\
         lead_time = \"6m\"\n{more}\n"
    );
    Config::parse("t", &text).unwrap().targets.remove(0)
}

fn group() -> Group {
    Group {
        name: "web-asg".to_owned(),
        min_size: 6,
        max_size: 40,
        desired_capacity: 8,
        ..Group::default()
    }
}

fn listing() -> Listing {
    Listing {
        name: "web-asg".to_owned(),
        arn: "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:x:autoScalingGroupName/web-asg"
            .to_owned(),
        min_size: 6,
        max_size: 40,
        desired_capacity: 8,
        tags: [("forescale".to_owned(), "managed".to_owned())].into(),
        collected: vec!["GroupInServiceInstances".to_owned()],
        target_groups: Vec::new(),
        instance_types: vec!["m5.large".to_owned()],
    }
}

fn plan() -> Plan {
    let floor = |hours: i64, servers| PlanStep {
        start: ago(-hours),
        servers,
        reason: String::new(),
    };
    Plan {
        decided_at: ago(0) - minutes(40),
        decided_by: "planner".to_owned(),
        fence: 3,
        steps: vec![floor(-1, 8), floor(8, 14)],
        expires_at: ago(-25) - minutes(20),
        floors: vec![floor(-1, 8), floor(8, 14)],
        actions: Vec::new(),
        found_min_size: 6,
        changed_at: None,
        human_floor: None,
        applied: true,
        forecast: None,
        shortfall: None,
        canary: None,
        policy: None,
        ceiling: None,
        notes: Vec::new(),
    }
}

fn tracking(tracks: Option<Tracked>) -> Policy {
    Policy {
        name: "tt".to_owned(),
        kind: PolicyKind::TargetTracking,
        enabled: true,
        scales_in: true,
        tracks,
    }
}

fn launches() -> MeasuredLeadTime {
    MeasuredLeadTime {
        lead_time: minutes(5),
        launches: 40,
        launch: minutes(4),
        warmup: Some(minutes(1)),
        version: None,
        cold: None,
        from_pool: None,
        into_pool: None,
        change: None,
    }
}

fn action(name: &str) -> ScheduledAction {
    ScheduledAction {
        name: name.to_owned(),
        start: Some(ago(-3)),
        end: None,
        recurrence: None,
        min_size: Some(9),
        max_size: None,
        desired_capacity: None,
    }
}

fn release(version: &str, hours: i64) -> Release {
    Release {
        version: version.to_owned(),
        at: ago(hours),
    }
}

/// Half an hour after the release.
fn image(version: &str, hours: i64) -> Image {
    Image {
        release: release(version, hours),
        ready: ago(hours) + minutes(30),
    }
}

/// Everything known and nothing wrong, for a target in active mode.
fn healthy() -> Facts {
    let web = TargetFacts {
        target: target("mode = \"active\"\napplication = \"web\""),
        group: Seen::Known(Some(group())),
        listing: Seen::Known(Some(listing())),
        actions: Seen::Known(vec![action("forescale-web-asg-20260310T1320Z")]),
        policies: Seen::Known(vec![tracking(Some(Tracked::RequestsPerServer(900.0)))]),
        launches: Seen::Known(launches()),
        image: Some(Seen::Known(ImageFacts {
            release: Some(release("2.1", 50)),
            image: Some(image("2.1", 50)),
        })),
        throughput: 1000.0,
        demand: Seen::Known(Datapoints {
            hours: 3,
            minutes: 178,
            fives: 36,
        }),
        resource: Some(Seen::Known(Datapoints {
            hours: 3,
            minutes: 178,
            fives: 36,
        })),
        history: Seen::Known(Some(HistoryFacts {
            from: ago(24 * 40),
            to: ago(10),
            missing: 0.01,
        })),
        forecast: Seen::Known(Some(ForecastFacts {
            written_at: ago(10),
            end: ago(-62),
            peak_at: ago(-8),
            peak_p50: 12_000.0,
            peak_p99: 14_000.0,
        })),
        plan: Seen::Known(Some(plan())),
        released: Seen::Known(None),
        alarms: Seen::Known(AlarmsSeen {
            alarms: vec![AlarmListing {
                name: "forescale-web-band".to_owned(),
                actions_enabled: true,
                actions: Vec::new(),
                metrics: Vec::new(),
            }],
            answered: Some(vec!["forescale-".to_owned()]),
        }),
        unusable: Vec::new(),
    };
    Facts {
        now: now(),
        config_problems: Vec::new(),
        config_notes: Vec::new(),
        pause: None,
        stack: StackFacts {
            denied: Seen::Known(Vec::new()),
            dead_letters: Seen::Known(DeadLetters::default()),
            nightly: Seen::Known(Some(Timetable {
                expression: "cron(5 0 * * ? *)".to_owned(),
                zone: "UTC".to_owned(),
                enabled: true,
            })),
            vcpu_quota: Seen::Known(256.0),
            vcpu_used: Seen::Known(40.0),
            tagged_unmanaged: Seen::Known(Vec::new()),
        },
        targets: vec![web],
    }
}

/// What is found once `plant` has spoilt a healthy set-up.
fn planted(plant: impl FnOnce(&mut Facts)) -> Report {
    let mut facts = healthy();
    plant(&mut facts);
    examine(&facts)
}

/// Plants a fault, which has to be the only finding, and gives back its words and numbers.
fn only(id: &str, severity: Severity, plant: impl FnOnce(&mut Facts)) -> doctor::Finding {
    let report = planted(plant);
    let found: Vec<_> = report.findings.iter().map(|f| (f.id, f.severity)).collect();
    assert_eq!(found, [(id, severity)], "{report:#?}");
    let finding = report.findings.into_iter().next().unwrap();
    assert!(!finding.seen.is_empty() && !finding.why.is_empty() && !finding.fix.is_empty());
    assert!(
        CHECKS.iter().any(|check| check.id == id),
        "{id} is registered"
    );
    finding
}

fn web(facts: &mut Facts) -> &mut TargetFacts {
    &mut facts.targets[0]
}

use Severity::{Error, Note, Warning};

#[test]
fn a_healthy_set_up_has_no_finding_and_nothing_unchecked() {
    let mut report = examine(&healthy());
    let measured: Vec<&str> = report.measured.iter().map(|it| it.id).collect();
    assert_eq!(measured, ["lead-time", "image"]);
    report.measured.clear();
    assert_eq!(report, Report::default());
    assert_eq!(report.worst(), None);
}

#[test]
fn what_is_wrong_with_the_configuration_is_told_one_by_one() {
    let report = planted(|facts| {
        facts.config_problems = vec!["a:1: x".to_owned(), "a:2: y".to_owned()];
    });
    assert_eq!(report.findings.len(), 2);
    assert!(
        report
            .findings
            .iter()
            .all(|f| f.id == "config-invalid" && f.severity == Error)
    );
    only("config-note", Warning, |facts| {
        facts.config_notes = vec!["events".to_owned()]
    });
}

#[test]
fn a_missing_permission_is_found() {
    let finding = only("permission-denied", Error, |facts| {
        facts.stack.denied = Seen::Known(vec![Denied {
            who: "planner".to_owned(),
            call: "autoscaling:UpdateAutoScalingGroup".to_owned(),
            resource: "web-asg".to_owned(),
            detail: "implicitDeny".to_owned(),
        }]);
    });
    assert!(
        finding
            .seen
            .contains("planner may not call autoscaling:UpdateAutoScalingGroup")
    );
}

#[test]
fn short_missing_and_holey_history_is_found() {
    let history = |days: i64, missing| {
        Seen::Known(Some(HistoryFacts {
            from: ago(24 * days),
            to: ago(0),
            missing,
        }))
    };
    let finding = only("history-short", Warning, |facts| {
        web(facts).history = history(9, 0.0)
    });
    assert_eq!(finding.numbers["days"], 9.0);
    only("history-short", Error, |facts| {
        web(facts).history = history(1, 0.0)
    });
    only("history-short", Error, |facts| {
        web(facts).history = Seen::Known(None)
    });
    let finding = only("history-gaps", Warning, |facts| {
        web(facts).history = history(30, 0.4)
    });
    assert_eq!(finding.numbers["missing_share"], 0.4);
    assert!(
        planted(|facts| web(facts).history = history(14, 0.2))
            .findings
            .is_empty()
    );
}

#[test]
fn silent_and_five_minute_metrics_are_found() {
    let points = |minutes, fives| Datapoints {
        hours: 3,
        minutes,
        fives,
    };
    only("metric-silent", Error, |facts| {
        web(facts).demand = Seen::Known(points(0, 0))
    });
    let finding = only("metric-coarse", Warning, |facts| {
        web(facts).demand = Seen::Known(points(36, 36))
    });
    assert_eq!(finding.numbers["by_five_minutes"], 36.0);
    let finding = only("metric-coarse", Warning, |facts| {
        web(facts).resource = Some(Seen::Known(points(36, 36)))
    });
    assert!(finding.fix.contains("detailed monitoring"));
    // Rare requests leave minutes out, but not by fives.
    assert!(
        planted(|facts| web(facts).demand = Seen::Known(points(60, 30)))
            .findings
            .is_empty()
    );
}

#[test]
fn group_metrics_that_are_off_are_found() {
    let finding = only("group-metrics-off", Warning, |facts| {
        web(facts).listing = Seen::Known(Some(Listing {
            collected: Vec::new(),
            ..listing()
        }));
    });
    assert!(
        finding
            .fix
            .contains("enable-metrics-collection --auto-scaling-group-name web-asg")
    );
}

#[test]
fn a_lead_time_below_what_launches_take_is_found() {
    let slow = MeasuredLeadTime {
        lead_time: minutes(9),
        launch: minutes(8),
        ..launches()
    };
    let finding = only("lead-time-short", Error, |facts| {
        web(facts).launches = Seen::Known(slow.clone())
    });
    assert_eq!(finding.numbers["measured_seconds"], 540.0);
    assert_eq!(finding.numbers["configured_seconds"], 360.0);
    // One that is measured follows by itself.
    let report = planted(|facts| {
        web(facts).launches = Seen::Known(slow);
        web(facts).target.lead_time = config::LeadTime::Measured {
            initial: minutes(5),
        };
    });
    assert!(report.findings.is_empty());
    only("boot-slower", Warning, |facts| {
        let change = Change {
            from: minutes(3),
            to: minutes(5),
            version: Some("7".to_owned()),
            since: ago(30),
            launches: 6,
            followed: true,
        };
        web(facts).launches = Seen::Known(MeasuredLeadTime {
            change: Some(change),
            ..launches()
        });
    });
}

/// What was measured under `id`, once `plant` is done.
fn measured(id: &str, plant: impl FnOnce(&mut Facts)) -> doctor::Measured {
    let mut of_id = planted(plant).measured;
    of_id.retain(|it| it.id == id);
    assert_eq!(of_id.len(), 1, "{of_id:?}");
    of_id.remove(0)
}

#[test]
fn the_parts_of_the_lead_time_are_told_as_far_as_activities_tell() {
    let told = measured("lead-time", |_| {});
    assert!(
        told.seen.contains("4m from launch to in service (80 %"),
        "{}",
        told.seen
    );
    assert!(told.seen.contains("do not tell apart"), "{}", told.seen);
    assert!(told.seen.ends_with("1m warm-up (20 %)"), "{}", told.seen);
    assert_eq!(told.numbers["launch_seconds"], 240.0);
    assert_eq!(told.numbers["warmup_seconds"], 60.0);

    // A warm pool takes boot and code fetch apart from the start.
    let span = |median| {
        Some(Span {
            count: 9,
            median: SignedDuration::from_secs(median),
            p90: SignedDuration::from_secs(2 * median),
        })
    };
    let told = measured("lead-time", |facts| {
        web(facts).launches = Seen::Known(MeasuredLeadTime {
            cold: span(230),
            from_pool: span(40),
            into_pool: span(180),
            ..launches()
        });
    });
    assert!(
        told.seen
            .contains("boot and code fetch 3m, start 40s (medians); from nothing 3m 50s"),
        "{}",
        told.seen
    );
    assert_eq!(told.numbers["boot_and_fetch_seconds"], 180.0);
    assert_eq!(told.numbers["start_seconds"], 40.0);

    // And a new image what it saves.
    let told = measured("lead-time", |facts| {
        web(facts).launches = Seen::Known(MeasuredLeadTime {
            change: Some(Change {
                from: minutes(6),
                to: minutes(2),
                version: Some("8".to_owned()),
                since: ago(30),
                launches: 6,
                followed: true,
            }),
            ..launches()
        });
    });
    assert!(
        told.seen
            .contains("version 8 a launch takes 2m, before it took 6m, which saves 4m"),
        "{}",
        told.seen
    );
}

#[test]
fn an_image_behind_its_release_is_found() {
    let with = |release: Option<Release>, image: Option<Image>| {
        move |facts: &mut Facts| {
            web(facts).image = Some(Seen::Known(ImageFacts { release, image }));
        }
    };
    let finding = only(
        "image-behind",
        Warning,
        with(Some(release("2.2", 30)), Some(image("2.1", 50))),
    );
    assert_eq!(finding.numbers["behind_hours"], 30.0);
    assert_eq!(finding.numbers["image_age_hours"], 49.5);
    assert!(
        finding.seen.contains("release 2.1 of web; release 2.2"),
        "{}",
        finding.seen
    );
    let told = measured(
        "image",
        with(Some(release("2.2", 30)), Some(image("2.1", 50))),
    );
    assert!(told.seen.contains("behind release 2.2"), "{}", told.seen);
    let told = measured("image", |_| {});
    assert!(
        told.seen.contains("web 2.1") && told.seen.ends_with("the last release"),
        "{}",
        told.seen
    );
    assert_eq!(told.numbers["behind_hours"], 0.0);
    // While it is being built nothing is wrong.
    let fresh = planted(with(Some(release("2.2", 0)), Some(image("2.1", 50))));
    assert!(fresh.findings.is_empty(), "{fresh:#?}");
}

#[test]
fn an_application_without_an_image_is_found() {
    let with = |release: Option<Release>| {
        move |facts: &mut Facts| {
            let image = None;
            web(facts).image = Some(Seen::Known(ImageFacts { release, image }));
        }
    };
    let finding = only("image-missing", Warning, with(None));
    assert!(finding.fix.contains("Application=web"), "{}", finding.fix);
    let finding = only("image-missing", Warning, with(Some(release("2.2", 3))));
    assert!(finding.seen.contains("2.2"), "{}", finding.seen);
    assert!(planted(with(Some(release("2.2", 0)))).findings.is_empty());
    // A target that names no application has no image to tell of.
    let report = planted(|facts| {
        web(facts).target = target("mode = \"active\"");
        web(facts).image = None;
    });
    assert!(report.findings.is_empty() && report.unchecked.is_empty());
}

#[test]
fn what_else_acts_on_the_group_is_found() {
    let with = |name: &'static str| {
        move |facts: &mut Facts| web(facts).actions = Seen::Known(vec![action(name)])
    };
    let finding = only("foreign-actions", Warning, with("nightly-stop"));
    assert!(finding.seen.contains("nightly-stop"));
    only("instance-scheduler", Warning, with("IS-office-stop"));
    only("instance-scheduler", Warning, |facts| {
        let mut tagged = listing();
        tagged
            .tags
            .insert("Schedule".to_owned(), "office-hours".to_owned());
        web(facts).listing = Seen::Known(Some(tagged));
    });
    only("predictive-scaling", Warning, |facts| {
        let predictive = Policy {
            kind: PolicyKind::Predictive,
            scales_in: false,
            tracks: None,
            ..tracking(None)
        };
        let both = vec![
            tracking(Some(Tracked::RequestsPerServer(900.0))),
            predictive,
        ];
        web(facts).policies = Seen::Known(both);
    });
    let report = planted(|facts| {
        web(facts).actions =
            Seen::Known((0..100).map(|n| action(&format!("theirs-{n}"))).collect());
    });
    let found: Vec<_> = report.findings.iter().map(|f| (f.id, f.severity)).collect();
    assert_eq!(
        found,
        [("actions-full", Error), ("foreign-actions", Warning)]
    );
}

#[test]
fn suspended_processes_are_found() {
    for (process, severity) in [
        ("Launch", Error),
        ("ScheduledActions", Error),
        ("AddToLoadBalancer", Error),
        ("Terminate", Warning),
        ("AlarmNotification", Warning),
    ] {
        let suspended = Group {
            suspended_processes: vec![process.to_owned()],
            ..group()
        };
        let finding = only("process-suspended", severity, |facts| {
            web(facts).group = Seen::Known(Some(suspended))
        });
        assert!(finding.fix.contains(process));
    }
}

#[test]
fn limits_below_the_forecast_are_found() {
    let max = |max_size| {
        Seen::Known(Some(Group {
            max_size,
            ..group()
        }))
    };
    // 12 servers at the median, 14 at the 99th percentile.
    let finding = only("max-size-low", Warning, |facts| web(facts).group = max(13));
    assert_eq!(
        (finding.numbers["needed"], finding.numbers["allowed"]),
        (14.0, 13.0)
    );
    only("max-size-low", Error, |facts| web(facts).group = max(11));
    only("max-size-low", Error, |facts| {
        web(facts).target.max_servers = 10
    });
    assert!(
        planted(|facts| web(facts).group = max(14))
            .findings
            .is_empty()
    );
    // The plan knows of an event that the forecast does not.
    let finding = only("max-size-low", Warning, |facts| {
        let shortfall = Shortfall {
            from: ago(-5),
            needed: 55,
            allowed: 40,
            limit: "MaxSize".to_owned(),
        };
        web(facts).plan = Seen::Known(Some(Plan {
            shortfall: Some(shortfall),
            ..plan()
        }));
    });
    assert_eq!(finding.numbers["needed"], 55.0);
}

#[test]
fn a_quota_that_is_too_small_is_found() {
    // Six servers more than the eight of now, of two vCPUs each.
    let finding = only("instance-quota", Error, |facts| {
        facts.stack.vcpu_quota = Seen::Known(51.0)
    });
    assert_eq!(
        (finding.numbers["used"], finding.numbers["more"]),
        (40.0, 12.0)
    );
    // Forty servers would be 64 vCPUs more.
    only("instance-quota", Warning, |facts| {
        facts.stack.vcpu_quota = Seen::Known(103.0)
    });
    assert!(
        planted(|facts| facts.stack.vcpu_quota = Seen::Known(104.0))
            .findings
            .is_empty()
    );
    let report = planted(|facts| {
        let gpu = Listing {
            instance_types: vec!["p4d.24xlarge".to_owned()],
            ..listing()
        };
        web(facts).listing = Seen::Known(Some(gpu));
    });
    assert_eq!(report.unchecked[0].id, "instance-quota");
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
        let answered = Some(vec!["forescale-".to_owned()]);
        move |facts: &mut Facts| {
            web(facts).alarms = Seen::Known(AlarmsSeen {
                alarms: vec![alarm],
                answered,
            });
        }
    };
    only("alarm-missing", Warning, |facts| {
        web(facts).alarms = Seen::Known(AlarmsSeen {
            alarms: Vec::new(),
            answered: Some(Vec::new()),
        });
    });
    only("alarm-not-wired", Error, with(alarm(true, &[])));
    let lambda = "arn:aws:lambda:eu-central-1:1:function:forescale-ResponderFunction:live";
    only("alarm-not-wired", Error, with(alarm(false, &[lambda])));
    assert!(planted(with(alarm(true, &[lambda]))).findings.is_empty());
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
            denied: Seen::Unknown(why()),
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

/// The table of checks in `docs/command.md`.
#[test]
fn every_check_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/command.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page
        .split_once("<!-- made of the checks: begin -->\n")
        .unwrap();
    let (table, _) = rest.split_once("<!-- made of the checks: end -->").unwrap();
    let head = "| id | looks for |\n|---|---|\n".to_owned();
    let rows: String = CHECKS
        .iter()
        .map(|check| format!("| `{}` | {} |\n", check.id, check.looks_for))
        .collect();
    let wanted = head + &rows;
    assert!(table == wanted, "docs/command.md should have:\n{wanted}");
}
