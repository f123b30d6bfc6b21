//! Whatever happens to runs that change a group, it never falls below what was promised, and the next
//! run that is left alone finishes: random faults, runs cut short anywhere, hands, others' leases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use config::Config;
use control::{
    Ask, ControlError, Evidence, HeldLease, Outcome, World, acquire, load, reconcile, release,
};
use documents::{Plan, PlanStep, keys};
use fleet::{Group, ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use local::{
    CsvMetrics, Fault, Faults, Faulty, MemoryStore, RecordingNotifier, SimulatedGroupPort,
    VirtualClock,
};
use planning::{Needs, Pace, Present, REACH, Rules, is_own};
use pollster::block_on;
use ports::{Clock, GroupReader};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use simulation::{GroupSpec, Origin, SimulatedGroup, Source, TargetTracking};

/// A group of EC2 Auto Scaling, and a target of Application Auto Scaling: each with its own rules.
const GROUPS: [(&str, &str); 2] = [("group", "web-asg"), ("resource", "ecs:service/prod/web")];
const CONFIG: &str = r#"
[[target]]
name = "web"
demand = { namespace = "Shop", name = "Requests" }
min_servers = 2
max_servers = 40
throughput = 1000
lead_time = "5m"
mode = "active"
"#;

fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// What a run meets.
#[derive(Debug, Clone)]
enum Trouble {
    None,
    /// Calls that fail, a share of all.
    Random {
        seed: u64,
        share: f64,
    },
    /// The run ends before this call.
    CutShort(usize),
    /// This call happens and its answer is lost.
    Lost(usize),
    /// Every second item of this batch of actions is refused, and not when it is put again.
    HalfRefused(usize),
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    /// The planner, with new needs.
    Planner {
        servers: Vec<u32>,
        demand: Option<f64>,
        trouble: Trouble,
    },
    /// The responder, which keeps them.
    Responder {
        demand: f64,
        trouble: Trouble,
    },
    Minutes(i64),
    /// Somebody sets MinSize.
    HandSize(u32),
    /// Somebody deletes the n-th of our actions.
    HandDelete(usize),
    /// Somebody adds an action so many minutes from now.
    HandAction(i64),
    /// Another run has the lease.
    Leased,
    /// A run that lost its lease to another wakes up.
    Stale {
        servers: Vec<u32>,
    },
}

fn servers() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        prop::collection::vec(0_u32..45, 1..12),
        // More changes than there is room for.
        prop::collection::vec(0_u32..45, 120..160),
    ]
}

fn troubles() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        2 => Just(Trouble::None),
        2 => (any::<u64>(), 0.05_f64..0.6).prop_map(|(seed, share)| Trouble::Random { seed, share }),
        2 => (1_usize..25).prop_map(Trouble::CutShort),
        2 => (1_usize..25).prop_map(Trouble::Lost),
        1 => (1_usize..3).prop_map(Trouble::HalfRefused),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let demand = 0.0_f64..45_000.0;
    prop_oneof![
        6 => (servers(), prop::option::of(demand.clone()), troubles())
            .prop_map(|(servers, demand, trouble)| Event::Planner { servers, demand, trouble }),
        2 => (demand, troubles()).prop_map(|(demand, trouble)| Event::Responder { demand, trouble }),
        4 => (1_i64..150).prop_map(Event::Minutes),
        1 => (0_u32..40).prop_map(Event::HandSize),
        1 => (0_usize..100).prop_map(Event::HandDelete),
        1 => (40 * 60_i64..60 * 60).prop_map(Event::HandAction),
        1 => Just(Event::Leased),
        1 => servers().prop_map(|servers| Event::Stale { servers }),
    ]
}

/// How floors may change, whether a policy of the group removes servers, and which of [`GROUPS`] it is.
fn settings() -> impl Strategy<Value = (Pace, bool, usize)> {
    let pace = (
        prop::option::of(1_u32..9),
        prop::option::of(1_u32..9),
        0_i64..30,
        0_i64..9,
    );
    let pace = pace.prop_map(|(most_up, most_down, dwell, launch)| Pace {
        most_up,
        most_down,
        dwell: mins(dwell),
        launch: mins(launch),
    });
    let pace = prop_oneof![1 => Just(Pace::default()), 1 => pace];
    (pace, any::<bool>(), 0..GROUPS.len())
}

