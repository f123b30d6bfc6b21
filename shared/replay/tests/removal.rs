//! The stack is deleted: every group has its own limits again before the role goes, and CloudFormation
//! is answered whatever happens.
use crate::common::{at, forecast, mins, series};
use control::World;
use documents::{Envelope, Plan, Released, decode, encode, keys};
use jiff::{SignedDuration, Timestamp};
use local::{
    CsvMetrics, Fault, Faults, MemoryQueue, MemoryStore, RecordingFormation, RecordingNotifier,
    SimulatedGroupPort, VirtualClock,
};
use pollster::block_on;
use ports::{Condition, DocumentStore, GroupReader, GroupWriter, MetricName};
use serde_json::{Value, json};
use simulation::{GroupSpec, SimulatedGroup};
use tasks::Limits;

const RUN: &str = "2026-11-20T08:40:00Z";
const URL: &str = "https://cloudformation.s3.amazonaws.com/answer?Signature=s";

/// Adopted targets, MinSize 3 of their own and 6 by the plan, and what the planner is called with.
struct Stack {
    clock: VirtualClock,
    store: MemoryStore,
    metrics: CsvMetrics,
    groups: SimulatedGroupPort,
    queue: MemoryQueue,
    formation: RecordingFormation,
    faults: Faults,
}

fn name(n: usize) -> String {
    format!("shop-{n:02}")
}

fn table(name: &str) -> String {
    format!(
        "[[target]]\nname = \"{name}\"\ndemand = {{ namespace = \"Shop\", name = \"{name}\" }}\n\
         min_servers = 2\nmax_servers = 40\nthroughput = 1000\nmode = \"active\"\n"
    )
}

