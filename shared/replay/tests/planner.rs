//! What the planner does over several runs, and with what it meets at the group.
use crate::common::{ACTIVE, GROUP, Stage, at, config, forecast, mins, series};
use documents::keys;
use local::{Fault, Faults};

/// 08:40 with a flat demand, forecast as it is.
fn stage(mode: &str, demand: f64) -> Stage {
    let now = at("2026-11-20T08:40:00Z");
    let flat = series(now - mins(8 * 60), 36 * 60, |_| demand);
    let stage = Stage::new(now, &config(mode), flat, true);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| demand));
    stage
}

#[test]
fn servers_that_a_limit_holds_back_are_told_once() {
    let stage = stage(ACTIVE, 60_000.0);
    let mut notes = Vec::new();
    for _ in 0..4 {
        let ended = stage.planner();
        assert!(
            ended
                .text
                .contains("60 servers are needed, max_servers allows 40"),
            "{}",
            ended.text
        );
        notes.push(stage.plan().notes);
        // The responder keeps the plan, and says no more than it does.
        assert!(!stage.responder(&crate::common::alarm(stage.now())).failed);
        notes.push(stage.plan().notes);
        stage.pass(mins(60), 60_000.0);
    }
    assert!(
        notes.iter().all(|kept| kept.len() == notes[0].len()),
        "{notes:?}"
    );
    let told = stage.notifier.messages();
    let told = told
        .iter()
        .filter(|m| m.subject.contains("more servers than it may have"));
    assert_eq!(told.count(), 1);
}

#[test]
fn present_demand_above_the_plan_is_not_left_without_servers() {
    let stage = stage(ACTIVE, 9_500.0);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 4000.0));
    assert!(!stage.planner().failed);
    assert!(stage.group().min_size >= 10, "{}", stage.group().min_size);
}

#[test]
fn a_canary_grows_by_itself_and_falls_back_on_an_incident() {
    let stage = stage("mode = \"canary\"", 15_500.0);
    let shares = |stage: &Stage| stage.plan().canary.unwrap().percent;
    for day in 0..3 {
        let start = at("2026-11-20T00:00:00Z") + mins(day * 1440);
        stage.put_forecast(&forecast(start, |_| 15_500.0));
        for _ in 0..24 {
            assert!(!stage.planner().failed);
            stage.pass(mins(60), 15_500.0);
        }
    }
    // Metrics end after a day and a half: what is not seen lets nothing grow.
    assert_eq!(shares(&stage), 20);
    // Base 3, plan 16: a fifth of the way, rounded up.
    assert_eq!(stage.plan().floors[0].servers, 6);
    let told: Vec<String> = stage
        .notifier
        .messages()
        .iter()
        .map(|m| m.subject.clone())
        .collect();
    assert!(
        told.iter()
            .any(|subject| subject == "web: canary from 10 % to 20 %"),
        "{told:?}"
    );
    let hold = documents::Hold {
        since: stage.now(),
        until: stage.now() + mins(90),
        servers: 7,
        demand: 6500.0,
        reason: "a spike".to_owned(),
    };
    let incident = documents::Incident {
        hold: Some(hold),
        ..documents::Incident::default()
    };
    stage.put(&documents::keys::incident("web"), incident);
    let ended = stage.planner();
    assert!(
        ended.text.contains("canary back from 20 % to 10 %"),
        "{}",
        ended.text
    );
    assert_eq!(shares(&stage), 10);
    assert!(stage.group().min_size >= 7);
}

#[test]
fn floors_go_in_the_steps_and_at_the_times_that_are_allowed() {
    let now = at("2026-11-20T08:40:00Z");
    let demand = series(now - mins(8 * 60), 36 * 60, |_| 3000.0);
    let pace = "control = { most_step_up = 4, most_step_down = 3, least_dwell = \"10m\" }";
    let stage = Stage::new(now, &config(&format!("{ACTIVE}\n{pace}")), demand, true);
    // Sixteen servers from 12:00 to 18:00, three before and after.
    let day = |step: usize| {
        if (48..72).contains(&(step % 96)) {
            16_000.0
        } else {
            3000.0
        }
    };
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), day));
    assert!(!stage.planner().failed);
    let plan = stage.plan();
    let last = plan.floors.len() - 1;
    assert!(plan.floors.iter().any(|floor| floor.servers >= 16));
    for pair in plan.floors[..last].windows(2) {
        assert!(pair[1].servers <= pair[0].servers + 4 && pair[1].servers + 3 >= pair[0].servers);
        assert!(pair[1].start.duration_since(pair[0].start) >= mins(10));
    }
}