/// What the floor may not be below: what a plan says, or what somebody left.
enum Promise {
    Plan(Box<Plan>),
    Hand(u32),
}

impl Promise {
    fn at(&self, now: Timestamp) -> u32 {
        match self {
            Self::Hand(servers) => *servers,
            Self::Plan(plan) => {
                let after = plan.floors.partition_point(|floor| floor.start <= now);
                plan.floors[after.saturating_sub(1)].servers
            }
        }
    }
}

type Ports<'a> = World<
    'a,
    Faulty<MemoryStore>,
    CsvMetrics,
    Faulty<SimulatedGroupPort>,
    RecordingNotifier,
    VirtualClock,
>;

struct Stage {
    name: &'static str,
    config: Config,
    pace: Pace,
    clock: VirtualClock,
    store: MemoryStore,
    groups: SimulatedGroupPort,
    metrics: CsvMetrics,
    notifier: RecordingNotifier,
    /// Since the last run that went well: its plan, and whatever was begun or done by hand since.
    promises: Vec<Promise>,
    /// What others have put.
    theirs: Vec<ScheduledAction>,
}

impl Stage {
    fn new((pace, scales_in, which): (Pace, bool, usize)) -> Self {
        let (key, name) = GROUPS[which];
        let now: Timestamp = "2026-11-20T08:40:20Z".parse().unwrap();
        let clock = VirtualClock::new(now);
        let mut spec = GroupSpec::new(name, 3, 6, 40);
        spec.reactive = Some(TargetTracking {
            utilization: 0.8,
            scales_in,
        });
        let group = SimulatedGroup::new(spec, now).unwrap();
        Self {
            name,
            config: Config::parse("forescale.toml", &format!("{CONFIG}{key} = \"{name}\"\n"))
                .unwrap(),
            pace,
            store: MemoryStore::new(),
            metrics: CsvMetrics::new(clock.clone()),
            groups: SimulatedGroupPort::new([group], &clock),
            notifier: RecordingNotifier::new(),
            clock,
            promises: vec![Promise::Hand(3)],
            theirs: Vec::new(),
        }
    }

    fn rules(&self) -> Rules {
        let target = &self.config.targets[0];
        Rules {
            min_servers: target.min_servers,
            max_servers: target.max_servers,
            throughput: 1000.0,
            lead_time: mins(5),
            risk: target.risk,
            share: 1.0,
            pace: self.pace,
        }
    }

    fn needs(&self, servers: &[u32]) -> Needs {
        let now = self.clock.now();
        let start = Timestamp::from_second(now.as_second().div_euclid(3600) * 3600).unwrap();
        let end = start + REACH;
        let each = REACH.as_mins() / i64::try_from(servers.len()).unwrap();
        let steps = (0_i32..).zip(servers).map(|(index, servers)| PlanStep {
            start: start + mins(each) * index,
            servers: *servers,
            reason: format!("{servers} needed"),
        });
        Needs {
            by: "planner".to_owned(),
            fence: 0,
            steps: steps.take_while(|step| step.start < end).collect(),
            end,
            forecast: Some("targets/web/forecast/2026-11-20.json".to_owned()),
            keep: false,
            notes: Vec::new(),
        }
    }