impl Stack {
    /// `count` targets with floors of ours, and a stack that goes.
    fn adopted(count: usize) -> Self {
        let now = at(RUN);
        let clock = VirtualClock::new(now);
        let names: Vec<String> = (0..count).map(name).collect();
        let group =
            |name: &String| SimulatedGroup::new(GroupSpec::new(name, 3, 3, 40), now).unwrap();
        let mut metrics = CsvMetrics::new(clock.clone());
        for name in &names {
            let metric = MetricName {
                namespace: "Shop".to_owned(),
                name: name.clone(),
                dimensions: [].into(),
            };
            metrics = metrics.with(metric, series(now - mins(60), 60, |_| 5500.0));
        }
        let stack = Self {
            store: MemoryStore::new(),
            metrics,
            groups: SimulatedGroupPort::new(names.iter().map(group), &clock),
            queue: MemoryQueue::new(&clock, mins(6), 5),
            formation: RecordingFormation::new(true),
            faults: Faults::none(),
            clock,
        };
        let tables: String = names.iter().map(|name| table(name)).collect();
        stack.put(keys::CONFIG, tables.as_bytes());
        for name in &names {
            let made = forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0);
            let document = Envelope::new(Some(name), now, "test", made.clone());
            stack.put(
                &keys::forecast(name, made.start),
                &encode(&document).unwrap(),
            );
        }
        if count > 0 {
            stack.call(&json!({})).unwrap();
        }
        for name in &names {
            assert_eq!(stack.min_size(name), 6, "{name}");
            assert!(stack.own_actions(name) > 0, "{name}");
        }
        stack
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        block_on(self.store.put(key, bytes, Condition::Always)).unwrap();
    }

    fn call(&self, event: &Value) -> Result<Value, String> {
        self.call_for(event, SignedDuration::from_secs(60))
    }

    fn call_for(&self, event: &Value, span: SignedDuration) -> Result<Value, String> {
        let deadline = ports::Clock::now(&self.clock) + span;
        let store = self.faults.wrap(self.store.clone());
        let metrics = self.faults.wrap(self.metrics.clone());
        let groups = self.faults.wrap(self.groups.clone());
        let queue = self.faults.wrap(self.queue.clone());
        let formation = self.faults.wrap(self.formation.clone());
        let notifier = RecordingNotifier::new();
        let world = World {
            store: &store,
            metrics: &metrics,
            groups: &groups,
            notifier: &notifier,
            clock: &self.clock,
        };
        let limits = Limits {
            inline: 1000,
            ..Limits::of(SignedDuration::from_secs(60))
        };
        let tell = |_: &control::TargetReport| {};
        let answer = planner::serve(event, &world, &queue, &formation, limits, deadline, &tell);
        let answer = block_on(answer).map_err(|error| control::chain(&error))?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// Makes the plan of `name` one that was only rehearsed, or one at which a run was cut short.
    fn not_applied(&self, name: &str, rehearsed: bool) {
        let key = keys::plan(name);
        let stored = block_on(self.store.get(&key)).unwrap().unwrap();
        let mut plan: Envelope<Plan> = decode(&key, &stored.bytes).unwrap();
        (plan.body.applied, plan.body.rehearsed) = (false, rehearsed);
        self.put(&key, &encode(&plan).unwrap());
    }

    fn delete(&self) -> Result<Value, String> {
        self.call(&event("Delete"))
    }

    /// What CloudFormation was answered, once.
    fn answered(&self) -> (String, String) {
        let answers = self.formation.answers();
        assert_eq!(answers.len(), 1, "{answers:?}");
        let (url, answer) = &answers[0];
        assert_eq!(url, URL);
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer["StackId"], event("Delete")["StackId"]);
        assert_eq!(answer["PhysicalResourceId"], "forescale-release");
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("Status"), text("Reason"))
    }

    fn min_size(&self, name: &str) -> u32 {
        block_on(self.groups.group(name)).unwrap().min_size
    }

    fn own_actions(&self, name: &str) -> usize {
        let actions = block_on(self.groups.scheduled_actions(name)).unwrap();
        let own = actions.iter().filter(|it| planning::is_own(name, &it.name));
        own.count()
    }

    fn mark(&self, name: &str) -> Option<Released> {
        let key = keys::released(name);
        let stored = block_on(self.store.get(&key)).unwrap()?;
        let document: Envelope<Released> = decode(&key, &stored.bytes).unwrap();
        Some(document.body)
    }

    fn is_released(&self, name: &str) -> bool {
        let own = (self.own_actions(name), self.min_size(name)) == (0, 3);
        own && self.mark(name).is_some_and(|mark| mark.done)
    }

    fn is_untouched(&self, name: &str) -> bool {
        self.own_actions(name) > 0 && self.min_size(name) == 6 && self.mark(name).is_none()
    }
}

fn event(kind: &str) -> Value {
    json!({
        "RequestType": kind, "ResponseURL": URL, "RequestId": "r-1", "LogicalResourceId": "Release",
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/forescale/5b6f",
        "PhysicalResourceId": "forescale-release", "ResourceType": "Custom::Release",
        "ServiceToken": "arn", "ResourceProperties": { "ServiceToken": "arn" },
    })
}

#[test]
fn deleting_the_stack_gives_every_group_its_own_limits() {
    let stack = Stack::adopted(3);
    stack.delete().unwrap();
    let (status, reason) = stack.answered();
    assert_eq!((status.as_str(), &reason[..10]), ("SUCCESS", "3 released"));
    for n in 0..3 {
        assert!(stack.is_released(&name(n)));
    }
    let mark = stack.mark(&name(0)).unwrap();
    assert_eq!(mark.reason, "the stack forescale is deleted");
    // A planner that was under way adopts none of them anew.
    stack.clock.advance(mins(60));
    stack.call(&json!({})).unwrap();
    assert!((0..3).all(|n| stack.is_released(&name(n))));
}

#[test]
fn creating_and_updating_change_nothing() {
    let stack = Stack::adopted(2);
    for kind in ["Create", "Update"] {
        stack.call(&event(kind)).unwrap();
    }
    let statuses: Vec<bool> = (stack.formation.answers().iter())
        .map(|(_, answer)| answer.contains("SUCCESS"))
        .collect();
    assert_eq!(statuses, [true, true]);
    assert!((0..2).all(|n| stack.is_untouched(&name(n))));
}

