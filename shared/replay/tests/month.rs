//! Forty days over two ends of a month with a budget of the calendar month: what ran is counted, the
//! ceiling holds, an event has its servers, and what it costs is told before anything is cut.
use crate::common::{ACTIVE, GROUP, Stage, at, config, forecast, mins, series};
use jiff::Timestamp;

const DAY: i64 = 1440;
/// Server-hours a month: what the risk asked for takes is about a quarter more.
const BUDGET: f64 = 6600.0;

/// Midnight in Berlin, four days before July.
fn start() -> Timestamp {
    at("2026-06-26T22:00:00Z")
}

fn july() -> (Timestamp, Timestamp) {
    (at("2026-06-30T22:00:00Z"), at("2026-07-31T22:00:00Z"))
}

/// A show on the evening of 22 July.
fn show() -> (Timestamp, Timestamp) {
    (at("2026-07-22T18:00:00Z"), at("2026-07-22T20:00:00Z"))
}

/// Workdays from 3,000 to 13,000 a minute, weekends six tenths of that: the median.
fn usual(minute: i64) -> f64 {
    let of_day = (minute % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
    // The first day is a Saturday.
    let of_week = if (minute / DAY) % 7 < 2 { 0.6 } else { 1.0 };
    of_week * (8000.0 - 5000.0 * of_day.cos())
}

/// What comes: some days a fifth more, some a fifth less than was to be expected.
fn demand(minute: i64) -> f64 {
    let now = start() + mins(minute);
    if (show().0..show().1).contains(&now) {
        return 20_000.0;
    }
    let day = minute.div_euclid(DAY);
    usual(minute.rem_euclid(7 * DAY)) * (1.0 + 0.2 * (day as f64 * 2.4).sin())
}

fn text(budget: &str) -> String {
    let control = format!("{ACTIVE}\ncontrol = {{ budget = {{ {budget}, per = \"month\" }} }}");
    let event = "[[event]]\nname = \"show\"\nstart = 2026-07-22T20:00:00\nend = 2026-07-22T22:00:00\ndemand = 20000\n";
    let target = config(&control);
    format!("[defaults]\ntime_zone = \"Europe/Berlin\"\n{target}\n{event}")
}

/// What came of the days.
#[derive(Default)]
struct Ran {
    /// Server-hours in service in July.
    hours: f64,
    /// When they were more than the budget.
    over: Option<Timestamp>,
    /// Share of demand lost, that of the show apart.
    lost: f64,
    demand: f64,
    show_lost: f64,
    /// What each run said, with its time.
    said: Vec<(Timestamp, String)>,
}

impl Ran {
    fn at(&self, moment: &str) -> &str {
        let moment = at(moment);
        &self.said.iter().find(|(now, _)| *now == moment).unwrap().1
    }
}

/// `days` of hourly runs on a group without policies, where a plan is all that is spent.
fn run(budget: &str, days: i64) -> Ran {
    let before = 8 * 60;
    let minutes = usize::try_from(days * DAY + before).unwrap();
    let history = series(start() - mins(before), minutes, |index| {
        demand(i64::try_from(index).unwrap() - before)
    });
    let stage = Stage::new(start(), &text(budget), history, false);
    let mut ran = Ran::default();
    for minute in 0..days * DAY {
        let now = start() + mins(minute);
        stage.clock.set(now);
        if minute % DAY == 0 {
            let of_step = |step: usize| minute + 15 * i64::try_from(step).unwrap() + 7;
            let mut made = forecast(now, |step| usual(of_step(step)));
            for (step, row) in made.quantiles.iter_mut().enumerate() {
                let of_show = start() + mins(of_step(step));
                let shown = (show().0..show().1).contains(&of_show);
                let parts = if shown {
                    [1.0; 4]
                } else {
                    [0.75, 1.0, 1.25, 1.35]
                };
                let middle = if shown { 20_000.0 } else { row[1] };
                *row = parts.iter().map(|part| part * middle).collect();
            }
            stage.put_forecast(&made);
        }
        if minute % 60 == 40 {
            let ended = stage.planner();
            assert!(!ended.failed, "{now}: {}", ended.text);
            ran.said.push((now, ended.text));
        }
        let record = stage.groups.advance(GROUP, demand(minute), 1000.0).unwrap();
        if (show().0..show().1).contains(&now) {
            ran.show_lost += record.lost;
        } else {
            ran.lost += record.lost;
            ran.demand += record.demand;
        }
        if (july().0..july().1).contains(&now) {
            ran.hours += f64::from(record.in_service) / 60.0;
            if ran.hours > BUDGET && ran.over.is_none() {
                ran.over = Some(now);
            }
        }
    }
    ran
}

/// The moment in `said` at which the budget would be reached.
fn told(said: &str) -> Option<Timestamp> {
    let rest = said.split("it would be reached at ").nth(1)?;
    rest.split([';', ' ']).next()?.parse().ok()
}

#[test]
fn a_month_stays_within_its_budget_and_the_show_has_its_servers() {
    let ran = run(&format!("server_hours = {BUDGET}, accept_risk = 0.2"), 40);
    assert!(ran.hours <= BUDGET, "{} server-hours", ran.hours);
    assert!(ran.hours >= 0.95 * BUDGET, "{} server-hours", ran.hours);
    assert_eq!(ran.over, None);
    assert_eq!(ran.show_lost, 0.0);
    let lost = ran.lost / ran.demand;
    assert!(lost > 0.0 && lost < 0.2, "{lost}");
    // Four days before July: what is not known of June is told.
    let first = ran.at("2026-06-26T22:40:00Z");
    assert!(first.contains("gone in 2026-06, "), "{first}");
    assert!(first.contains("hours of it unknown"), "{first}");
    // July begins at nothing, and so does August.
    for (moment, month) in [
        ("2026-06-30T22:40:00Z", "07"),
        ("2026-07-31T22:40:00Z", "08"),
    ] {
        let said = ran.at(moment);
        let gone = said
            .split(&format!(" are gone in 2026-{month}"))
            .next()
            .unwrap();
        let gone: f64 = gone.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(gone <= 10.0, "{said}");
    }
}

#[test]
fn what_a_month_would_cost_is_told_with_the_day_it_is_reached_before_anything_is_cut() {
    let ran = run(&format!("server_hours = {BUDGET}"), 36);
    let over = ran.over.expect("more than the budget, as nothing is cut");
    assert!(over < july().1 - mins(2 * DAY), "{over}");
    let (mut off, mut runs) = (Vec::new(), 0);
    for (now, said) in &ran.said {
        if *now < july().0 + mins(3 * DAY) || *now >= over - mins(DAY) {
            continue;
        }
        runs += 1;
        // A weekend may fit its own share.
        if said.contains("left for the hours until") && !said.contains("the risk asks for") {
            continue;
        }
        assert!(
            said.contains("nothing is cut unless accept_risk")
                && said.contains("% of demand is expected above the floors"),
            "{now}: {said}"
        );
        let Some(reached) = told(said) else {
            panic!("{now}: no day: {said}");
        };
        off.push(reached.duration_since(over).as_secs_f64().abs() / 86_400.0);
    }
    assert!(off.len() * 2 > runs, "{} of {runs}", off.len());
    // These forecasts carry nothing of weeks before, so that a weekend may lie on the wrong side of the day.
    let worst = off.iter().copied().fold(0.0, f64::max);
    assert!(worst < 3.0, "{worst:.2} days off");
}
