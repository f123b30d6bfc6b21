//! Many targets through the planner's and the forecaster's queue, with faults.
use std::collections::BTreeMap;

use crate::common::{at, forecast, mins, series};
use control::World;
use control::watching::measures::{PLAN_AGE, TARGETS_FAILED};
use documents::{Envelope, Plan, Turn, decode, encode, keys};
use jiff::{SignedDuration, Timestamp};
use local::{
    CsvMetrics, Fault, Faults, Letter, MemoryQueue, MemoryStore, RecordingFormation,
    RecordingNotifier, SimulatedGroupPort, VirtualClock,
};
use pollster::block_on;
use ports::{Clock, Condition, DocumentStore, GroupReader, MetricName};
use serde_json::{Value, json};
use simulation::{GroupSpec, SimulatedGroup};
use tasks::Limits;

const RUN: &str = "2026-11-20T08:40:00Z";
const RECEIVES: u32 = 5;

/// Targets, a queue between them and the planner, and faults for everything.
struct Fleet {
    clock: VirtualClock,
    store: MemoryStore,
    metrics: CsvMetrics,
    groups: SimulatedGroupPort,
    notifier: RecordingNotifier,
    queue: MemoryQueue,
    faults: Faults,
    /// What was told of each target that was tried.
    told: std::cell::RefCell<Vec<control::TargetReport>>,
}

fn table(name: &str, rest: &str) -> String {
    format!(
        "[[target]]\nname = \"{name}\"\ndemand = {{ namespace = \"Shop\", name = \"{name}\" }}\n\
         min_servers = 2\nmax_servers = 40\nthroughput = 1000\nmode = \"active\"\n{rest}\n"
    )
}

fn metric(name: &str) -> MetricName {
    MetricName {
        namespace: "Shop".to_owned(),
        name: name.to_owned(),
        dimensions: [].into(),
    }
}

fn name(n: usize) -> String {
    format!("shop-{n:02}")
}

impl Fleet {
    /// `count` targets that are well, each with a group and a forecast of 6,000 a minute.
    fn of(count: usize, more: &str) -> Self {
        let now = at(RUN);
        let clock = VirtualClock::new(now);
        let names: Vec<String> = (0..count).map(name).collect();
        let group =
            |name: &String| SimulatedGroup::new(GroupSpec::new(name, 3, 3, 40), now).unwrap();
        let mut metrics = CsvMetrics::new(clock.clone());
        for name in &names {
            let demand = series(now - mins(60), 60, |_| 5500.0);
            metrics = metrics.with(metric(name), demand);
        }
        let fleet = Self {
            store: MemoryStore::new(),
            metrics,
            groups: SimulatedGroupPort::new(names.iter().map(group), &clock),
            notifier: RecordingNotifier::new(),
            queue: MemoryQueue::new(&clock, mins(6), RECEIVES),
            faults: Faults::none(),
            told: std::cell::RefCell::default(),
            clock,
        };
        let tables: String = names.iter().map(|name| table(name, "")).collect();
        fleet.put(keys::CONFIG, (tables + more).as_bytes());
        for name in &names {
            fleet.forecast(name);
        }
        fleet
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        block_on(self.store.put(key, bytes, Condition::Always)).unwrap();
    }