    fn ask(&self, by: &'static str, needs: Option<Needs>, demand: Option<f64>) -> Ask<'_> {
        Ask {
            target: &self.config.targets[0],
            by,
            rules: self.rules(),
            needs,
            present: demand.map(|demand| Present {
                demand,
                at: self.clock.now(),
            }),
            evidence: Evidence::default(),
            policy: None,
            ceiling: None,
        }
    }

    /// Does `work` with ports that fail by `trouble`; `None` where it was cut short.
    fn within<T>(&self, trouble: &Trouble, work: impl AsyncFnOnce(&Ports<'_>) -> T) -> Option<T> {
        let kinds = [
            Fault::Throttled,
            Fault::Denied,
            Fault::Conflict,
            Fault::NotFound,
            Fault::UnansweredBefore,
            Fault::UnansweredAfter,
        ];
        let faults = Faults::none();
        let faults = match *trouble {
            Trouble::None => faults,
            Trouble::Random { seed, share } => faults.at_random(seed, share, &kinds),
            Trouble::CutShort(call) => faults.nth(call, Fault::Hangs),
            Trouble::Lost(call) => faults.nth(call, Fault::UnansweredAfter),
            Trouble::HalfRefused(call) => {
                faults.nth_of("put_scheduled_actions", call, Fault::ItemsRefused)
            }
        };
        let (store, groups) = (
            faults.wrap(self.store.clone()),
            faults.wrap(self.groups.clone()),
        );
        let world = World {
            store: &store,
            metrics: &self.metrics,
            groups: &groups,
            notifier: &self.notifier,
            clock: &self.clock,
        };
        let mut run = pin!(work(&world));
        let mut context = Context::from_waker(Waker::noop());
        // Far more turns than a run takes that does not hang.
        (0..10_000).find_map(|_| match run.as_mut().poll(&mut context) {
            Poll::Ready(ended) => Some(ended),
            Poll::Pending => None,
        })
    }

    /// A whole run under its lease.
    fn run(&self, ask: Ask<'_>, trouble: &Trouble) -> Option<Result<Outcome, ControlError>> {
        self.within(trouble, async |world| {
            let lease = acquire(world, "web", ask.by).await?;
            let ended = reconcile(world, &lease, ask).await;
            release(world, lease).await;
            ended
        })
    }

    /// What a run came to: its plan alone if it went well, else also whatever it may have begun.
    fn ended(&mut self, ended: &Option<Result<Outcome, ControlError>>) {
        if let Some(Ok(outcome)) = ended {
            self.promises = vec![Promise::Plan(Box::new(outcome.plan.clone()))];
        } else if let Some(stored) = self.stored() {
            self.promises.push(Promise::Plan(Box::new(stored)));
        }
    }

    fn stored(&self) -> Option<Plan> {
        let loaded = block_on(load::<Plan>(&self.store, &keys::plan("web"))).unwrap();
        loaded.body().cloned()
    }

    fn group(&self) -> Group {
        block_on(self.groups.group(self.name)).unwrap()
    }

    fn actions(&self, own: bool) -> Vec<ScheduledAction> {
        let all = block_on(self.groups.scheduled_actions(self.name)).unwrap();
        all.into_iter()
            .filter(|action| is_own(self.name, &action.name) == own)
            .collect()
    }

    /// The floor is not below all that was promised.
    fn stands(&self) -> Result<(), TestCaseError> {
        let now = self.clock.now();
        let promised = self
            .promises
            .iter()
            .map(|promise| promise.at(now))
            .min()
            .unwrap();
        let (group, most) = (self.group(), self.group().max_size);
        prop_assert!(
            group.min_size >= promised.min(most),
            "{} of {promised} at {now}",
            group.min_size
        );
        prop_assert_eq!(
            &self.actions(false),
            &self.theirs,
            "others' actions stay as they are"
        );
        Ok(())
    }

    fn pass(&self, minutes: i64) -> Result<(), TestCaseError> {
        for _ in 0..minutes {
            self.clock.advance(mins(1));
            self.groups.advance(self.name, 4000.0, 1000.0);
            self.stands()?;
        }
        Ok(())
    }

    fn lease(&self, holder: &'static str) -> Option<HeldLease> {
        let got = self.within(&Trouble::None, async |world| {
            acquire(world, "web", holder).await
        });
        got.unwrap().ok()
    }

    fn happens(&mut self, event: Event) -> Result<(), TestCaseError> {
        let now = self.clock.now();
        let origin = Origin::new(now, Source::Person, "by hand");
        match event {
            Event::Minutes(minutes) => self.pass(minutes)?,
            Event::Planner {
                servers,
                demand,
                trouble,
            } => {
                let ask = self.ask("planner", Some(self.needs(&servers)), demand);
                let ended = self.run(ask, &trouble);
                self.ended(&ended);
            }
            Event::Responder { demand, trouble } => {
                let ended = self.run(self.ask("responder", None, Some(demand)), &trouble);
                self.ended(&ended);
            }
            Event::HandSize(servers) => {
                let sizes = Sizes {
                    min_size: Some(servers),
                    ..Sizes::default()
                };
                self.groups
                    .with(self.name, |group| group.resize(now, sizes, &origin))
                    .unwrap()
                    .unwrap();
                self.promises.push(Promise::Hand(servers));
            }
            Event::HandDelete(index) => {
                if let Some(action) = self.actions(true).get(index) {
                    let names = [action.name.clone()];
                    self.groups
                        .with(self.name, |group| group.delete_scheduled_actions(&names))
                        .unwrap()
                        .unwrap();
                    // A raise may be missing from now on.
                    self.promises.push(Promise::Hand(0));
                }
            }
            Event::HandAction(minutes) => {
                let start =
                    Timestamp::from_second(now.as_second() / 60 * 60).unwrap() + mins(minutes);
                let action = ScheduledAction {
                    name: format!("people-{}", self.theirs.len()),
                    start: Some(start),
                    end: None,
                    recurrence: None,
                    min_size: None,
                    max_size: Some(40),
                    desired_capacity: None,
                };
                let put = |group: &mut SimulatedGroup| {
                    group.put_scheduled_actions(now, std::slice::from_ref(&action), &origin)
                };
                if self
                    .groups
                    .with(self.name, put)
                    .unwrap()
                    .unwrap()
                    .is_empty()
                {
                    self.theirs = self.actions(false);
                }
            }
            Event::Leased => {
                let held = self.lease("somebody");
                let before = (self.group(), self.actions(true));
                let ask = self.ask("planner", Some(self.needs(&[40])), None);
                let refused = self.run(ask, &Trouble::None).unwrap();
                prop_assert!(
                    matches!(refused, Err(ControlError::Leased { .. })),
                    "{refused:?}"
                );
                prop_assert_eq!((self.group(), self.actions(true)), before);
                if let Some(held) = held {
                    self.within(&Trouble::None, async |world| release(world, held).await);
                }
            }
            Event::Stale { servers } => {
                self.pass(3)?;
                let stale = self.lease("planner").unwrap();
                self.pass(3)?;
                let ask = self.ask("planner", Some(self.needs(&servers)), Some(40_000.0));
                let ended = self.run(ask, &Trouble::None);
                self.ended(&ended);
                let before = (self.group(), self.actions(true));
                let late = self.ask("planner", Some(self.needs(&[0])), None);
                let refused = self.within(&Trouble::None, async |world| {
                    reconcile(world, &stale, late).await
                });
                let refused = refused.unwrap();
                // Where the other run had nothing to change, the plan is as it was.
                if matches!(&ended, Some(Ok(outcome)) if outcome.changes > 0) {
                    prop_assert!(
                        matches!(refused, Err(ControlError::Fenced { .. })),
                        "{refused:?}"
                    );
                    prop_assert_eq!((self.group(), self.actions(true)), before);
                } else {
                    self.ended(&Some(refused));
                }
            }
        }
        self.stands()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        rng_seed: RngSeed::Fixed(0x00f0_e5ca),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_floor_stands_and_the_next_run_finishes(
        settings in settings(),
        events in prop::collection::vec(events(), 1..10),
        last in servers(),
    ) {
        let mut stage = Stage::new(settings);
        for event in events {
            stage.happens(event)?;
        }
        // Whoever was cut short no longer has the lease.
        stage.pass(3)?;
        let needs = stage.needs(&last);
        let ended = stage.run(stage.ask("planner", Some(needs.clone()), None), &Trouble::None);
        let outcome = ended.unwrap().unwrap();
        prop_assert!(outcome.plan.applied);
        prop_assert_eq!(stage.group().min_size, outcome.plan.floors[0].servers);
        let put: Vec<_> = stage.actions(true).iter().map(|a| (a.name.clone(), a.min_size)).collect();
        let planned: Vec<_> = outcome.plan.actions.iter().map(|a| (a.name.clone(), Some(a.min_size))).collect();
        prop_assert_eq!(put, planned);
        let again = stage.run(stage.ask("planner", Some(needs), None), &Trouble::None);
        let again = again.unwrap().unwrap();
        prop_assert_eq!((again.changes, again.wrote), (0, false), "the difference is empty");
        stage.promises = vec![Promise::Plan(Box::new(outcome.plan))];
        stage.pass(120)?;
    }
}