#[test]
fn a_rollback_that_takes_the_resource_out_releases_nothing() {
    let stack = Stack {
        formation: RecordingFormation::new(false),
        ..Stack::adopted(2)
    };
    stack.delete().unwrap();
    assert_eq!(stack.answered().0, "SUCCESS");
    assert!((0..2).all(|n| stack.is_untouched(&name(n))));
}

#[test]
fn where_the_stack_cannot_be_seen_nothing_is_released_and_it_stays() {
    for fault in [Fault::Denied, Fault::Throttled, Fault::UnansweredBefore] {
        let mut stack = Stack::adopted(1);
        stack.faults = Faults::none().every("is_being_deleted", fault);
        stack.delete().unwrap();
        let (status, reason) = stack.answered();
        assert_eq!(status, "FAILED", "{fault:?}");
        assert!(reason.contains("is not known"), "{reason}");
        assert!(stack.is_untouched(&name(0)));
    }
}

#[test]
fn one_that_may_not_be_changed_keeps_the_stack_and_no_other_its_floor() {
    let mut stack = Stack::adopted(3);
    stack.faults = Faults::none().every_about("delete_scheduled_actions", &name(1), Fault::Denied);
    stack.delete().unwrap();
    let (status, reason) = stack.answered();
    assert_eq!(status, "FAILED");
    assert!(reason.contains("1 not released: shop-01: "), "{reason}");
    assert!(
        reason.contains("not allowed") && reason.contains("2 released"),
        "{reason}"
    );
    assert!(stack.is_released(&name(0)) && stack.is_released(&name(2)));
    // Mended, and deleted again: it goes on, and what was released stays so.
    stack.faults.heal();
    stack.delete().unwrap();
    let answers = stack.formation.answers();
    assert!(answers[1].1.contains("SUCCESS"), "{answers:?}");
    assert!((0..3).all(|n| stack.is_released(&name(n))));
}

#[test]
fn a_group_that_is_gone_keeps_nobody() {
    let stack = Stack::adopted(2);
    let now = ports::Clock::now(&stack.clock);
    let rest = SimulatedGroup::new(GroupSpec::new(name(1), 3, 3, 40), now).unwrap();
    let stack = Stack {
        groups: SimulatedGroupPort::new([rest], &stack.clock),
        ..stack
    };
    stack.delete().unwrap();
    let (status, reason) = stack.answered();
    assert_eq!(status, "SUCCESS", "{reason}");
}

#[test]
fn what_passes_is_tried_again() {
    for fault in [
        Fault::Throttled,
        Fault::Conflict,
        Fault::UnansweredAfter,
        Fault::ItemsRefused,
    ] {
        let mut stack = Stack::adopted(3);
        stack.faults = Faults::none()
            .nth_of("delete_scheduled_actions", 2, fault)
            .nth_of("resize", 3, fault);
        stack.delete().unwrap();
        assert_eq!(stack.answered().0, "SUCCESS", "{fault:?}");
        assert!((0..3).all(|n| stack.is_released(&name(n))), "{fault:?}");
    }
}

#[test]
fn what_is_throttled_for_good_is_told_in_the_end() {
    let mut stack = Stack::adopted(3);
    stack.faults = Faults::none().every_about("group", &name(2), Fault::Throttled);
    let answer = stack.delete().unwrap();
    assert_eq!(answer["status"], "FAILED", "{answer}");
    let (_, reason) = stack.answered();
    assert!(
        reason.contains("shop-02") && reason.contains("throttled"),
        "{reason}"
    );
    assert!(stack.is_released(&name(0)) && stack.is_released(&name(1)));
}

#[test]
fn a_call_that_hangs_is_left_and_told() {
    let mut stack = Stack::adopted(2);
    stack.faults = Faults::none().every_about("group", &name(0), Fault::Hangs);
    stack.delete().unwrap();
    let (status, reason) = stack.answered();
    assert_eq!(status, "FAILED");
    assert!(reason.contains("shop-00: not done within"), "{reason}");
    assert!(stack.is_released(&name(1)));
}