    fn forecast(&self, name: &str) {
        let made = forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0);
        let key = keys::forecast(name, made.start);
        let document = Envelope::new(Some(name), self.clock.now(), "test", made);
        self.put(&key, &encode(&document).unwrap());
    }

    fn limits() -> Limits {
        Limits {
            inline: 3,
            receives: RECEIVES,
            ..Limits::of(SignedDuration::from_secs(60))
        }
    }

    /// Calls the planner with `event`, every port behind the faults.
    fn call(&self, event: &Value) -> Result<Value, String> {
        self.call_until(event, self.clock.now() + SignedDuration::from_secs(60))
    }

    fn call_until(&self, event: &Value, deadline: Timestamp) -> Result<Value, String> {
        let store = self.faults.wrap(self.store.clone());
        let metrics = self.faults.wrap(self.metrics.clone());
        let groups = self.faults.wrap(self.groups.clone());
        let notifier = self.faults.wrap(self.notifier.clone());
        let queue = self.faults.wrap(self.queue.clone());
        let world = World {
            store: &store,
            metrics: &metrics,
            groups: &groups,
            notifier: &notifier,
            clock: &self.clock,
        };
        let tell = |report: &control::TargetReport| self.told.borrow_mut().push(report.clone());
        let formation = RecordingFormation::new(false);
        let answer = planner::serve(
            event,
            &world,
            &queue,
            &formation,
            Self::limits(),
            deadline,
            &tell,
        );
        let answer = block_on(answer).map_err(|error| control::chain(&error))?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    fn start(&self) -> Result<Value, String> {
        self.call(&json!({ "scheduled": RUN }))
    }

    /// Drives the queue until it is empty, as the event source mapping does.
    fn drain(&self) {
        for _ in 0..400 {
            while let Some(event) = self.queue.receive(10) {
                let answer = self.call(&event);
                self.queue.settle(&event, answer.as_ref().ok());
            }
            if self.queue.waiting() == 0 {
                return;
            }
            self.clock.advance(mins(1));
        }
        panic!("{} messages are left", self.queue.waiting());
    }

    fn turn(&self, name: &str) -> Option<Turn> {
        let key = keys::turn(name, "planner");
        let stored = block_on(self.store.get(&key)).unwrap()?;
        Some(decode::<Turn>(&key, &stored.bytes).unwrap().body)
    }

    /// Whether the target's group follows an applied plan.
    fn planned(&self, name: &str) -> bool {
        let key = keys::plan(name);
        let stored = block_on(self.store.get(&key)).unwrap();
        let plan = stored.map(|it| decode::<Plan>(&key, &it.bytes).unwrap().body);
        let group = block_on(self.groups.group(name)).unwrap();
        plan.is_some_and(|plan| plan.applied) && group.min_size >= 6
    }

    fn all_planned(&self, count: usize) {
        for name in (0..count).map(name) {
            let ended = self.turn(&name).and_then(|turn| turn.ended);
            assert_eq!(ended.as_deref(), Some("planned"), "{name}");
            assert!(self.planned(&name), "{name}");
        }
    }

    /// Writes to groups so far.
    fn writes(&self) -> usize {
        let count = |operation| self.faults.count(operation);
        count("resize") + count("put_scheduled_actions") + count("delete_scheduled_actions")
    }

    /// Code and reason of what the function gave up, by target.
    fn given_up(&self) -> BTreeMap<String, (String, String)> {
        let letters = self.queue.letters();
        letters
            .into_iter()
            .map(|letter| match letter {
                Letter::GivenUp(it) => (it.target, (it.code, it.reason)),
                Letter::Redriven(body) => panic!("without a reason: {body}"),
            })
            .collect()
    }
}

#[test]
fn each_target_is_planned_once_and_poisoned_ones_end_with_their_reason() {
    let more = [
        table("bad", "risk = 7"),
        table("gone", ""),
        table("bare", "group = \"shop-bare\""),
        table("busy", ""),
        "[[target]]\nmode = \"off\"\n".to_owned(),
        table("asleep", "mode = \"off\"").replace("mode = \"active\"\n", ""),
    ]
    .concat();
    let mut fleet = Fleet::of(25, &more);
    // `bare` has a group and neither forecast nor demand; `busy` has all of it and is throttled.
    let spec = |name: &str| SimulatedGroup::new(GroupSpec::new(name, 3, 3, 40), at(RUN)).unwrap();
    let all = (0..25)
        .map(name)
        .chain(["shop-bare".to_owned(), "busy".to_owned()]);
    fleet.groups = SimulatedGroupPort::new(all.map(|it| spec(&it)), &fleet.clock);
    fleet.forecast("busy");
    fleet.forecast("gone");
    fleet.faults = Faults::none().every_about("group", "busy", Fault::Throttled);
    let sent = fleet.start().unwrap();
    // Not the one that is off.
    assert_eq!(sent["sent"], 30, "{sent}");
    fleet.drain();
    fleet.all_planned(25);
    let given_up = fleet.given_up();
    let codes: Vec<(&str, &str)> = given_up
        .iter()
        .map(|(target, (code, _))| (target.as_str(), code.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("bad", "Config"),
            ("bare", "NothingKnown"),
            ("busy", "Throttled"),
            ("gone", "NotFound"),
            ("target.30", "Config"),
        ]
    );
    let reason = |target: &str| given_up[target].1.as_str();
    assert!(reason("bad").contains("value 7: is out of range"));
    assert!(reason("gone").contains("gone does not exist"));
    assert!(reason("target.30").contains("target.30.name: is missing"));
    // Whoever was tried is told of, each time.
    let told = |target: &str, failed: f64| {
        let told = fleet.told.borrow();
        let of = told.iter().filter(|report| report.target == target);
        of.filter(|report| report.figures.get(&TARGETS_FAILED) == Some(failed))
            .count()
    };
    for n in 0..25 {
        assert_eq!((told(&name(n), 0.0), told(&name(n), 1.0)), (1, 0));
    }
    assert_eq!((told("gone", 0.0), told("gone", 1.0)), (0, 1));
    assert_eq!(told("busy", 1.0), RECEIVES as usize);
    // What may pass was tried as often as the queue allows, what cannot only once.
    assert_eq!(
        told("bad", 1.0),
        1,
        "a refused configuration counts as well"
    );
    let tried = |target: &str| {
        let calls = fleet.faults.calls();
        let asked = |call: &&local::Call| call.operation == "group" && call.resource == target;
        calls.iter().filter(asked).count()
    };
    assert_eq!((tried("busy"), tried("gone")), (RECEIVES as usize, 1));
    // The same run once more: nothing is written, nothing given up again.
    let (writes, letters) = (fleet.writes(), fleet.queue.letters().len());
    fleet.start().unwrap();
    fleet.drain();
    assert_eq!(
        (fleet.writes(), fleet.queue.letters().len()),
        (writes, letters)
    );
}

