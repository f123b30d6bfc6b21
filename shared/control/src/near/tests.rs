use documents::{HorizonRecord, NearRecord, TunedFor, Tuning};
use forecasting::{LEVELS, NEAR_LEVELS};
use planning::Rules;

use super::*;
use crate::rest::correct_rest;
use crate::{Settings, Sight};

const NOON: &str = "2026-11-20T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A day of 6,000 a minute, give or take a tenth, and events as they are in the configuration.
struct Day {
    settings: Settings,
    forecast: Forecast,
    sight: Sight,
    rules: Rules,
}

impl Day {
    fn new(
        events: &str,
        factor: impl Fn(Timestamp) -> f64,
        seen: impl Fn(Timestamp) -> f64,
    ) -> Self {
        let text = format!(
            "[[target]]\nname = \"web\"\nload_balancer = \"app/my-alb/50dc6c495c0c9188\"\nmax_servers = 400\n\
             throughput = 100\nlead_time = \"5m\"\n{events}"
        );
        let start = at("2026-11-20T00:00:00Z");
        let spread = |level: f64| 6000.0 * (0.9 + 0.2 * level);
        let mut forecast = Forecast {
            start,
            step_seconds: 900,
            levels: LEVELS.to_vec(),
            ..Forecast::default()
        };
        forecast.quantiles = (0..192)
            .map(|step| {
                let factor = factor(start + SignedDuration::from_mins(step * 15));
                LEVELS.map(|level| factor * spread(level)).to_vec()
            })
            .collect();
        let minutes = Series::new(
            start,
            Step::MINUTE,
            (0..718)
                .map(|m| seen(start + SignedDuration::from_mins(m)))
                .collect(),
        );
        let horizon = |minutes, gain| HorizonRecord {
            minutes,
            gain,
            errors: NEAR_LEVELS.map(|level| 0.1 * (level - 0.5)).to_vec(),
            most: None,
        };
        let tuning = Tuning {
            made_for: TunedFor {
                forecast: String::new(),
                throughput: 100.0,
                lead_seconds: 300,
                risk: 0.001,
                every_seconds: 3600,
                utilization: None,
                exact: true,
            },
            near: Some(NearRecord {
                least: 10.0,
                usual: 0.01,
                lowest: -0.4,
                hours: [1.0; 24],
                levels: NEAR_LEVELS.to_vec(),
                horizons: vec![horizon(3, 0.9), horizon(190, 0.5)],
            }),
            price: Some(0.05),
            replayed: None,
            best: None,
            notes: Vec::new(),
        };
        Self {
            settings: Settings {
                config: config::Config::parse("test", &text).unwrap(),
                refused: Vec::new(),
                pause: None,
                notes: Vec::new(),
            },
            forecast,
            sight: Sight {
                minutes: minutes.ok(),
                tuning: Some(tuning),
                reacts: true,
                spent: None,
            },
            rules: Rules {
                min_servers: 1,
                max_servers: 400,
                throughput: 100.0,
                lead_time: SignedDuration::from_mins(5),
                risk: 0.001,
                share: 1.0,
                pace: planning::Pace::default(),
            },
        }
    }

    fn known(&self) -> Known<'_> {
        Known {
            settings: &self.settings,
            target: &self.settings.config.targets[0],
            rules: &self.rules,
            present: None,
            sight: &self.sight,
            now: at(NOON),
            end: at(NOON) + SignedDuration::from_hours(26),
        }
    }

    fn near(&self) -> Near {
        near_steps(&self.known(), &self.forecast, &[], &mut Vec::new()).unwrap()
    }

    /// Servers at a time of the afternoon by the last minutes.
    fn servers(&self, time: &str) -> u32 {
        let at = at(&format!("2026-11-20T{time}:00Z"));
        let steps = self.near().steps;
        steps.iter().rfind(|step| step.start <= at).unwrap().servers
    }

    /// The median of the evening, corrected.
    fn evening(&self) -> f64 {
        let mut forecast = self.forecast.clone();
        let near = self.near();
        correct_rest(&mut forecast, &self.known(), &[], &near);
        forecast.demand_at(at("2026-11-20T20:05:00Z"), 0.5).unwrap()
    }
}

fn event(start: &str, end: &str, effect: &str) -> String {
    format!(
        "[[event]]\nname = \"show\"\nstart = 2026-11-20T{start}:00\nend = 2026-11-20T{end}:00\n{effect}\n"
    )
}