#[test]
fn a_configuration_that_is_missing_or_broken_is_not_needed() {
    let one = table(&name(0)).replace("max_servers = 40", "max_servers = -1");
    for config in [
        None,
        Some("no [ toml".to_owned()),
        Some(one),
        Some(table("other")),
    ] {
        let stack = Stack::adopted(2);
        match &config {
            None => block_on(stack.store.delete(keys::CONFIG)).unwrap(),
            Some(text) => stack.put(keys::CONFIG, text.as_bytes()),
        }
        stack.delete().unwrap();
        assert_eq!(stack.answered().0, "SUCCESS", "{config:?}");
        assert!((0..2).all(|n| stack.is_released(&name(n))), "{config:?}");
    }
}

#[test]
fn the_group_that_was_adopted_is_given_back_whatever_is_configured_since() {
    let stack = Stack::adopted(1);
    let text = table(&name(0)) + "group = \"another\"\n";
    stack.put(keys::CONFIG, text.as_bytes());
    stack.delete().unwrap();
    assert_eq!(stack.answered().0, "SUCCESS");
    assert!(stack.is_released(&name(0)));
}

#[test]
fn limits_that_are_lost_are_told_and_not_guessed() {
    let stack = Stack::adopted(2);
    stack.put(&keys::baseline(&name(0)), b"{ damaged");
    stack.delete().unwrap();
    let (status, reason) = stack.answered();
    assert_eq!(status, "FAILED");
    assert!(reason.contains("MinSize of shop-00 stays"), "{reason}");
    assert_eq!(
        (stack.min_size(&name(0)), stack.own_actions(&name(0))),
        (6, 0)
    );
    assert!(stack.is_released(&name(1)));
    // Not passed over the second time either, until a person has seen to it.
    stack.delete().unwrap();
    assert!(stack.formation.answers()[1].1.contains("FAILED"));
    block_on(stack.store.delete(&keys::baseline(&name(0)))).unwrap();
    stack.delete().unwrap();
    assert!(stack.formation.answers()[2].1.contains("SUCCESS"));
}

#[test]
fn a_target_that_was_only_watched_has_nothing_to_give_back() {
    for configured in [true, false] {
        let stack = Stack::adopted(1);
        // As the shadow leaves it: a plan that was rehearsed, and no limits of an adoption.
        stack.not_applied(&name(0), true);
        block_on(stack.store.delete(&keys::baseline(&name(0)))).unwrap();
        if !configured {
            block_on(stack.store.delete(keys::CONFIG)).unwrap();
        }
        stack.delete().unwrap();
        assert_eq!(stack.answered().0, "SUCCESS", "{configured}");
        assert_eq!(stack.mark(&name(0)), None);
    }
}

#[test]
fn what_people_set_while_it_was_in_shadow_stays() {
    for configured in [true, false] {
        let stack = Stack::adopted(1);
        let group = name(0);
        stack.not_applied(&group, true);
        let own = block_on(stack.groups.scheduled_actions(&group)).unwrap();
        let own: Vec<String> = own.into_iter().map(|action| action.name).collect();
        let sizes = fleet::Sizes {
            min_size: Some(9),
            ..fleet::Sizes::default()
        };
        block_on(stack.groups.delete_scheduled_actions(&group, &own)).unwrap();
        block_on(stack.groups.resize(&group, sizes)).unwrap();
        let text = table(&group).replace("active", "shadow");
        stack.put(keys::CONFIG, text.as_bytes());
        if !configured {
            block_on(stack.store.delete(keys::CONFIG)).unwrap();
        }
        stack.delete().unwrap();
        assert_eq!(stack.answered().0, "SUCCESS");
        assert_eq!(stack.min_size(&group), 9, "{configured}");
    }
}