#[test]
fn desired_capacity_is_set_or_left_as_the_configuration_says() {
    let desired = |word: &str, tracking: bool| {
        let now = at("2026-11-20T08:40:00Z");
        let flat = series(now - mins(8 * 60), 36 * 60, |_| 3000.0);
        let text = config(&format!("{ACTIVE}\ncontrol = {{ desired = \"{word}\" }}"));
        let stage = Stage::new(now, &text, flat, tracking);
        stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 3000.0));
        assert!(!stage.planner().failed);
        stage.group().desired_capacity
    };
    // Six are there, three are needed.
    assert_eq!(desired("auto", true), 6);
    assert_eq!(desired("auto", false), 3);
    assert_eq!(desired("never", false), 6);
    assert_eq!(desired("always", true), 3);
}

#[test]
fn a_budget_is_told_then_kept_and_events_go_first() {
    let scene = |budget: &str| {
        let now = at("2026-11-20T08:40:00Z");
        let demand = series(now - mins(8 * 60), 36 * 60, |_| 1500.0);
        let event = "[[event]]\nname = \"show\"\nstart = 2026-11-20T20:00:00\nend = 2026-11-20T22:00:00\ndemand = 20000\n";
        let control = format!("{ACTIVE}\ncontrol = {{ budget = {{ {budget} }} }}\n{event}");
        let stage = Stage::new(now, &config(&control), demand, true);
        let mut unsure = forecast(at("2026-11-20T00:00:00Z"), |_| 8000.0);
        for row in &mut unsure.quantiles {
            *row = vec![1000.0, 8000.0, 14_000.0, 16_000.0];
        }
        stage.put_forecast(&unsure);
        let ended = stage.planner();
        assert!(!ended.failed, "{}", ended.text);
        let servers = |time: &str| {
            let time = at(&format!("2026-11-20T{time}:00Z"));
            let steps = stage.plan().steps;
            steps
                .iter()
                .rfind(|step| step.start <= time)
                .unwrap()
                .servers
        };
        (servers("15:00"), servers("21:00"), ended.text)
    };
    let (usual, show, text) = scene("server_hours = 10000");
    assert!(usual >= 16 && show >= 20, "{usual} {show}");
    assert!(
        text.contains("budget of 10000 server-hours a day: "),
        "{text}"
    );
    // What it costs is told first, and nothing is cut.
    let (told, _, text) = scene("server_hours = 300");
    assert_eq!(told, usual);
    assert!(text.contains("nothing is cut unless accept_risk"), "{text}");
    let (cut, kept, text) = scene("server_hours = 300, accept_risk = 0.2");
    assert!(cut < usual && kept == show, "{cut} {kept}: {text}");
    // No further than what is accepted.
    let (less, _, text) = scene("server_hours = 100, accept_risk = 0.02");
    assert!(less < usual && less > cut, "{less}: {text}");
    assert!(text.contains("more than the accepted 2.000 %"), "{text}");
}

#[test]
fn servers_that_nobody_can_read_are_told_and_no_reason_to_spend_more() {
    let now = at("2026-11-20T08:40:00Z");
    let scene = |faults: Faults| {
        let demand = series(now - mins(8 * 60), 36 * 60, |_| 1500.0);
        let budget = "control = { budget = { server_hours = 300, accept_risk = 0.2 } }";
        let mut stage = Stage::new(now, &config(&format!("{ACTIVE}\n{budget}")), demand, true);
        let ran = series(at("2026-11-20T00:00:00Z"), 10 * 60, |_| 6.0);
        let name = ports::MetricName {
            namespace: "AWS/AutoScaling".to_owned(),
            name: "GroupInServiceInstances".to_owned(),
            dimensions: [("AutoScalingGroupName".to_owned(), GROUP.to_owned())].into(),
        };
        stage.metrics = stage.metrics.with(name, ran);
        let mut unsure = forecast(at("2026-11-20T00:00:00Z"), |_| 8000.0);
        for row in &mut unsure.quantiles {
            *row = vec![1000.0, 8000.0, 14_000.0, 16_000.0];
        }
        stage.put_forecast(&unsure);
        stage.faults = faults;
        let ended = stage.planner();
        assert!(!ended.failed, "{}", ended.text);
        let plan = stage.plan();
        let servers: u32 = plan.steps.iter().map(|step| step.servers).sum();
        let known: documents::Measurements = stage.get(&keys::measurements("web")).unwrap();
        (servers, known.spent.unwrap().unknown_hours, ended.text)
    };
    let (read, unknown, text) = scene(Faults::none());
    assert!(
        unknown < 1.0 && !text.contains("are unknown"),
        "{unknown} {text}"
    );
    let metric = "AWS/AutoScaling GroupInServiceInstances";
    let (unread, unknown, text) =
        scene(Faults::none().every_about("read", metric, Fault::Throttled));
    assert!((8.0..9.0).contains(&unknown), "{unknown}");
    assert!(
        text.contains("the servers between") && text.contains("are unknown"),
        "{text}"
    );
    assert!(unread <= read, "{unread} {read}");
}