fn within(now: Timestamp, from: &str, to: &str) -> bool {
    let of = |time: &str| at(&format!("2026-11-20T{time}:00Z"));
    (of(from)..of(to)).contains(&now)
}

#[test]
fn a_low_day_takes_nothing_from_a_demand_that_was_given() {
    let show = |now| {
        if within(now, "12:15", "14:00") {
            2.0
        } else {
            1.0
        }
    };
    let low = |_| 4500.0;
    let given = Day::new(&event("12:15", "14:00", "demand = 12000.0"), show, low);
    assert!(given.servers("12:20") >= 119, "{}", given.servers("12:20"));
    // Twice of what is a low day is less than that.
    let times = Day::new(&event("12:15", "14:00", "multiplier = 2.0"), show, low);
    assert!(
        (90..110).contains(&times.servers("12:20")),
        "{}",
        times.servers("12:20")
    );
    assert!((45..60).contains(&times.servers("12:10")));
}

#[test]
fn a_floor_below_the_median_says_what_carries_the_rest() {
    let mut day = Day::new("", |_| 1.0, |_| 6000.0);
    let reason = |day: &Day| day.near().steps.last().unwrap().reason.clone();
    assert!(!reason(&day).contains("rest"), "{}", reason(&day));
    day.sight.tuning.as_mut().unwrap().price = Some(0.9);
    let told = reason(&day);
    assert!(told.contains("target tracking carries the rest"), "{told}");
    day.sight.reacts = false;
    let told = reason(&day);
    assert!(
        told.contains("so much is within the risk asked for"),
        "{told}"
    );
}

#[test]
fn an_announcement_that_was_wrong_says_nothing_of_the_hours_after_it() {
    // Announced at three times the usual, seen at one and a half, over at noon.
    let show = |now| {
        if within(now, "10:00", "11:58") {
            3.0
        } else {
            1.0
        }
    };
    let seen = |now| {
        6000.0
            * if within(now, "10:00", "11:58") {
                1.5
            } else {
                1.0
            }
    };
    let day = Day::new(&event("10:00", "11:58", "multiplier = 3.0"), show, seen);
    assert!(day.servers("12:10") >= 59, "{}", day.servers("12:10"));
    assert!(!day.near().dip);
    // While it lasts it speaks for itself.
    let show = |now| {
        if within(now, "10:00", "14:00") {
            3.0
        } else {
            1.0
        }
    };
    let seen = |now| {
        6000.0
            * if within(now, "10:00", "14:00") {
                2.6
            } else {
                1.0
            }
    };
    let day = Day::new(&event("10:00", "14:00", "multiplier = 3.0"), show, seen);
    assert!(
        (150..175).contains(&day.servers("12:05")),
        "{}",
        day.servers("12:05")
    );
    assert!(
        (day.evening() / 6000.0 - 1.0).abs() < 0.02,
        "{}",
        day.evening()
    );
}

#[test]
fn an_outage_that_is_over_takes_nothing_from_the_evening() {
    let usual = Day::new("", |_| 1.0, |_| 6000.0);
    let cut = |now| {
        if within(now, "08:00", "11:00") {
            30.0
        } else {
            6000.0
        }
    };
    let after = Day::new("", |_| 1.0, cut);
    assert!(!after.near().dip);
    assert!((after.evening() / usual.evening() - 1.0).abs() < 0.005);
    // A day that is a little low is believed, as far as noon tells of the evening.
    let low = Day::new("", |_| 1.0, |_| 5500.0);
    assert!(low.evening() < 0.995 * usual.evening(), "{}", low.evening());
}

#[test]
fn a_dip_leaves_the_floors_with_the_forecast() {
    let cut = |now| {
        if within(now, "11:30", "13:00") {
            30.0
        } else {
            6000.0
        }
    };
    let day = Day::new("", |_| 1.0, cut);
    assert!(day.near().dip);
    assert!(day.servers("12:10") >= 59);
}

#[test]
fn a_lead_time_beyond_what_the_last_minutes_reach_leaves_the_rest_to_the_forecast() {
    let mut day = Day::new("", |_| 1.0, |_| 6600.0);
    day.rules.lead_time = SignedDuration::from_hours(5);
    let near = day.near();
    let reach = near.until.duration_since(at(NOON));
    assert!(reach <= SignedDuration::from_mins(195) && reach >= SignedDuration::from_mins(180));
    assert_eq!(near.steps.len(), near.upper.len());
}
