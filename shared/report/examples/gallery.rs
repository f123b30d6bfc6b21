//! Pages of targets in all sorts of states, to look at and for the browser's test:
//! `cargo run -p report --example gallery -- DIRECTORY`.

use std::f64::consts::TAU;
use std::path::Path;
use std::{env, fs, io};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use report::{
    Action, Effect, Fact, Known, Line, LineKind, Means, Overview, Page, TargetPage, Timeline, Week,
    brief, html,
};

const DAY: usize = 288;
const PAST: usize = 14 * DAY;
const AHEAD: usize = 3 * DAY;

fn now() -> Timestamp {
    // 23:00 in Berlin.
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(490_629)
}

fn fact(name: &str, value: &str, beside: &str, bad: bool) -> Fact {
    Fact {
        name: name.to_owned(),
        value: value.to_owned(),
        beside: beside.to_owned(),
        bad,
    }
}

/// A day's rhythm with noise that is the same each time.
fn demand(step: usize, phase: f64) -> f64 {
    let day = (step as f64 / DAY as f64 * TAU + phase).sin();
    let noise = (step * 7919 % 1013) as f64 / 1013.0;
    4000.0 + 2500.0 * day + 400.0 * noise
}

/// A target with a forecast, a plan and all that is drawn of it.
fn usual(name: &str) -> TargetPage {
    let line = |kind, value: &dyn Fn(usize) -> Option<f64>| Line {
        kind,
        values: (0..PAST + AHEAD)
            .map(|step| value(step).map_or(f32::NAN, |value| value as f32))
            .collect(),
    };
    let before = |step: usize| (step < PAST).then(|| demand(step, 0.0));
    let timeline = Timeline {
        start: now().as_second() - 300 * PAST as i64,
        step_seconds: 300,
        lines: vec![
            line(LineKind::Demand, &before),
            line(LineKind::Median, &|step| Some(demand(step / 12 * 12, 0.0))),
            line(LineKind::Upper, &|step| {
                Some(1.2 * demand(step / 12 * 12, 0.0))
            }),
            line(LineKind::Required, &|step| {
                Some((before(step)? / 250.0).ceil())
            }),
            line(LineKind::Floor, &|step| {
                Some((demand(step / 12 * 12, 0.0) / 230.0).ceil())
            }),
            line(LineKind::InService, &|step| {
                Some((before(step)? / 200.0).ceil())
            }),
        ],
    };
    let actions = (0..PAST + AHEAD).step_by(12).map(|step| {
        let at = timeline.time_at(step);
        Action {
            at: at.as_second(),
            servers: (demand(step, 0.0) / 230.0) as u32,
            by: "planner".to_owned(),
            reason: format!(
                "for {at}: demand of {:.0}/min expected (mean), up to {:.0}/min (p99) at 250/min a server",
                demand(step, 0.0),
                1.2 * demand(step, 0.0)
            ),
        }
    });
    TargetPage {
        name: name.to_owned(),
        zone: TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC),
        about: "The last 14 days, and what is planned. Made up.".to_owned(),
        facts: vec![
            fact(
                "age of the forecast",
                "0.3 h",
                "weighted combination",
                false,
            ),
            fact("can be forecast", "yes", "", false),
            fact("age of the plan", "0.3 h", "", false),
            fact(
                "highest floor to come",
                "31",
                &format!("servers, {}", now()),
                false,
            ),
        ],
        actions: actions.collect(),
        timeline,
        comparison: None,
        effect: None,
        accuracy: Vec::new(),
        notes: vec![format!("an event named sale begins at {}", now())],
    }
}

/// Demand and servers were not measured for hours, and once for two days.
fn gaps() -> TargetPage {
    let mut page = usual("with-gaps");
    for line in &mut page.timeline.lines {
        if matches!(
            line.kind,
            LineKind::Demand | LineKind::Required | LineKind::InService
        ) {
            line.values[5 * DAY..7 * DAY].fill(f32::NAN);
            line.values[9 * DAY + 20..9 * DAY + 60].fill(f32::NAN);
        }
    }
    page
}

