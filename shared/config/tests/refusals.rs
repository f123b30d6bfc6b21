//! Every refusal, with the words people read. The messages are in `snapshots/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write;

use config::{Config, parse_event};

/// A target that is complete without its last lines.
const TARGET: &str = "[[target]]\nname = \"web\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n";

/// What completes it.
const REST: &str = "max_servers = 10\nthroughput = 1000\n";

/// Lines that each spoil an otherwise complete target.
const TARGET_LINES: &[&str] = &[
    "max_server = 10",
    "Risk = 0.1",
    "colour = \"red\"",
    "name = \"web\"",
    "group = \"\"",
    "group = \"a:b\"",
    "group = 7",
    "target_group = \"targetgroup/x\"",
    "demand = { namespace = \"A\", name = \"B\" }",
    "time_zone = \"Europe/Berln\"",
    "time_zone = \"Mars/Olympus\"",
    "time_zone = 9",
    "country = \"UK\"",
    "country = \"Japn\"",
    "country = \"XX-YY\"",
    "country = 49",
    "min_servers = 11",
    "min_servers = -1",
    "min_servers = 1.5",
    "min_servers = \"two\"",
    "min_servers = 99999999999999999999999999",
    "lead_time = 300",
    "lead_time = \"soon\"",
    "lead_time = \"-5m\"",
    "lead_time = \"7h\"",
    "lead_time = { measured = true }",
    "lead_time = { measure = \"yes\", initial = 5 }",
    "risk = 0",
    "risk = 0.5",
    "risk = nan",
    "risk = inf",
    "risk = \"0.1 %\"",
    "mode = \"activ\"",
    "mode = \"on\"",
    "mode = true",
    "mode = \"canary\"\ncanary_percent = 0",
    "canary_percent = 10",
    "step = \"10m\"",
    "step = 15",
    "step = \"quarter\"",
    "plan_every = \"7m\"",
    "plan_every = 15",
    "metrics = \"some\"",
    "application = \"Web\"",
    "application = \"w\"",
    "application = \"7up\"",
    "application = 7",
    "training_days = 0",
    "training_days = 401",
    "price_per_server_hour = -0.1",
    "currency = \"euro\"",
    "currency = \"usd\"",
    "most_extra_servers = -7",
    "alarms = \"web-*\"",
    "alarms = [\"web-*\", 7]",
    "alarms = [\"\"]",
    "simulation = { boot = \"3 parsecs\" }",
    "simulation = { boot_spread = 3 }",
    "simulation = { reactive = true }",
    "simulation = { reactive = { utilization = 60 } }",
    "simulation = { reactive = { scale_in = true } }",
    "simulation = { initial_servers = -1, seed = \"x\" }",
    "simulation = 3",
    "control = { desired = \"exact\" }",
    "control = { most_step_up = 0, most_step_down = 1.5 }",
    "control = { least_dwell = \"5h\" }",
    "control = { launch_cost = \"5h\" }",
    "control = { ceiling = 99.9 }",
    "control = { budget = { server_hours = 0 } }",
    "control = { budget = { server_hours = 5, money = 5 } }",
    "control = { budget = { money = 5 } }",
    "control = { budget = { server_hours = 5, per = \"week\", accept_risk = 1 } }",
    "control = { budget = { server_hours = 50, accept_risk = 0.0005 } }",
    "risk = 0.01\ncontrol = { budget = { server_hours = 50, accept_risk = 0.005 } }",
    "control = { canary_guard = { full = 5 } }",
];

