//! Each fault is found when it is planted, alone, and a healthy set-up has none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod demand;
mod group;
mod launches;
mod permissions;
mod running;

use std::collections::BTreeSet;

use config::Config;
use doctor::{
    AlarmsSeen, CHECKS, Datapoints, Denied, Facts, ForecastFacts, HistoryFacts, Image, ImageFacts,
    Permissions, Release, Report, Seen, Severity, StackFacts, TargetFacts, examine,
};
use documents::{Pause, Plan, PlanStep, Released, Shortfall};
use fleet::{Group, Policy, PolicyKind, ScheduledAction, Tracked};
use jiff::{SignedDuration, Timestamp};
use planning::{Change, MeasuredLeadTime, Span};
use ports::{AlarmListing, DeadLetters, LaunchTemplate, Listing, Timetable};

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

/// The alias that alarms may call.
const RESPONDER: &str =
    "arn:aws:lambda:eu-central-1:1:function:forescale-ResponderFunction-1a2B:live";

fn template(version: &str) -> LaunchTemplate {
    LaunchTemplate {
        id: "lt-1".to_owned(),
        name: "web".to_owned(),
        version: version.to_owned(),
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
        launch_templates: vec![template("$Default")],
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
        rehearsed: false,
        unsettled: Vec::new(),
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
        launch_template: Some("lt-1".to_owned()),
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
            answered: Seen::Known(vec!["forescale-".to_owned()]),
            responder: Seen::Known(RESPONDER.to_owned()),
        }),
        unusable: Vec::new(),
    };
    Facts {
        now: now(),
        config_problems: Vec::new(),
        config_notes: Vec::new(),
        pause: None,
        stack: StackFacts {
            permissions: Permissions::default(),
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