#[test]
fn few_targets_and_set_ups_without_a_queue_are_planned_in_the_run() {
    let fleet = Fleet::of(3, "");
    let answer = fleet.start().unwrap();
    assert_eq!(answer["targets"].as_array().unwrap().len(), 3, "{answer}");
    assert_eq!(fleet.queue.sent(), 0);
    assert!(fleet.planned("shop-00"));
    assert_eq!(
        fleet.turn("shop-00"),
        None,
        "no turn where nothing comes twice"
    );
    // A wrong target fails the run after the others were planned.
    let fleet = Fleet::of(2, &table("bad", "risk = 7"));
    let error = fleet.start().unwrap_err();
    assert!(error.contains("1 of 3 targets failed"), "{error}");
    assert!(error.contains("risk"), "{error}");
    assert!(fleet.planned("shop-00") && fleet.planned("shop-01"));
}

#[test]
fn one_that_does_not_answer_costs_the_others_of_its_run_nothing() {
    let mut fleet = Fleet::of(3, "");
    fleet.faults = Faults::none().every_about("group", "shop-00", Fault::Hangs);
    let error = fleet.start().unwrap_err();
    assert!(error.contains("1 of 3 targets failed"), "{error}");
    assert!(error.contains("shop-00: not done within"), "{error}");
    assert!(fleet.planned("shop-01") && fleet.planned("shop-02"));
    // Each is told of, the last one too.
    let told = fleet.told.borrow();
    let failed = |report: &control::TargetReport| report.figures.get(&TARGETS_FAILED);
    let told: Vec<_> = told
        .iter()
        .map(|it| (it.target.as_str(), failed(it)))
        .collect();
    assert_eq!(
        told,
        [
            ("shop-00", Some(1.0)),
            ("shop-01", Some(0.0)),
            ("shop-02", Some(0.0))
        ]
    );
}

#[test]
fn a_target_that_the_configuration_refuses_shows_the_age_of_its_plan() {
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    fleet.drain();
    fleet.clock.advance(mins(240));
    let good = block_on(fleet.store.get(keys::CONFIG)).unwrap().unwrap();
    let text = String::from_utf8(good.bytes).unwrap();
    fleet.put(
        keys::CONFIG,
        text.replacen("throughput = 1000", "throughput = -1", 1)
            .as_bytes(),
    );
    for run in ["2026-11-20T12:40:00Z", "2026-11-20T12:41:00Z"] {
        // Through the queue, and in the run itself.
        let names = if run.ends_with("41:00Z") {
            json!(["shop-00"])
        } else {
            json!([])
        };
        let before = fleet.told.borrow().len();
        let _ = fleet.call(&json!({ "scheduled": run, "targets": names }));
        fleet.drain();
        let told = fleet.told.borrow();
        let told = told[before..].iter().find(|it| it.target == "shop-00");
        let figures = &told.unwrap().figures;
        assert_eq!(figures.get(&TARGETS_FAILED), Some(1.0), "{run}");
        let age = figures.get(&PLAN_AGE).unwrap();
        assert!(age >= 4.0 * 3600.0, "{run}: {age}");
    }
    // Nor is silence the answer where no configuration can be read at all.
    fleet
        .call(&json!({ "scheduled": "2026-11-20T12:42:00Z" }))
        .unwrap();
    fleet.put(keys::CONFIG, b"[[target]\n");
    let before = fleet.told.borrow().len();
    let event = fleet.queue.receive(10).unwrap();
    fleet.call(&event).unwrap();
    let told = fleet.told.borrow();
    let failed = |it: &control::TargetReport| it.figures.get(&TARGETS_FAILED) == Some(1.0);
    assert_eq!(told[before..].iter().filter(|it| failed(it)).count(), 4);
}