#[test]
fn a_floor_that_a_run_was_cut_short_at_does_not_stay() {
    for configured in [Some("active"), Some("shadow"), None] {
        let stack = Stack::adopted(1);
        let group = name(0);
        // MinSize was raised, and none of the actions that would lower it again was taken.
        stack.not_applied(&group, false);
        let own = block_on(stack.groups.scheduled_actions(&group)).unwrap();
        let own: Vec<String> = own.into_iter().map(|action| action.name).collect();
        block_on(stack.groups.delete_scheduled_actions(&group, &own)).unwrap();
        match configured {
            Some(mode) => {
                let text = table(&group).replace("active", mode);
                stack.put(keys::CONFIG, text.as_bytes());
            }
            None => block_on(stack.store.delete(keys::CONFIG)).unwrap(),
        }
        stack.delete().unwrap();
        assert_eq!(stack.answered().0, "SUCCESS");
        assert!(stack.is_released(&group), "{configured:?}");
    }
}

#[test]
fn an_answer_that_can_never_be_put_leaves_no_url_among_the_dead_letters() {
    let mut stack = Stack::adopted(2);
    stack
        .call_for(&event("Delete"), SignedDuration::from_secs(10))
        .unwrap();
    stack.faults = Faults::none().every("answer", Fault::Denied);
    for tries in 1..10 {
        let delivered = stack.queue.receive(10).unwrap();
        let answer = stack.call(&delivered).unwrap();
        stack.queue.settle(&delivered, Some(&answer));
        stack.clock.advance(mins(7));
        if answer == json!({ "batchItemFailures": [] }) {
            assert_eq!(tries, 5);
            assert!(stack.queue.receive(10).is_none() && stack.queue.letters().is_empty());
            return;
        }
    }
    panic!("it comes for ever");
}

#[test]
fn a_stack_that_never_planned_anything_goes_at_once() {
    let stack = Stack::adopted(0);
    stack.delete().unwrap();
    assert_eq!(stack.answered().0, "SUCCESS");
}

#[test]
fn a_bucket_that_does_not_answer_keeps_the_stack() {
    let mut stack = Stack::adopted(1);
    stack.faults = Faults::none().every("list", Fault::Denied);
    stack.delete().unwrap();
    let (status, reason) = stack.answered();
    assert_eq!(status, "FAILED");
    assert!(reason.contains("nothing more is released"), "{reason}");
}

#[test]
fn an_answer_that_is_lost_is_put_again() {
    let mut stack = Stack::adopted(1);
    stack.faults = Faults::none()
        .nth_of("answer", 1, Fault::UnansweredBefore)
        .nth_of("answer", 2, Fault::Throttled);
    stack.delete().unwrap();
    assert_eq!(stack.answered().0, "SUCCESS");
}

#[test]
fn without_an_answer_the_call_fails_so_that_lambda_calls_again() {
    let mut stack = Stack::adopted(1);
    stack.faults = Faults::none().every("answer", Fault::Denied);
    let error = stack.delete().unwrap_err();
    assert!(error.contains("CloudFormation is not answered"), "{error}");
    assert_eq!(stack.faults.count("answer"), 1, "what is denied stays so");
    stack.faults.heal();
    stack.delete().unwrap();
    assert_eq!(stack.answered().0, "SUCCESS");
}

/// Works off the queue with calls of `span` until it is empty; how many calls.
fn worked_off(stack: &Stack, span: SignedDuration, passes: SignedDuration) -> usize {
    for calls in 1.. {
        let Some(event) = stack.queue.receive(10) else {
            return calls - 1;
        };
        let answer = stack.call_for(&event, span);
        stack.queue.settle(&event, answer.as_ref().ok());
        stack.clock.advance(passes);
        assert!(calls < 200, "it does not end");
    }
    unreachable!()
}

