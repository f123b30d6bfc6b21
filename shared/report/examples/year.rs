//! A page with a year of 5-minute steps, to see how large it is and how fast it opens:
//! `cargo run --release -p report --example year > year.html`.

use std::f64::consts::TAU;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use report::{Action, Effect, Line, LineKind, Means, Page, TargetPage, Timeline, Week, html};

const STEPS: usize = 365 * 288;

/// Four weeks before and four since, with a tenth fewer servers for the same demand.
fn effect() -> Effect {
    let since = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 20_700);
    let means = |active: bool, demand: f64| Means {
        demand,
        servers: demand / if active { 245.0 } else { 220.0 },
        cpu: Some(if active { 52.0 } else { 47.0 }),
    };
    let weeks = (-4..4).map(|week: i64| Week {
        from: since + jiff::SignedDuration::from_hours(24 * 7 * week),
        active: week >= 0,
        means: means(week >= 0, 4000.0 + 60.0 * week as f64),
    });
    Effect {
        since,
        weeks: weeks.collect(),
        before: Some(means(false, 3850.0)),
        after: Some(means(true, 4090.0)),
    }
}

fn main() -> io::Result<()> {
    let demand = |step: usize| {
        let day = (step as f64 / 288.0 * TAU).sin();
        let noise = (step * 7919 % 1013) as f64 / 1013.0;
        4000.0 + 2500.0 * day + 400.0 * noise
    };
    let line = |kind, value: &dyn Fn(usize) -> f64| Line {
        kind,
        values: (0..STEPS).map(|step| value(step) as f32).collect(),
    };
    let timeline = Timeline {
        start: 1_767_225_600,
        step_seconds: 300,
        lines: vec![
            line(LineKind::Median, &|step| demand(step / 12 * 12)),
            line(LineKind::Upper, &|step| 1.2 * demand(step / 12 * 12)),
            line(LineKind::Demand, &demand),
            line(LineKind::InService, &|step| (demand(step) / 200.0).ceil()),
            line(LineKind::Required, &|step| (demand(step) / 250.0).ceil()),
            line(LineKind::Floor, &|step| {
                (demand(step / 12 * 12) / 230.0).ceil()
            }),
        ],
    };
    let actions = (0..STEPS).step_by(12).map(|step| Action {
        at: timeline.time_at(step).as_second(),
        servers: (demand(step) / 230.0) as u32,
        by: "planner".to_owned(),
        reason: format!("demand of {:.0}/min expected", demand(step)),
    });
    let page = Page {
        title: "A year of 5-minute steps".to_owned(),
        made_at: Timestamp::UNIX_EPOCH,
        overview: None,
        target: TargetPage {
            name: "web".to_owned(),
            zone: TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC),
            about: "Made up.".to_owned(),
            facts: Vec::new(),
            actions: actions.collect(),
            timeline,
            comparison: None,
            effect: Some(effect()),
            accuracy: Vec::new(),
            notes: Vec::new(),
        },
    };
    io::stdout().write_all(html(&page).as_bytes())
}