#[test]
fn every_fault_of_the_queue_leaves_each_target_planned_once() {
    let faults = [
        Fault::Throttled,
        Fault::Denied,
        Fault::UnansweredBefore,
        Fault::UnansweredAfter,
        Fault::ItemsRefused,
    ];
    for fault in faults {
        for nth in 1..=3 {
            let mut fleet = Fleet::of(21, "");
            fleet.faults = Faults::none().nth_of("send", nth, fault);
            // What is not tried again within the run fails, and is completed by the same event.
            if let Err(error) = fleet.start() {
                assert!(error.contains("of 21 tasks"), "{error}");
                fleet.start().unwrap();
            }
            fleet.drain();
            fleet.all_planned(21);
            let lines: Vec<u32> = (0..21)
                .map(|n| fleet.turn(&name(n)).unwrap().begun)
                .collect();
            assert!(
                lines.iter().all(|begun| *begun == 1),
                "{fault:?}: {lines:?}"
            );
            assert_eq!(fleet.queue.letters(), []);
        }
    }
}

#[test]
fn a_sending_that_breaks_for_good_is_told_and_completed_later() {
    let mut fleet = Fleet::of(45, "");
    // The fifth batch, in all its tries.
    fleet.faults = Faults::none();
    for nth in 5..=8 {
        fleet.faults = fleet.faults.nth_of("send", nth, Fault::Throttled);
    }
    let error = fleet.start().unwrap_err();
    assert!(
        error.contains("40 of 45 tasks of the run of 2026-11-20T08:40:00Z"),
        "{error}"
    );
    fleet.drain();
    fleet.start().unwrap();
    fleet.drain();
    fleet.all_planned(45);
    assert_eq!(fleet.queue.sent(), 85);
}

#[test]
fn a_fault_of_any_call_of_the_worker_is_made_up_for() {
    let operations = [
        "get",
        "put",
        "group",
        "policies",
        "scheduled_actions",
        "resize",
        "hide",
    ];
    let faults = [
        Fault::Throttled,
        Fault::UnansweredBefore,
        Fault::UnansweredAfter,
    ];
    for operation in operations {
        for fault in faults {
            for nth in [1, 2, 4, 7] {
                let mut fleet = Fleet::of(4, "");
                fleet.start().unwrap();
                fleet.faults = Faults::none().nth_of(operation, nth, fault);
                fleet.drain();
                for name in (0..4).map(name) {
                    let turn = fleet.turn(&name).unwrap();
                    assert!(
                        fleet.planned(&name),
                        "{operation} {fault:?} {nth}: {turn:?}"
                    );
                }
                assert_eq!(fleet.queue.letters(), [], "{operation} {fault:?} {nth}");
            }
        }
    }
}

#[test]
fn a_dead_letter_that_cannot_be_sent_is_not_forgotten() {
    let mut fleet = Fleet::of(4, &table("bad", "risk = 7"));
    fleet.faults = Faults::none().nth_of("give_up", 1, Fault::Throttled);
    fleet.start().unwrap();
    fleet.drain();
    assert_eq!(fleet.given_up().len(), 1);
    // Where it never can, the queue's own redrive keeps it.
    let mut fleet = Fleet::of(4, &table("bad", "risk = 7"));
    fleet.faults = Faults::none().every("give_up", Fault::Denied);
    fleet.start().unwrap();
    fleet.drain();
    let letters = fleet.queue.letters();
    assert!(matches!(&letters[..], [Letter::Redriven(body)] if body.contains("bad")));
    fleet.all_planned(4);
}

#[test]
fn a_message_that_comes_twice_is_done_once() {
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    let event = fleet.queue.receive(10).unwrap();
    let answer = fleet.call(&event).unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let (writes, gets) = (fleet.writes(), fleet.faults.count("group"));
    assert!(writes > 0);
    // The answer was lost: all of them come again.
    assert_eq!(fleet.call(&event).unwrap(), answer);
    assert_eq!(
        (fleet.writes(), fleet.faults.count("group")),
        (writes, gets)
    );
}

