use doctor::{Report, Severity, examine};
use documents::{Accuracy, DataRecord, Envelope, Forecast, History, Plan, encode, keys};
use local::{Account, CsvMetrics, Fault, Faults, MemoryStore, SimulatedGroupPort, VirtualClock};
use pollster::block_on;
use ports::{
    AlarmListing, Clock, Condition, DeadLetters, LaunchTemplate, Listing, MetricName, RoleOf,
    Timetable,
};
use simulation::{GroupSpec, Origin, SimulatedGroup, Source};
use timeseries::{Series, Step};

use super::*;

mod stage;

use stage::{ALIAS, CONFIG, Stage};

#[test]
fn a_healthy_deployment_is_looked_at_in_full_without_a_finding() {
    let mut report = Stage::healthy().report();
    let measured: Vec<&str> = report.measured.iter().map(|it| it.id).collect();
    assert_eq!(measured, ["lead-time"]);
    report.measured.clear();
    assert_eq!(report, Report::default());
}

#[test]
fn the_image_is_compared_with_the_last_release() {
    let with = |release: &str, image: &str| {
        let mut stage = Stage::healthy();
        let text = CONFIG.to_owned() + "application = \"shop\"\n";
        stage.put(keys::CONFIG, text.as_bytes());
        let name = |what: &str| format!("/forescale/images/shop/{what}");
        let given = [(name("release"), release), (name("image"), image)];
        let given = given.into_iter().filter(|(_, text)| !text.is_empty());
        let given = given.map(|(name, text)| (name, text.to_owned()));
        stage.account.parameters = Some(given.collect());
        stage
    };
    // As the pipeline's state machine writes them.
    let release = |version: &str, at: &str| {
        format!(
            r#"{{"version":"{version}","artifact":"s3://releases/shop/{version}.tar.gz","at":"{at}"}}"#
        )
    };
    let image = |release: &str| {
        format!(
            r#"{{"image":"arn:aws:imagebuilder:eu-west-1:1:image/forescale-shop/1.0.0/7","release":{release},"ready":"2026-03-02T08:31:07.123Z"}}"#
        )
    };
    let first = release("1", "2026-03-02T08:00:00Z");
    let second = release("2", "2026-03-09T08:00:00Z");
    let stage = with(&first, &image(&first));
    assert_eq!(stage.found(), []);
    let report = stage.report();
    assert_eq!(report.measured[1].id, "image");
    assert!(report.unchecked.is_empty(), "{report:?}");
    let stage = with(&second, &image(&first));
    assert_eq!(stage.found(), [("image-behind", Severity::Warning)]);
    let stage = with("", "");
    assert_eq!(stage.found(), [("image-missing", Severity::Warning)]);
    // Something else than the pipeline's is not guessed at.
    let report = with("later", &image(&first)).report();
    assert!(report.findings.is_empty(), "{report:?}");
    assert!(
        report.unchecked.iter().any(|it| it.id == "image-behind"),
        "{report:?}"
    );
}

#[test]
fn a_number_as_version_is_one_too_and_a_pinned_group_is_found() {
    let mut stage = Stage::healthy();
    let text = CONFIG.to_owned() + "application = \"shop\"\n";
    stage.put(keys::CONFIG, text.as_bytes());
    let release =
        r#"{"version":42,"artifact":"s3://releases/shop/42.tar.gz","at":"2026-03-02T08:00:00Z"}"#;
    let image = format!(
        r#"{{"image":"arn:image","release":{},"ready":"2026-03-02T08:31:07Z","launch_template":"lt-1"}}"#,
        release.replace("42,", "\"42\",")
    );
    let name = |what: &str| format!("/forescale/images/shop/{what}");
    let parameters = [
        (name("release"), release.to_owned()),
        (name("image"), image),
    ];
    stage.account.parameters = Some(parameters.into());
    let report = stage.report();
    assert!(
        report.findings.is_empty() && report.unchecked.is_empty(),
        "{report:#?}"
    );
    assert!(report.measured[1].seen.contains("shop 42"), "{report:#?}");
    let pin = |version: &str, stage: &mut Stage| {
        let listings = stage.account.listings.as_mut().unwrap();
        listings[0].launch_templates[0].version = version.to_owned();
    };
    pin("7", &mut stage);
    assert_eq!(stage.found(), [("image-unused", Severity::Warning)]);
    pin("$Default", &mut stage);
    stage.account.listings.as_mut().unwrap()[0].launch_templates[0].id = "lt-2".to_owned();
    assert_eq!(stage.found(), [("image-unused", Severity::Warning)]);
}

