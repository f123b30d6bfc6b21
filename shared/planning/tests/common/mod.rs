//! Random situations of a group, and a plain way to bring a plan about.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

use documents::{Baseline, Forecast, Hold, Plan, PlanStep};
use fleet::{ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use planning::{
    Changes, Current, Needs, Pace, PlanReport, Present, REACH, Rules, compose, diff, is_own,
    require,
};
use proptest::prelude::*;
use simulation::{GroupSpec, Origin, SimulatedGroup, Source};

pub const GROUP: &str = "web";

pub fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Everything that bears on one plan.
#[derive(Debug, Clone)]
pub struct Scene {
    pub now: Timestamp,
    pub sizes: (u32, u32, u32),
    pub rules: Rules,
    pub servers: Vec<u32>,
    pub step_minutes: i64,
    /// Minutes from now, and the recurrence where it has one.
    pub foreign: Vec<(i64, bool)>,
    pub hold: Option<(u32, i64)>,
    pub human: Option<u32>,
    pub keep: bool,
    pub scales_in: bool,
    pub demand: Option<f64>,
    /// Where there is one, the needs are what its forecast asks for.
    pub outlook: Option<Demand>,
    /// Whether scheduled actions run up to two minutes late.
    pub late: bool,
}

fn servers() -> impl Strategy<Value = Vec<u32>> {
    let noise = prop::collection::vec(0_u32..70, 320);
    let walk = (0_i32..70, prop::collection::vec(-4_i32..5, 320)).prop_map(|(start, moves)| {
        let level = |level: &mut i32, change: i32| {
            *level = (*level + change).clamp(0, 70);
            Some(level.unsigned_abs())
        };
        moves
            .into_iter()
            .scan(start, |at, m| level(at, m))
            .collect()
    });
    let day = (0_u32..10, 1_u32..60, 1_usize..200).prop_map(|(low, high, width)| {
        (0..320)
            .map(|i| if (i / width) % 2 == 0 { low } else { high })
            .collect()
    });
    prop_oneof![1 => noise, 3 => walk, 2 => day]
}

prop_compose! {
    /// How floors may change.
    pub fn paces()(
        most_up in prop::option::of(1_u32..9),
        most_down in prop::option::of(1_u32..9),
        dwell in prop_oneof![1 => Just(0_i64), 2 => 1_i64..60],
        launch in prop_oneof![2 => Just(0_i64), 1 => 1_i64..60],
    ) -> Pace {
        Pace { most_up, most_down, dwell: mins(dwell), launch: mins(launch) }
    }
}

prop_compose! {
    pub fn scenes()(
        second in 0_i64..7 * 86_400,
        limits in (0_u32..20, 0_u32..20, 0_u32..40),
        servers in servers(),
        step_minutes in prop::sample::select(vec![5_i64, 15, 30, 60]),
        rules in (0_u32..8, 1_u32..80, 0_i64..90 * 60),
        share in prop_oneof![3 => Just(1.0), 1 => 0.01_f64..1.0],
        pace in prop_oneof![
            3 => Just(Pace::default()),
            2 => paces(),
        ],
        foreign in prop_oneof![
            2 => Just(Vec::new()),
            2 => prop::collection::vec((1_i64..30 * 60, any::<bool>()), 0..30),
            1 => prop::collection::vec((1_i64..30 * 60, Just(false)), 30..120),
        ],
        hold in prop::option::weighted(0.3, (0_u32..70, 1_i64..300)),
        human in prop::option::weighted(0.3, 0_u32..30),
        keep in prop::bool::weighted(0.2),
        scales_in in any::<bool>(),
        demand in prop::option::of(0.0_f64..70_000.0),
    ) -> Scene {
        let (min, more, most) = limits;
        let sizes = (min, min + more, min + more + most);
        Scene {
            now: "2026-03-25T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second),
            sizes,
            rules: Rules {
                min_servers: rules.0,
                max_servers: rules.0 + rules.1,
                throughput: 1000.0,
                lead_time: SignedDuration::from_secs(rules.2),
                risk: 0.001,
                share,
                pace,
            },
            servers, step_minutes, foreign, hold, human, keep, scales_in, demand,
            outlook: None,
            late: true,
        }
    }
}

const LEVELS: [&[f64]; 4] = [
    &[0.5],
    &[0.1, 0.5, 0.9],
    &[0.05, 0.25, 0.5, 0.75, 0.95, 0.99],
    &[
        0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999,
    ],
];

/// What demand could be in each step: a day with a wave on it, noise, hours of nothing, spikes; how
/// sure that is; and how it is told.
#[derive(Debug, Clone)]
pub struct Demand {
    pub height: f64,
    pub hump: f64,
    pub wave: (f64, f64),
    pub noise: Vec<f64>,
    pub night: Option<(usize, usize)>,
    pub spikes: Vec<(usize, f64)>,
    pub width: f64,
    pub skew: f64,
    pub levels: usize,
    pub minute_spread: f64,
    pub step_seconds: u32,
    /// All of it times this.
    pub times: f64,
}

prop_compose! {
    pub fn demands()(
        height in (0.0_f64..4.5).prop_map(|power| 10_f64.powf(power)),
        hump in 0.0_f64..1.0,
        wave in (0.0_f64..0.5, 0.5_f64..6.0),
        noise in prop_oneof![1 => Just(vec![0.0]), 2 => prop::collection::vec(-0.4_f64..0.4, 1..200)],
        night in prop::option::of((0_usize..24, 1_usize..10)),
        spikes in prop::collection::vec((0_usize..30, 1.0_f64..20.0), 0..4),
        width in prop_oneof![1 => Just(0.0), 4 => 0.0_f64..1.0],
        skew in 0.0_f64..3.0,
        levels in 0..LEVELS.len(),
        minute_spread in prop_oneof![1 => Just(0.0), 2 => 0.0_f64..0.6],
        step_seconds in prop::sample::select(vec![300_u32, 900, 1800, 3600]),
    ) -> Demand {
        Demand {
            height, hump, wave, noise, night, spikes, width, skew, levels, minute_spread, step_seconds,
            times: 1.0,
        }
    }
}

impl Demand {
    /// Three days of it from `start` on.
    pub fn forecast(&self, start: Timestamp) -> Forecast {
        let levels = LEVELS[self.levels];
        let each = self.step_seconds as usize;
        let row = |index: usize| {
            let hours = (index * each) as f64 / 3600.0;
            let hour = hours as usize;
            let turn = |period: f64| (hours * std::f64::consts::TAU / period).sin();
            let quiet = |&(from, length): &(usize, usize)| (hour + 24 - from) % 24 < length;
            let spike = self.spikes.iter().find(|(at, _)| *at == hour);
            let shape = 1.0 + self.hump * turn(24.0) + self.wave.0 * turn(self.wave.1);
            let noise = 1.0 + self.noise[index % self.noise.len()];
            let median = if self.night.as_ref().is_some_and(quiet) {
                0.0
            } else {
                self.height * shape.max(0.0) * noise * spike.map_or(1.0, |(_, times)| *times)
            };
            let value = |level: &f64| {
                let off = level - 0.5;
                let far = if off > 0.0 {
                    1.0 + self.skew * off
                } else {
                    1.0
                };
                self.times * median * (1.0 + self.width * off * far)
            };
            levels.iter().map(value).collect()
        };
        Forecast {
            start,
            step_seconds: self.step_seconds,
            levels: levels.to_vec(),
            quantiles: (0..72 * 3600 / each).map(row).collect(),
            minute_spread: self.minute_spread,
            ..Forecast::default()
        }
    }
}

prop_compose! {
    /// Scenes that are planned from a forecast, with everything that can be configured.
    pub fn forecast_scenes()(
        scene in scenes(),
        demand in demands(),
        throughput in (1.0_f64..3.5).prop_map(|power| 10_f64.powf(power)),
        risk in (-4.5_f64..-1.0).prop_map(|power| 10_f64.powf(power)),
        lead in 0_i64..60 * 60,
        pace in prop_oneof![1 => Just(Pace::default()), 3 => paces()],
    ) -> Scene {
        let rules = Rules {
            throughput,
            risk,
            lead_time: SignedDuration::from_secs(lead),
            pace,
            ..scene.rules
        };
        Scene { rules, outlook: Some(demand), ..scene }
    }
}

impl Scene {
    pub fn hour(&self) -> Timestamp {
        Timestamp::from_second(self.now.as_second().div_euclid(3600) * 3600).unwrap()
    }

    pub fn needs(&self) -> Needs {
        let start = self.hour();
        let end = start + REACH;
        if let Some(outlook) = &self.outlook {
            let midnight = self.now.as_second().div_euclid(86_400) * 86_400;
            let forecast = outlook.forecast(Timestamp::from_second(midnight).unwrap());
            // From the start of the hour, as the planner asks.
            let required = require(&forecast, &self.rules, start, REACH).expect("a requirement");
            return self.needing(required.steps, end);
        }
        let steps = (0_i32..)
            .zip(&self.servers)
            .map(|(index, servers)| PlanStep {
                start: start + mins(self.step_minutes) * index,
                servers: *servers,
                reason: format!("{servers} needed"),
            })
            .take_while(|step| step.start < end);
        self.needing(steps.collect(), end)
    }

    fn needing(&self, steps: Vec<PlanStep>, end: Timestamp) -> Needs {
        Needs {
            by: "planner".to_owned(),
            fence: 1,
            steps,
            end,
            forecast: None,
            keep: self.keep,
            notes: Vec::new(),
        }
    }

    /// The group with others' actions in its schedule, as far as AWS takes them.
    pub fn group(&self) -> SimulatedGroup {
        let (min, desired, max) = self.sizes;
        let mut spec = GroupSpec::new(GROUP, min, desired, max);
        spec.late_schedule = self.late;
        let mut group = SimulatedGroup::new(spec, self.now).unwrap();
        let origin = Origin::new(self.now, Source::Foreign, "theirs");
        for (index, (minute, recurs)) in self.foreign.iter().enumerate() {
            let start = Timestamp::from_second(self.now.as_second() / 60 * 60).unwrap();
            let action = ScheduledAction {
                name: format!("forescale-by-hand-{index}"),
                start: Some(start + mins(*minute)),
                end: None,
                recurrence: recurs.then(|| format!("{} * * * *", minute.rem_euclid(60))),
                min_size: None,
                // Changes nothing, so that what happens to the floor is ours.
                max_size: Some(max),
                desired_capacity: None,
            };
            let _ = group.put_scheduled_actions(self.now, &[action], &origin);
        }
        group
    }

    pub fn hold(&self) -> Option<Hold> {
        self.hold.map(|(servers, minutes)| Hold {
            since: self.now,
            // From the minute, so that a run some seconds later sees the same hold.
            until: Timestamp::from_second(self.now.as_second() / 60 * 60).unwrap() + mins(minutes),
            servers,
            demand: 0.0,
            reason: "a spike".to_owned(),
        })
    }

    pub fn baseline(&self) -> Baseline {
        let (min_size, desired_capacity, max_size) = self.sizes;
        let group = GROUP.to_owned();
        Baseline {
            group,
            min_size,
            max_size,
            desired_capacity,
        }
    }

    pub fn present(&self) -> Option<Present> {
        self.demand.map(|demand| Present {
            demand,
            at: self.now,
        })
    }

    /// Hands the group's situation to `work`.
    pub fn with<T>(
        &self,
        group: &SimulatedGroup,
        previous: Option<&Plan>,
        work: impl FnOnce(&Current<'_>) -> T,
    ) -> T {
        let (seen, baseline, hold) = (group.group().unwrap(), self.baseline(), self.hold());
        let foreign: Vec<ScheduledAction> = foreign(group);
        work(&Current {
            group: &seen,
            foreign: &foreign,
            previous,
            baseline: &baseline,
            hold: hold.as_ref(),
            human_floor: self.human,
            present: self.present(),
            scales_in: self.scales_in,
            above: self.rules.share,
            wanted: None,
        })
    }

    pub fn plan(&self, group: &SimulatedGroup, previous: Option<&Plan>) -> (Plan, PlanReport) {
        self.with(group, previous, |current| {
            compose(&self.needs(), &self.rules, current, self.now).expect("a plan")
        })
    }

    pub fn changes(&self, plan: &Plan, group: &SimulatedGroup) -> Changes {
        let (seen, existing) = (group.group().unwrap(), group.scheduled_actions().unwrap());
        diff(
            plan,
            &seen,
            &existing,
            self.scales_in,
            self.present(),
            &self.rules,
        )
    }

    /// Carries out what `plan` changes in `group`, with at most so many `calls`.
    pub fn bring_about(&self, plan: &Plan, group: &mut SimulatedGroup, calls: usize) {
        let changes = self.changes(plan, group);
        apply(group, &changes, self.now, calls);
    }
}

pub fn foreign(group: &SimulatedGroup) -> Vec<ScheduledAction> {
    let all = group.scheduled_actions().unwrap();
    all.into_iter()
        .filter(|action| !is_own(GROUP, &action.name))
        .collect()
}

pub fn own(group: &SimulatedGroup) -> Vec<ScheduledAction> {
    let all = group.scheduled_actions().unwrap();
    all.into_iter()
        .filter(|action| is_own(GROUP, &action.name))
        .collect()
}

/// Carries out `changes` in the order of `control`, at most `calls` calls of them, and panics on
/// whatever AWS would refuse.
fn apply(group: &mut SimulatedGroup, changes: &Changes, now: Timestamp, calls: usize) {
    let origin = Origin::new(now, Source::Planner, "plan");
    let before = group.group().unwrap();
    let existing = group.scheduled_actions().unwrap();
    let mut room = 125 - existing.len();
    let (fitting, waiting): (Vec<_>, Vec<_>) = changes.raises.iter().cloned().partition(|action| {
        let there = existing.iter().any(|other| other.name == action.name);
        let fits = there || room > 0;
        room -= usize::from(!there && room > 0);
        fits
    });
    let sizes = changes.resize.unwrap_or_default();
    let min_rises = sizes.min_size.is_some_and(|min| min > before.min_size);
    let rises = sizes
        .desired_capacity
        .is_some_and(|desired| desired > before.desired_capacity);
    let part = |raising: bool| Sizes {
        min_size: sizes.min_size.filter(|_| min_rises == raising),
        max_size: None,
        desired_capacity: sizes.desired_capacity.filter(|_| rises == raising),
    };
    let farthest = changes.stale_raises.iter().rev().take(waiting.len());
    let freed: Vec<String> = farthest.cloned().collect();
    let kept = changes
        .stale_raises
        .iter()
        .filter(|name| !freed.contains(name));
    let kept: Vec<String> = kept.cloned().collect();
    let calls_in_order = [
        Call::Resize(part(true)),
        Call::Put(&fitting),
        Call::Delete(&changes.stale_lowers),
        Call::Delete(&freed),
        Call::Put(&waiting),
        Call::Delete(&kept),
        Call::Put(&changes.lowers),
        Call::Resize(part(false)),
    ];
    let each = calls_in_order.into_iter().flat_map(Call::batches);
    for call in each.take(calls) {
        match call {
            Call::Resize(sizes) => group.resize(now, sizes, &origin).unwrap(),
            Call::Put(actions) => {
                let refused = group.put_scheduled_actions(now, actions, &origin).unwrap();
                assert!(refused.is_empty(), "{refused:?}");
            }
            Call::Delete(names) => {
                assert!(group.delete_scheduled_actions(names).unwrap().is_empty());
            }
        }
    }
}

enum Call<'a> {
    Resize(Sizes),
    Put(&'a [ScheduledAction]),
    Delete(&'a [String]),
}

impl<'a> Call<'a> {
    /// As many calls as AWS takes it in.
    fn batches(self) -> Vec<Call<'a>> {
        match self {
            Self::Resize(sizes) if sizes == Sizes::default() => Vec::new(),
            Self::Resize(sizes) => vec![Self::Resize(sizes)],
            Self::Put(actions) => actions.chunks(50).map(Call::Put).collect(),
            Self::Delete(names) => names.chunks(50).map(Call::Delete).collect(),
        }
    }
}

/// The floor a plan promises at `at`.
pub fn floor_at(plan: &Plan, at: Timestamp) -> u32 {
    let mut floor = plan.floors[0].servers;
    for step in &plan.floors {
        if step.start <= at {
            floor = step.servers;
        }
    }
    floor
}