#[test]
fn what_one_call_does_not_get_through_goes_on_by_the_queue() {
    let count = 30;
    let mut stack = Stack::adopted(count);
    stack.faults = Faults::none().every_about("resize", &name(7), Fault::Denied);
    // No time at all: everything is handed on.
    let answer = stack.call_for(&event("Delete"), SignedDuration::from_secs(10));
    assert_eq!(answer.unwrap()["status"], "GOES_ON");
    assert!(stack.formation.answers().is_empty());
    assert!(stack.is_untouched(&name(0)));
    worked_off(&stack, SignedDuration::from_secs(60), mins(1));
    let (status, reason) = stack.answered();
    assert_eq!(status, "FAILED");
    assert!(reason.contains("29 released"), "{reason}");
    let released = (0..count).filter(|n| stack.is_released(&name(*n)));
    assert_eq!(released.count(), count - 1);
}

#[test]
fn a_call_that_was_cut_short_comes_again_and_another_that_comes_twice_does_no_harm() {
    let stack = Stack::adopted(4);
    stack
        .call_for(&event("Delete"), SignedDuration::from_secs(10))
        .unwrap();
    let delivered = stack.queue.receive(10).unwrap();
    // Killed: no answer to the queue.
    stack.queue.settle(&delivered, None);
    stack.clock.advance(mins(7));
    let again = stack.queue.receive(10).unwrap();
    stack.call(&again).unwrap();
    stack.call(&delivered).unwrap();
    let answers = stack.formation.answers();
    assert_eq!(answers.len(), 2, "CloudFormation takes the first");
    assert!(
        answers.iter().all(|(_, it)| it.contains("SUCCESS")),
        "{answers:?}"
    );
    assert!((0..4).all(|n| stack.is_released(&name(n))));
}

#[test]
fn cloudformation_does_not_wait_for_ever() {
    let stack = Stack::adopted(3);
    let never = SignedDuration::from_secs(10);
    stack.call_for(&event("Delete"), never).unwrap();
    // Every call is over before it can begin with one target, five minutes after the last.
    let calls = worked_off(&stack, never, mins(5));
    assert!((5..8).contains(&calls), "{calls}");
    let (status, reason) = stack.answered();
    assert_eq!(status, "FAILED");
    assert!(reason.contains("3 not tried to the end"), "{reason}");
}

#[test]
fn a_message_alone_releases_nothing() {
    let stack = Stack::adopted(2);
    stack
        .call_for(&event("Delete"), SignedDuration::from_secs(10))
        .unwrap();
    // Somebody sent it, or it came after CloudFormation had given up.
    let stack = Stack {
        formation: RecordingFormation::new(false),
        ..stack
    };
    worked_off(&stack, SignedDuration::from_secs(60), mins(1));
    assert!((0..2).all(|n| stack.is_untouched(&name(n))));
}

#[test]
fn tasks_beside_it_are_worked_off_and_what_cannot_be_sent_is_tried_again() {
    let mut stack = Stack::adopted(2);
    stack.faults = Faults::none().nth_of("send", 1, Fault::ItemsRefused);
    let answer = stack.call_for(&event("Delete"), SignedDuration::from_secs(10));
    assert_eq!(answer.unwrap()["status"], "GOES_ON");
    let run: Timestamp = at("2026-11-20T08:41:00Z");
    let task = json!({ "forescaleTask": { "function": "planner", "run": run, "target": name(0) } });
    block_on(ports::TaskQueue::send(&stack.queue, &[task.to_string()])).unwrap();
    let delivered = stack.queue.receive(10).unwrap();
    assert_eq!(delivered["Records"].as_array().unwrap().len(), 2);
    let answer = stack.call(&delivered).unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(stack.answered().0, "SUCCESS");
    assert!((0..2).all(|n| stack.is_released(&name(n))));
}

#[test]
fn nonsense_from_cloudformation_is_an_error_and_changes_nothing() {
    let stack = Stack::adopted(1);
    let mut other = event("Delete");
    other["RequestType"] = json!("Vanish");
    let error = stack.call(&other).unwrap_err();
    assert!(error.contains("no request"), "{error}");
    assert!(stack.is_untouched(&name(0)));
}