#[test]
fn an_alarm_has_to_call_the_stacks_own_responder() {
    let with = |action: &str| {
        let mut stage = Stage::healthy();
        stage.account.answered_prefixes = Some(vec!["other-".to_owned()]);
        let alarms = stage.account.alarms.as_mut().unwrap();
        alarms[0].actions = vec![action.to_owned()];
        stage
    };
    assert_eq!(with(ALIAS).found(), []);
    let bot = "arn:aws:lambda:eu-central-1:1:function:chat-bot";
    let wrong = [("alarm-not-wired", Severity::Error)];
    assert_eq!(with(bot).found(), wrong);
    assert_eq!(with(ALIAS.strip_suffix(":live").unwrap()).found(), wrong);
    // Which function is the responder is not known: neither right nor wrong.
    let mut unnamed = with(bot);
    unnamed.account.stack_arns = None;
    let report = unnamed.report();
    assert!(report.findings.is_empty(), "{report:#?}");
    assert!(report.unchecked.iter().any(|it| it.id == "alarm-not-wired"));
}

#[test]
fn what_is_planted_behind_the_ports_is_found() {
    use Severity::{Error, Warning};
    let stage = Stage::healthy();
    stage.put(
        keys::CONFIG,
        b"[[target]]\nname = \"web\"\nmax_serves = 3\n",
    );
    let found = stage.found();
    assert!(
        found.len() >= 2 && found.iter().all(|f| *f == ("config-invalid", Error)),
        "{found:?}"
    );

    let stage = Stage::healthy();
    stage.put(&keys::plan("web"), b"{");
    assert_eq!(stage.found(), [("document-unusable", Error)]);

    let stage = Stage::healthy();
    stage.put(keys::CONFIG, CONFIG.replace("web-asg", "other").as_bytes());
    let found = stage.found();
    assert_eq!(found[0], ("group-missing", Error), "{found:?}");

    let stage = Stage::healthy();
    stage
        .groups
        .with("web-asg", SimulatedGroup::begin_deleting)
        .unwrap();
    assert_eq!(stage.found(), [("group-missing", Error)]);

    let stage = Stage::healthy();
    stage.put(keys::CONFIG, CONFIG.replace("6m", "3m").as_bytes());
    assert_eq!(stage.found(), [("lead-time-short", Error)]);

    let mut stage = Stage::healthy();
    stage.account.alarms = Some(Vec::new());
    stage.account.dead_letters = Some(DeadLetters {
        events: 2,
        tasks: 0,
    });
    assert_eq!(
        stage.found(),
        [("dead-letters", Error), ("alarm-missing", Warning)]
    );

    let stage = Stage::healthy();
    stage.put(keys::CONFIG, CONFIG.replace("Requests", "Gone").as_bytes());
    assert_eq!(stage.found(), [("metric-silent", Error)]);

    let mut stage = Stage::healthy();
    stage.account.dead_letters = Some(DeadLetters {
        events: 0,
        tasks: 2,
    });
    assert_eq!(stage.found(), [("dead-letters", Error)]);

    let mut stage = Stage::healthy();
    stage.account.vcpu_quota = Some(30.0);
    assert_eq!(stage.found(), [("instance-quota", Warning)]);
}

#[test]
fn missing_permissions_are_found_for_roles_and_for_this_command() {
    let mut stage = Stage::healthy();
    let denied = vec!["autoscaling:UpdateAutoScalingGroup".to_owned()];
    stage.account.denied = Some([(RoleOf::Planner, denied)].into());
    let report = stage.report();
    assert_eq!(report.findings.len(), 1);
    assert!(
        report.findings[0]
            .seen
            .starts_with("planner may not call autoscaling:UpdateAutoScalingGroup")
    );
    for operation in [
        "group",
        "scheduled_actions",
        "policies",
        "activities",
        "read",
        "list",
    ] {
        let stage = Stage {
            faults: Faults::none().every(operation, Fault::Denied),
            ..Stage::healthy()
        };
        let report = stage.report();
        assert!(!report.findings.is_empty(), "{operation}");
        let denied = |f: &doctor::Finding| f.id == "permission-denied";
        assert!(
            report.findings.iter().all(denied),
            "{operation}: {report:?}"
        );
        assert!(
            !report.unchecked.is_empty(),
            "{operation}: what it hides is told"
        );
    }
}