#[test]
fn a_target_that_a_killed_worker_left_is_taken_once_its_time_is_over() {
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    let killed = Turn {
        run: at(RUN),
        until: at(RUN) + SignedDuration::from_secs(90),
        begun: 1,
        ended: None,
    };
    let document = Envelope::new(Some("shop-02"), at(RUN), "planner", killed);
    fleet.put(
        &keys::turn("shop-02", "planner"),
        &encode(&document).unwrap(),
    );
    let event = fleet.queue.receive(10).unwrap();
    let answer = fleet.call(&event).unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    assert_eq!(
        failures.len(),
        1,
        "another worker may still be at it: {answer}"
    );
    fleet.queue.settle(&event, Some(&answer));
    assert!(!fleet.planned("shop-02"));
    fleet.drain();
    assert_eq!(fleet.turn("shop-02").unwrap().begun, 2);
    fleet.all_planned(4);
}

#[test]
fn a_last_delivery_that_finds_another_worker_at_it_is_no_failure() {
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    let busy = Turn {
        run: at(RUN),
        until: at(RUN) + SignedDuration::from_secs(90),
        begun: 1,
        ended: None,
    };
    let document = Envelope::new(Some("shop-00"), at(RUN), "planner", busy);
    fleet.put(
        &keys::turn("shop-00", "planner"),
        &encode(&document).unwrap(),
    );
    let mut event = fleet.queue.receive(1).unwrap();
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!(RECEIVES.to_string());
    let answer = fleet.call(&event).unwrap();
    fleet.queue.settle(&event, Some(&answer));
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(
        (fleet.queue.waiting(), fleet.queue.letters()),
        (4, Vec::new())
    );
    fleet.drain();
    fleet.all_planned(4);
    assert_eq!(fleet.queue.letters(), []);
}

#[test]
fn a_newer_run_makes_older_tasks_superfluous_and_a_future_one_is_refused() {
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    fleet.clock.advance(mins(60));
    fleet
        .call(&json!({ "scheduled": "2026-11-20T09:40:00Z" }))
        .unwrap();
    // The later one first.
    let mut events = Vec::new();
    while let Some(event) = fleet.queue.receive(4) {
        events.push(event);
    }
    for event in events.iter().rev() {
        let answer = fleet.call(event).unwrap();
        fleet.queue.settle(event, Some(&answer));
    }
    assert_eq!(fleet.queue.waiting(), 0);
    let turn = fleet.turn("shop-03").unwrap();
    assert_eq!((turn.run, turn.begun), (at("2026-11-20T09:40:00Z"), 1));
    let error = fleet.call(&json!({ "scheduled": "2027-01-01T00:00:00Z" }));
    assert!(error.unwrap_err().contains("not due yet"));
    assert_eq!(fleet.queue.waiting(), 0);
}

#[test]
fn what_no_time_is_left_for_comes_again() {
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    let event = fleet.queue.receive(10).unwrap();
    let soon = fleet.clock.now() + SignedDuration::from_secs(5);
    let answer = fleet.call_until(&event, soon).unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 4);
    fleet.queue.settle(&event, Some(&answer));
    fleet.drain();
    fleet.all_planned(4);
}

#[test]
fn without_a_configuration_nothing_is_lost() {
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    let good = block_on(fleet.store.get(keys::CONFIG)).unwrap().unwrap();
    fleet.put(keys::CONFIG, b"[[target]\n");
    for _ in 0..2 {
        let event = fleet.queue.receive(10).unwrap();
        let answer = fleet.call(&event).unwrap();
        fleet.queue.settle(&event, Some(&answer));
        assert_eq!(fleet.queue.waiting(), 4);
        fleet.clock.advance(mins(2));
    }
    fleet.put(keys::CONFIG, &good.bytes);
    fleet.drain();
    fleet.all_planned(4);
    // Broken for longer than the queue is patient, each is kept with the reason.
    let fleet = Fleet::of(4, "");
    fleet.start().unwrap();
    fleet.put(keys::CONFIG, b"[[target]\n");
    fleet.drain();
    let given_up = fleet.given_up();
    assert_eq!(given_up.len(), 4);
    assert!(
        given_up
            .values()
            .all(|(code, why)| code == "Config" && why.contains("is not TOML"))
    );
}

