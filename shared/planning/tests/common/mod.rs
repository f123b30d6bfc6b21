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

use documents::{Baseline, Hold, Plan, PlanStep};
use fleet::ScheduledAction;
use jiff::{SignedDuration, Timestamp};
use planning::{Changes, Current, Needs, Pace, PlanReport, Present, Rules, compose, diff, is_own};
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
    pub fn scenes()(
        second in 0_i64..7 * 86_400,
        limits in (0_u32..20, 0_u32..20, 0_u32..40),
        servers in servers(),
        step_minutes in prop::sample::select(vec![5_i64, 15, 30, 60]),
        rules in (0_u32..8, 1_u32..80, 0_i64..90 * 60),
        share in prop_oneof![3 => Just(1.0), 1 => 0.01_f64..1.0],
        pace in prop_oneof![
            3 => Just(Pace::default()),
            1 => (prop::option::of(1_u32..9), prop::option::of(1_u32..9), 0_i64..60).prop_map(
                |(most_up, most_down, dwell)| Pace { most_up, most_down, dwell: mins(dwell) },
            ),
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
        }
    }
}

impl Scene {
    pub fn hour(&self) -> Timestamp {
        Timestamp::from_second(self.now.as_second().div_euclid(3600) * 3600).unwrap()
    }

    pub fn needs(&self) -> Needs {
        let start = self.hour();
        let end = start + SignedDuration::from_hours(26);
        let steps = (0_i32..)
            .zip(&self.servers)
            .map(|(index, servers)| PlanStep {
                start: start + mins(self.step_minutes) * index,
                servers: *servers,
                reason: format!("{servers} needed"),
            })
            .take_while(|step| step.start < end);
        Needs {
            by: "planner".to_owned(),
            fence: 1,
            steps: steps.collect(),
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
        spec.late_schedule = true;
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

/// Carries out `changes`, at most `calls` of them, and panics on whatever AWS would refuse.
fn apply(group: &mut SimulatedGroup, changes: &Changes, now: Timestamp, calls: usize) {
    let origin = Origin::new(now, Source::Planner, "plan");
    let mut left = calls;
    let mut go = || {
        let goes = left > 0;
        left = left.saturating_sub(1);
        goes
    };
    if let Some(sizes) = changes.resize {
        if !go() {
            return;
        }
        group.resize(now, sizes, &origin).unwrap();
    }
    for names in [&changes.stale_lowers, &changes.stale_raises] {
        for batch in names.chunks(50) {
            if !go() {
                return;
            }
            assert!(group.delete_scheduled_actions(batch).unwrap().is_empty());
        }
    }
    for actions in [&changes.raises, &changes.lowers] {
        for batch in actions.chunks(50) {
            if !go() {
                return;
            }
            let refused = group.put_scheduled_actions(now, batch, &origin).unwrap();
            assert!(refused.is_empty(), "{refused:?}");
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