#[test]
fn each_role_is_asked_about_everything_it_does() {
    for (role, action) in [
        (RoleOf::Forecaster, "sns:Publish"),
        (RoleOf::Planner, "kms:GenerateDataKey"),
        (RoleOf::Planner, "cloudwatch:PutMetricData"),
        (RoleOf::Forecaster, "s3:PutObjectTagging"),
        (RoleOf::Responder, "sqs:SendMessage"),
        (RoleOf::Responder, "events:PutEvents"),
        (RoleOf::Responder, "logs:PutLogEvents"),
        (RoleOf::NightlySchedule, "lambda:InvokeFunction"),
    ] {
        let mut stage = Stage::healthy();
        stage.account.denied = Some([(role, vec![action.to_owned()])].into());
        let report = stage.report();
        let wanted = format!("{} may not call {action}", role.as_str());
        assert!(!report.findings.is_empty(), "{wanted}");
        for finding in &report.findings {
            assert_eq!(finding.id, "permission-denied");
            assert!(finding.seen.starts_with(&wanted), "{}", finding.seen);
        }
    }
    // What Application Auto Scaling and ECS are asked for, of a service.
    for action in [
        "application-autoscaling:RegisterScalableTarget",
        "ecs:UpdateService",
    ] {
        let mut stage = Stage::healthy();
        let service = CONFIG.replace("group = \"web-asg\"", "resource = \"ecs:service/prod/web\"");
        stage.put(keys::CONFIG, service.as_bytes());
        stage.account.denied = Some([(RoleOf::Planner, vec![action.to_owned()])].into());
        let findings = stage.report().findings;
        let denied = |it: &&doctor::Finding| it.id == "permission-denied";
        assert_eq!(findings.iter().filter(denied).count(), 1, "{action}");
    }
}

#[test]
fn what_is_denied_does_not_hide_what_could_not_be_asked() {
    // The planner lacks a call, and of the responder IAM says nothing.
    let mut stage = Stage::healthy();
    let lacks = vec!["autoscaling:UpdateAutoScalingGroup".to_owned()];
    stage.account.denied = Some([(RoleOf::Planner, lacks)].into());
    stage.account.silent = vec![RoleOf::Responder];
    let report = stage.report();
    let ids: Vec<&str> = report.findings.iter().map(|it| it.id).collect();
    assert_eq!(ids, ["permission-denied"]);
    let unchecked: Vec<&doctor::Unchecked> = report.unchecked.iter().collect();
    assert_eq!(unchecked.len(), 1, "{unchecked:?}");
    assert_eq!(unchecked[0].id, "permission-denied");
    assert!(unchecked[0].why.starts_with("responder: "), "{unchecked:?}");

    // Without any target the roles are asked about all the same.
    let mut stage = Stage::healthy();
    stage.put(keys::CONFIG, b"");
    let lacks = vec!["sns:Publish".to_owned()];
    stage.account.denied = Some([(RoleOf::Planner, lacks)].into());
    let findings = stage.report().findings;
    assert!(
        findings.iter().any(|it| it.id == "permission-denied"),
        "{findings:?}"
    );
}

#[test]
fn calls_that_fail_are_told_as_not_checked_and_cost_nothing_else() {
    for operation in [
        "group",
        "scheduled_actions",
        "policies",
        "activities",
        "read",
        "list",
    ] {
        for fault in [Fault::Throttled, Fault::UnansweredBefore] {
            let stage = Stage {
                faults: Faults::none().every(operation, fault),
                ..Stage::healthy()
            };
            let report = stage.report();
            assert!(report.findings.is_empty(), "{operation}: {report:?}");
            assert!(!report.unchecked.is_empty(), "{operation}");
        }
    }
}

#[test]
fn an_account_that_says_nothing_is_no_fault() {
    let stage = Stage {
        account: Account::default(),
        ..Stage::healthy()
    };
    let report = stage.report();
    assert!(report.findings.is_empty(), "{report:?}");
    let unchecked: Vec<_> = report.unchecked.iter().map(|line| line.id).collect();
    for id in [
        "permission-denied",
        "dead-letters",
        "instance-quota",
        "tag-missing",
        "alarm-missing",
    ] {
        assert!(unchecked.contains(&id), "{id}: {unchecked:?}");
    }
}