#[test]
fn messages_that_are_no_tasks_are_kept_and_a_pause_sends_none() {
    let fleet = Fleet::of(4, "");
    let other = r#"{"forescaleTask":{"function":"forecaster","run":"2026-11-20T08:40:00Z","target":"shop-00"}}"#;
    let bodies = ["hello".to_owned(), other.to_owned()];
    block_on(ports::TaskQueue::send(&fleet.queue, &bodies)).unwrap();
    fleet.drain();
    let letters = fleet.queue.letters();
    assert_eq!(letters.len(), 2);
    assert!(
        letters
            .iter()
            .all(|it| matches!(it, Letter::GivenUp(it) if it.code == "NoTask"))
    );
    let pause = documents::Pause {
        since: at(RUN),
        until: None,
        by: "ann".to_owned(),
        reason: "audit".to_owned(),
    };
    let document = Envelope::new(None, at(RUN), "ann", pause);
    fleet.put(keys::PAUSE, &encode(&document).unwrap());
    let answer = fleet.start().unwrap();
    assert_eq!(answer["sent"], 0);
    assert!(
        answer["notes"][0]
            .as_str()
            .unwrap()
            .contains("paused by ann")
    );
    assert!(fleet.call(&json!({ "target": "web" })).is_err());
}

#[test]
fn the_forecaster_takes_the_same_way() {
    let fleet = Fleet::of(4, "");
    let world = World {
        store: &fleet.store,
        metrics: &fleet.metrics,
        groups: &fleet.groups,
        notifier: &fleet.notifier,
        clock: &fleet.clock,
    };
    let call = |event: &Value| {
        let deadline = fleet.clock.now() + mins(15);
        let limits = Fleet::limits();
        let tell = |report: &control::TargetReport| fleet.told.borrow_mut().push(report.clone());
        let answer = forecaster::serve(event, &world, &fleet.queue, limits, deadline, &tell);
        serde_json::to_value(block_on(answer).unwrap()).unwrap()
    };
    let start = json!({ "scheduled": RUN, "again": true });
    let drain = || {
        for _ in 0..60 {
            while let Some(event) = fleet.queue.receive(10) {
                let answer = call(&event);
                fleet.queue.settle(&event, Some(&answer));
            }
            fleet.clock.advance(mins(1));
        }
    };
    assert_eq!(call(&start)["sent"], 4);
    drain();
    let overview = || {
        let stored = block_on(fleet.store.get(keys::OVERVIEW)).unwrap().unwrap();
        String::from_utf8(stored.bytes).unwrap()
    };
    let page = overview();
    assert!(page.contains("<dt>targets</dt><dd><b>4</b>"), "{page}");
    for name in (0..4).map(name) {
        assert!(page.contains(&format!("href=\"targets/{name}/report.html\"")));
    }
    assert_eq!(page.matches("nothing known").count(), 0);
    let read = |key: &str| block_on(fleet.store.get(key)).unwrap().unwrap();
    let forecast = keys::forecast("shop-00", at("2026-11-20T00:00:00Z"));
    let made = read(&forecast).version;
    for name in (0..4).map(name) {
        let key = keys::turn(&name, "forecaster");
        let turn = decode::<Turn>(&key, &read(&key).bytes).unwrap().body;
        assert_eq!((turn.ended.as_deref(), turn.begun), (Some("forecast"), 1));
    }
    // The same night twice, although each is to be made again: what is done is done.
    call(&start);
    drain();
    assert_eq!(read(&forecast).version, made);
    assert_eq!(
        (fleet.queue.waiting(), fleet.queue.letters()),
        (0, Vec::new())
    );
    // A target that never gets through delays the page, and does not keep it from being made.
    let tables: String = (0..5).map(|n| table(&name(n), "")).collect();
    fleet.put(keys::CONFIG, tables.as_bytes());
    call(&json!({ "scheduled": "2026-11-20T09:40:00Z" }));
    for _ in 0..3 {
        drain();
    }
    let page = overview();
    assert!(page.contains("<dt>targets</dt><dd><b>5</b>"), "{page}");
    assert_eq!(page.matches("nothing known").count(), 1);
    assert_eq!(fleet.queue.waiting(), 0);
    let letters = fleet.queue.letters();
    assert!(
        letters
            .iter()
            .all(|it| matches!(it, Letter::GivenUp(it) if it.target == name(4))),
        "{letters:?}"
    );
}