/// Whole files that are refused.
const FILES: &[&str] = &[
    "",
    "[defaults]\nrisk = 2\nname = \"web\"\nlead_tim = \"5m\"",
    "defaults = 3",
    "target = 3",
    "target = [3]",
    "[target]\nname = \"web\"",
    "targets = []",
    "[[target]]",
    "[[target]]\nname = \"a b\"",
    "[[target]]\nname = \"web\"\nload_balancer = \"net/a/50dc6c495c0c9188\"\nmax_servers = 0\nthroughput = 0",
    "[[target]]\nname = \"web\"\nload_balancer = \"my-alb\"\nmax_servers = 1\nthroughput = { utilization = 0.6 }",
    "[[target]]\nname = \"web\"\ntarget_group = \"targetgroup/a/73e2d6bc24d8a067\"\ndemand = { name = \"B\", statistic = \"sum\", dimensions = { a = 1 }, unit = \"x\" }\nmax_servers = 1\nthroughput = { initial = -1, resource = { namespace = \"\" } }",
    "[defaults]\nmin_servers = 5\nrisk = 0.9\n[[target]]\nname = \"web\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\nmax_servers = 3\nthroughput = 10\n[[target]]\nname = \"api\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\nmax_servers = 3\nthroughput = 10",
    "[[target]]\nname = \"web\"\ngroup = \"g\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\nmax_servers = 3\nthroughput = 10\n[[target]]\nname = \"web\"\ngroup = \"g\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\nmax_servers = 3\nthroughput = 10",
    "[[target]]\nname = \"web\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\nmax_servers = 3\nthroughput = { initial = 5, value = 6, errors = { limit = 2, namespace = \"A\", name = \"B\" }, response_time = { limit = 0.5 }, queue = { limit = 0, namespace = \"A\", name = \"B\", unit = \"x\" } }",
    "[[target]]\nname = \"web\"\nmax_servers = 3\nmax_servers = 4",
    "[[target]\nname = web\nrisk = 0,1",
    "\u{feff}\u{0}",
];

/// Events that are refused.
const EVENTS: &[&str] = &[
    "",
    "name = \"x\"\nstart = 2026-01-01T10:00:00\nend = 2026-01-01T11:00:00",
    "name = \"x\"\nstart = 2026-01-01T10:00:00\nend = 2026-01-01T10:00:00\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-02\nend = 2026-01-01\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01T10:00:00\nend = 2026-01-01T11:00:00Z\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2027-06-01\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-02\nevery = \"day\"\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nevery_days = 0\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nevery_days = 367\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nevery = \"weekly\"\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nevery = \"day\"\nevery_days = 3\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nuntil = 2026-02-01\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 0",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 2000",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\ndemand = -1",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nlearnt = false",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nlike = \"last year\"",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nlike = 2025-01-01T10:00:00",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 2\ndemand = 3",
    "name = \"\"\nstart = \"tomorrow\"\nend = 20:15:00\nmultiplier = 2",
    "name = \"x\"\nstart = 0001-01-01\nend = \"2026-02-30T00:00:00\"\nmultiplier = 2",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 2\nlead = \"40d\"\ntail = \"800h\"",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 2\ntargets = \"web\"\nannounced = 2025-12-01",
    "name = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 2\nannounced_at = 7",
    "[[event]]\nname = \"x\"\n[[event]]\nname = \"y\"",
    "[[event]]\nname = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 2\n[other]",
];

fn report(golden: &mut String, text: &str, refused: Option<String>) {
    let refused = refused.unwrap_or_else(|| panic!("accepted:\n{text}"));
    assert!(!refused.is_empty(), "no finding:\n{text}");
    writeln!(
        golden,
        "{}\n  => {}\n",
        text.escape_debug()
            .to_string()
            .replace("\\n", "\n")
            .replace("\\\"", "\""),
        refused.replace('\n', "\n     ")
    )
    .unwrap();
}

#[test]
fn what_spoils_a_target_is_named() {
    let mut golden = String::new();
    for line in TARGET_LINES {
        let text = format!("{TARGET}{line}\n{REST}");
        let refused = Config::parse("forescale.toml", &text).err();
        report(&mut golden, line, refused.map(|e| e.to_string()));
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn what_spoils_a_file_is_named() {
    let mut golden = String::new();
    for text in FILES {
        let refused = Config::parse("forescale.toml", text).err();
        report(&mut golden, text, refused.map(|e| e.to_string()));
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn what_spoils_an_event_is_named() {
    let mut golden = String::new();
    for text in EVENTS {
        let refused = parse_event("events.json", text).err();
        report(&mut golden, text, refused.map(|e| e.to_string()));
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn an_event_of_an_unknown_target_is_refused() {
    let event = "[[event]]\nname = \"x\"\ntargets = [\"wep\"]\nstart = 2026-01-01\n\
                 end = 2026-01-01\nmultiplier = 2\n";
    let text = format!("{TARGET}{REST}{event}");
    let errors = Config::parse("forescale.toml", &text).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "forescale.toml:8: event.x.targets: value [\"wep\"]: there is no target wep; did you mean \
         web?; allowed: names of targets in this file"
    );
    // The same target, but broken: what is wrong with it is enough.
    let text = format!("{TARGET}{event}").replace("wep", "web");
    let errors = Config::parse("forescale.toml", &text).unwrap_err();
    let fields: Vec<_> = errors.findings.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(fields, ["target.web.max_servers", "target.web.throughput"]);
}
