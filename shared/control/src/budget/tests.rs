use config::Config;
use planning::{Pace, Rules};

use super::*;
use crate::settings::Settings;
use crate::sight::Sight;

struct Scene {
    settings: Settings,
    rules: Rules,
    sight: Sight,
    forecast: Forecast,
    now: Timestamp,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Hours that a plan reaches here.
const REACH: i64 = 26;

impl Scene {
    /// Three days, from `now` on, of demand that is anything from nothing to 2,000 with the same
    /// chance: the median takes ten servers.
    fn new(now: &str, budget: &str, events: &str) -> Self {
        let text = format!(
            "[[target]]\nname = \"web\"\nload_balancer = \"app/my-alb/50dc6c495c0c9188\"\n\
             max_servers = 100\nthroughput = 100\ntime_zone = \"Europe/Berlin\"\n\
             control = {{ budget = {{ {budget} }} }}\n{events}\n"
        );
        let now = at(now);
        let levels: Vec<f64> = (1..100).map(|i| f64::from(i) / 100.0).collect();
        let row: Vec<f64> = levels.iter().map(|level| level * 2000.0).collect();
        Self {
            settings: Settings {
                config: Config::parse("test", &text).unwrap(),
                refused: Vec::new(),
                pause: None,
                notes: Vec::new(),
            },
            rules: Rules {
                min_servers: 2,
                max_servers: 100,
                throughput: 100.0,
                lead_time: SignedDuration::ZERO,
                risk: 0.001,
                share: 1.0,
                pace: Pace::default(),
            },
            sight: Sight::default(),
            forecast: Forecast {
                start: now,
                step_seconds: 3600,
                quantiles: vec![row; 72],
                levels,
                ..Forecast::default()
            },
            now,
        }
    }

    fn spent(mut self, since: &str, server_hours: f64, unknown_hours: f64) -> Self {
        self.sight.spent = Some(SpentHours {
            since: at(since),
            until: self.now,
            servers: 20,
            server_hours,
            unknown_hours,
        });
        self
    }

    fn known(&self) -> Known<'_> {
        Known {
            settings: &self.settings,
            target: &self.settings.config.targets[0],
            rules: &self.rules,
            present: None,
            sight: &self.sight,
            now: self.now,
            end: self.now + SignedDuration::from_hours(REACH),
        }
    }

    fn parts(&self) -> Vec<Part> {
        let known = self.known();
        parts(&known, &self.forecast, (known.now, known.end))
    }

    /// Servers of each hour where 19 are asked for, and what is told.
    fn kept(&self) -> (Vec<u32>, String) {
        self.kept_beside(&[])
    }

    /// The same, where the last minutes tell what to expect.
    fn kept_beside(&self, seen: &[(Timestamp, u32)]) -> (Vec<u32>, String) {
        let step = |hour: i64| PlanStep {
            start: self.now + SignedDuration::from_hours(hour),
            servers: 19,
            reason: String::new(),
        };
        let mut steps: Vec<PlanStep> = (0..REACH).map(step).collect();
        let mut notes = Vec::new();
        keep(
            &self.known(),
            &self.forecast,
            &[],
            seen,
            &mut steps,
            &mut notes,
        );
        let servers = steps.iter().map(|step| step.servers).collect();
        (servers, notes.join(" | "))
    }
}

/// Noon of a day that began at 23:00 UTC.
const NOON: &str = "2026-01-10T11:00:00Z";
const DAY: &str = "2026-01-09T23:00:00Z";
const MONTH: &str = "2025-12-31T23:00:00Z";

#[test]
fn what_the_last_minutes_lead_to_expect_is_never_cut_and_what_stands_above_it_is() {
    let scene =
        Scene::new(NOON, "server_hours = 300, accept_risk = 0.4", "").spent(DAY, 180.0, 0.0);
    // Fifteen are expected for two hours of which nineteen were asked for.
    let seen = [
        (at(NOON), 15),
        (at(NOON) + SignedDuration::from_hours(2), 0),
    ];
    let (servers, told) = scene.kept_beside(&seen);
    assert_eq!(servers[..2], [15; 2], "{told}");
    // 120 are left for twelve hours: two of them take 30, the others share the rest.
    assert_eq!(servers[2..12], [9; 10], "{told}");
    // More than was asked for is not given.
    let seen = [(at(NOON), 25)];
    assert_eq!(scene.kept_beside(&seen).0[..12], [19; 12]);
}