/// A day is known; there is no forecast and no plan.
fn few() -> TargetPage {
    let mut page = usual("new");
    page.timeline
        .lines
        .retain(|line| line.kind == LineKind::Demand);
    page.timeline.lines[0].values.truncate(PAST);
    page.timeline.lines[0].values[..PAST - DAY].fill(f32::NAN);
    page.actions.clear();
    page.facts = vec![
        fact("forecast", "none", "a day of history, two are needed", true),
        fact("plan", "none", "", true),
    ];
    page
}

/// Noise: what is forecast is a wide band.
fn unpredictable() -> TargetPage {
    let mut page = usual("noise");
    for line in &mut page.timeline.lines {
        for (step, value) in line.values.iter_mut().enumerate() {
            let noise = (step / 3 * 2_654_435_761 % 6007) as f32;
            *value = match line.kind {
                _ if value.is_nan() => f32::NAN,
                LineKind::Demand => noise,
                LineKind::Median => 2900.0,
                LineKind::Upper => 5950.0,
                LineKind::Required => (noise / 250.0).ceil(),
                LineKind::Floor => 24.0,
                _ => 26.0,
            };
        }
    }
    page.facts[1] = fact("can be forecast", "no", "no better than its mean", true);
    page
}

/// In force for four weeks, with a spike that the responder answered.
fn active() -> TargetPage {
    let mut page = usual("active");
    for line in &mut page.timeline.lines {
        if matches!(line.kind, LineKind::Demand | LineKind::Required) {
            for value in &mut line.values[10 * DAY..10 * DAY + 15] {
                *value *= 3.0;
            }
        }
    }
    let at = page.timeline.time_at(10 * DAY);
    let answer = Action {
        at: at.as_second(),
        servers: 54,
        by: "responder".to_owned(),
        reason: format!("unforecast demand since {at}: 12,900/min at 250/min a server = 54"),
    };
    page.actions.push(answer);
    page.actions.sort_by_key(|action| action.at);
    let since = now() - SignedDuration::from_hours(24 * 28);
    let means = |active: bool, cpu| Means {
        demand: 3980.0,
        servers: if active { 16.2 } else { 18.1 },
        cpu,
    };
    let weeks = (-4..4).map(|week: i64| Week {
        from: since + SignedDuration::from_hours(168 * week),
        active: week >= 0,
        means: means(week >= 0, (week > -3).then_some(47.0)),
    });
    page.effect = Some(Effect {
        since,
        weeks: weeks.collect(),
        before: Some(means(false, Some(47.0))),
        after: Some(means(true, Some(52.0))),
    });
    page
}

fn main() -> io::Result<()> {
    let name = env::args_os()
        .nth(1)
        .ok_or_else(|| io::Error::other("which directory?"))?;
    let folder = Path::new(&name);
    fs::create_dir_all(folder)?;
    let mut overview = Overview::new(now(), "TARGET.html");
    let pages = [usual("usual"), gaps(), few(), unpredictable(), active()];
    for target in pages {
        let page = Page {
            title: format!("Forescale: {}", target.name),
            made_at: now(),
            overview: Some("report.html".to_owned()),
            target,
        };
        let told = brief(&page.target, "active", now());
        let file = format!("{}.html", page.target.name);
        overview.add(&page.target.name, &file, Known::Brief(&told, now()));
        fs::write(folder.join(file), html(&page))?;
    }
    overview.add("not-yet", "not-yet.html", Known::Nothing);
    for index in 0..294 {
        let name = format!("service-{index:03}-of-a-rather-long-name");
        let told = brief(&usual(&name), "shadow", now());
        overview.add(&name, "usual.html", Known::Brief(&told, now()));
    }
    fs::write(folder.join("report.html"), overview.html())
}