#[test]
fn half_a_day_spent_leaves_the_rest_for_the_rest() {
    let scene =
        Scene::new(NOON, "server_hours = 300, accept_risk = 0.4", "").spent(DAY, 180.0, 0.0);
    let parts = scene.parts();
    assert_eq!((parts[0].gone, parts[0].left), (180.0, 120.0));
    // Of the next day the plan reaches 14 of 24 hours.
    assert_eq!(parts[1].gone, 0.0);
    assert!(
        (parts[1].left - 300.0 * 14.0 / 24.0).abs() < 1e-6,
        "{parts:?}"
    );
    let (servers, told) = scene.kept();
    assert_eq!(servers[..12], [10; 12], "{told}");
    assert_eq!(servers[12..], [12; 14], "{told}");
    let expected = "180 are gone in 2026-01-10, which leaves 120 for the hours until 2026-01-10T23:00:00Z: the risk asks for 228, it would be reached at 2026-01-10T17:00:00Z";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_budget_that_is_gone_leaves_min_servers_or_what_the_accepted_risk_needs() {
    let scene =
        Scene::new(NOON, "server_hours = 300, accept_risk = 0.4", "").spent(DAY, 400.0, 0.0);
    assert_eq!(scene.parts()[0].left, 0.0);
    // Of twenty servers' demand eight lose (12 / 20)² = 36 %, seven 42 %.
    let (servers, told) = scene.kept();
    assert_eq!(servers[..12], [8; 12], "{told}");
    assert!(told.contains("more than the accepted 40.000 %"), "{told}");
    let mut any = scene;
    if let Some(budget) = &mut any.settings.config.targets[0].control.budget {
        budget.accept_risk = Some(0.9);
    }
    let (servers, told) = any.kept();
    assert_eq!(servers[..12], [2; 12], "{told}");
    assert!(
        told.contains("24 are needed for events and min_servers alone"),
        "{told}"
    );
}

#[test]
fn an_event_keeps_its_servers_and_the_rest_pays() {
    let event = "[[event]]\nname = \"show\"\nstart = 2026-01-10T20:00:00\nend = 2026-01-10T22:00:00\ndemand = 2000\n";
    let scene = Scene::new(NOON, "server_hours = 300, accept_risk = 0.4", event);
    let (servers, told) = scene.spent(DAY, 180.0, 0.0).kept();
    assert_eq!(servers[8..10], [19, 19], "{told}");
    assert_eq!((servers[7], servers[10]), (8, 8), "{told}");
}

#[test]
fn the_last_day_of_a_month_has_what_the_others_left() {
    let budget = "server_hours = 6000, per = \"month\"";
    let last = Scene::new("2026-01-30T23:00:00Z", budget, "");
    let parts = last.spent(MONTH, 5900.0, 0.0).parts();
    assert_eq!(
        (parts[0].left, parts[0].to),
        (100.0, at("2026-01-31T23:00:00Z"))
    );
    // Two hours of the new month.
    assert!(
        (parts[1].left - 6000.0 * 2.0 / (28.0 * 24.0)).abs() < 1e-6,
        "{parts:?}"
    );
    let middle = Scene::new("2026-01-20T23:00:00Z", budget, "");
    let parts = middle.spent(MONTH, 3360.0, 0.0).parts();
    assert!(
        (parts[0].left - 2640.0 * 26.0 / 264.0).abs() < 1e-6,
        "{parts:?}"
    );
}

#[test]
fn weekdays_of_the_past_and_events_to_come_share_a_month_out() {
    let budget = "server_hours = 6000, per = \"month\"";
    let of = |events: &str, past: bool| {
        let mut scene = Scene::new("2026-01-20T23:00:00Z", budget, events);
        if past {
            // The two weeks before took twice what the forecast's days take.
            scene.forecast.past = Some(documents::PastRecord {
                start: scene.now - SignedDuration::from_hours(14 * 24),
                medians: vec![2000.0; 14 * 24],
            });
        }
        scene.spent(MONTH, 3360.0, 0.0).parts()[0].left
    };
    let share = |hours: f64| 2640.0 * 26.0 / hours;
    // Three days as forecast, four as a week before, three as forecast, one as two weeks before.
    assert!((of("", true) - share(72.0 + 2.0 * 96.0 + 72.0 + 2.0 * 24.0)).abs() < 1e-6);
    let event = "[[event]]\nname = \"show\"\nstart = 2026-01-28T00:00:00\nend = 2026-01-29T00:00:00\nmultiplier = 3.0\n";
    assert!((of(event, false) - share(264.0 + 2.0 * 24.0)).abs() < 1e-6);
}

#[test]
fn days_of_23_and_25_hours_have_the_same_budget() {
    for (now, hours) in [("2026-03-28T23:00:00Z", 23), ("2026-10-24T22:00:00Z", 25)] {
        let parts = Scene::new(now, "server_hours = 300", "")
            .spent(now, 0.0, 0.0)
            .parts();
        assert_eq!(parts[0].to, at(now) + SignedDuration::from_hours(hours));
        assert_eq!(parts[0].left, 300.0);
    }
}

#[test]
fn what_is_not_known_is_told_and_taken_as_the_more_of_pace_and_usual() {
    let scene = || Scene::new(NOON, "server_hours = 300", "");
    assert_eq!(scene().parts()[0].gone, 150.0);
    let (servers, told) = scene().kept();
    assert_eq!(servers, [19; REACH as usize]);
    assert!(
        told.contains("150 are gone in 2026-01-10, 12.0 hours of it unknown"),
        "{told}"
    );
    assert!(told.contains("nothing is cut unless accept_risk"), "{told}");
    // Four hours at the 12.5 of an even pace, more than the 10 of median demand, whatever runs now.
    let part = scene().spent(DAY, 90.0, 4.0).parts();
    assert_eq!((part[0].gone, part[0].unknown), (140.0, 4.0));
    let tight = Scene::new(NOON, "server_hours = 96", "").spent(DAY, 50.0, 4.0);
    assert_eq!(tight.parts()[0].gone, 90.0);
    // Of nine and a half days of a month two are not known, and the others took 16 servers.
    let month = Scene::new(NOON, "server_hours = 744, per = \"month\"", "");
    let month = month.spent("2025-12-31T23:00:00Z", 180.0 * 16.0, 48.0);
    assert_eq!(month.parts()[0].gone, 228.0 * 16.0);
    // Another day's count is none.
    let old = scene().spent("2026-01-08T23:00:00Z", 90.0, 0.0).parts();
    assert_eq!((old[0].gone, old[0].unknown), (150.0, 12.0));
}
