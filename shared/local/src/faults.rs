use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::SignedDuration;
use ports::Clock;
use simulation::Random;

use crate::Timeline;

mod faulty;

pub use faulty::Faulty;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Throttled; nothing happened.
    Throttled,
    /// Access denied; nothing happened.
    Denied,
    /// Somebody else was at it; nothing happened.
    Conflict,
    /// The thing is said not to exist; nothing happened. A document store, which never says so,
    /// refuses instead.
    NotFound,
    /// No answer, and nothing happened.
    UnansweredBefore,
    /// It happened, and the answer was lost.
    UnansweredAfter,
    /// Neither an answer nor an end; nothing happened. Only for callers that give up by themselves.
    Hangs,
    /// It happens, and the answer comes late: see [`Faults::late_by`].
    Slow,
    /// The call succeeds and every second item of its batch is refused, the first one included.
    /// Calls without a batch are throttled.
    ItemsRefused,
}

/// A call that was made, in the order of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The port's method, such as `put_scheduled_actions`.
    pub operation: &'static str,
    /// What it was about: a group, a key, a metric, a subject.
    pub resource: String,
    /// How it was made to fail, if it was.
    pub fault: Option<Fault>,
}

/// What is to fail, and what was called. Clones share both, so that one script can stand behind
/// several ports.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    inner: Rc<RefCell<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    calls: Vec<Call>,
    counts: BTreeMap<&'static str, usize>,
    overall: BTreeMap<usize, Fault>,
    by_operation: BTreeMap<(String, usize), Fault>,
    always: BTreeMap<String, Fault>,
    about: BTreeMap<(String, String), Fault>,
    random: Option<RandomFaults>,
    late: Option<(Timeline, SignedDuration)>,
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Pace {
    timeline: Timeline,
    random: Random,
    most: SignedDuration,
}

#[derive(Debug)]
struct RandomFaults {
    random: Random,
    share: f64,
    kinds: Vec<Fault>,
}

impl Faults {
    /// No faults; calls are recorded.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes the `n`th call of all fail, counted from 1.
    #[must_use]
    pub fn nth(self, n: usize, fault: Fault) -> Self {
        self.inner.borrow_mut().overall.insert(n, fault);
        self
    }

    /// Makes the `n`th call of one operation fail, counted from 1.
    #[must_use]
    pub fn nth_of(self, operation: &str, n: usize, fault: Fault) -> Self {
        let key = (operation.to_owned(), n);
        self.inner.borrow_mut().by_operation.insert(key, fault);
        self
    }

    /// Makes every call of one operation fail.
    #[must_use]
    pub fn every(self, operation: &str, fault: Fault) -> Self {
        self.inner
            .borrow_mut()
            .always
            .insert(operation.to_owned(), fault);
        self
    }

    /// Makes every call of one operation about `resource` fail.
    #[must_use]
    pub fn every_about(self, operation: &str, resource: &str, fault: Fault) -> Self {
        let key = (operation.to_owned(), resource.to_owned());
        self.inner.borrow_mut().about.insert(key, fault);
        self
    }

    /// Makes a `share` of all calls, 0 to 1, fail in one of the ways of `kinds`, drawn from `seed`.
    #[must_use]
    pub fn at_random(self, seed: u64, share: f64, kinds: &[Fault]) -> Self {
        self.inner.borrow_mut().random = Some(RandomFaults {
            random: Random::new(seed),
            share,
            kinds: kinds.to_vec(),
        });
        self
    }

    /// How late the answers of slow calls are. Without it they come at once.
    #[must_use]
    pub fn late_by(self, span: SignedDuration, timeline: &Timeline) -> Self {
        self.inner.borrow_mut().late = Some((timeline.clone(), span));
        self
    }

    /// Lets every call take time before it happens and again before its answer comes, up to `most` each,
    /// drawn from `seed`: what runs beside it on the timeline comes between.
    #[must_use]
    pub fn paced(self, timeline: &Timeline, seed: u64, most: SignedDuration) -> Self {
        self.inner.borrow_mut().pace = Some(Pace {
            timeline: timeline.clone(),
            random: Random::new(seed),
            most,
        });
        self
    }

    /// Waits for the way to what is called, or back.
    async fn travel(&self) {
        let drawn = self.inner.borrow_mut().pace.as_mut().map(|pace| {
            let most = pace.most.as_millis().try_into().unwrap_or(0_u64);
            let millis = pace.random.below(most + 1).try_into().unwrap_or(0);
            (pace.timeline.clone(), SignedDuration::from_millis(millis))
        });
        if let Some((timeline, span)) = drawn {
            timeline.sleep(span).await;
        }
    }

    /// Waits as long as a slow call takes.
    async fn dawdle(&self) {
        let late = self.inner.borrow().late.clone();
        if let Some((timeline, span)) = late {
            timeline.sleep(span).await;
        }
    }

    /// Ends all faults; calls are still recorded.
    pub fn heal(&self) {
        let mut script = self.inner.borrow_mut();
        script.overall.clear();
        script.by_operation.clear();
        script.always.clear();
        script.about.clear();
        script.random = None;
    }

    /// Every call so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.inner.borrow_mut().calls.clone()
    }

    /// How often an operation was called so far.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.inner
            .borrow_mut()
            .counts
            .get(operation)
            .copied()
            .unwrap_or(0)
    }

    /// A port over `inner` that fails by this script.
    pub fn wrap<P>(&self, inner: P) -> Faulty<P> {
        Faulty::new(inner, self.clone())
    }

    /// How the next call of `operation` is to fail by the script, without what is drawn.
    fn planned(&self, operation: &'static str) -> Option<Fault> {
        let script = self.inner.borrow();
        let count = script.counts.get(operation).copied().unwrap_or(0) + 1;
        let key = (operation.to_owned(), count);
        let overall = script.overall.get(&(script.calls.len() + 1));
        let planned = overall.or_else(|| script.by_operation.get(&key));
        planned.or_else(|| script.always.get(operation)).copied()
    }

    /// Records a call and tells how it is to fail.
    fn next(&self, operation: &'static str, resource: &str) -> Option<Fault> {
        let mut script = self.inner.borrow_mut();
        let count = script.counts.entry(operation).or_default();
        *count += 1;
        let count = *count;
        let overall = script.calls.len() + 1;
        let drawn = script.random.as_mut().and_then(RandomFaults::draw);
        let fault = script
            .overall
            .get(&overall)
            .or_else(|| script.by_operation.get(&(operation.to_owned(), count)))
            .or_else(|| script.always.get(operation))
            .or_else(|| {
                script
                    .about
                    .get(&(operation.to_owned(), resource.to_owned()))
            })
            .copied()
            .or(drawn);
        script.calls.push(Call {
            operation,
            resource: resource.to_owned(),
            fault,
        });
        fault
    }
}

impl RandomFaults {
    /// Draws twice a call, whatever comes of it, so that one call's fate does not move another's.
    fn draw(&mut self) -> Option<Fault> {
        let fails = self.random.chance(self.share);
        let kind = self.random.below(self.kinds.len() as u64);
        let kind = self.kinds.get(usize::try_from(kind).ok()?).copied();
        kind.filter(|_| fails)
    }
}

#[cfg(test)]
mod tests {
    use fleet::{ScheduledAction, Sizes};
    use jiff::{SignedDuration, Timestamp};
    use pollster::block_on;
    use ports::{Condition, DocumentStore, GroupReader, GroupWriter, Message, Notifier};
    use simulation::{GroupSpec, SimulatedGroup};

    use super::*;
    use crate::{MemoryStore, RecordingNotifier, SimulatedGroupPort, VirtualClock};

    fn start() -> Timestamp {
        "2026-03-04T00:00:00Z".parse().unwrap()
    }

    fn group() -> SimulatedGroupPort {
        let group = SimulatedGroup::new(GroupSpec::new("web", 1, 2, 10), start()).unwrap();
        SimulatedGroupPort::new([group], &VirtualClock::new(start()))
    }

    fn to(desired: u32) -> Sizes {
        Sizes {
            desired_capacity: Some(desired),
            ..Sizes::default()
        }
    }

    #[test]
    fn a_write_fails_with_or_without_effect() {
        for (fault, code, happened) in [
            (Fault::Throttled, "Throttled", false),
            (Fault::Denied, "Denied", false),
            (Fault::Conflict, "Conflict", false),
            (Fault::NotFound, "NotFound", false),
            (Fault::UnansweredBefore, "Unanswered", false),
            (Fault::UnansweredAfter, "Unanswered", true),
            (Fault::ItemsRefused, "Throttled", false),
        ] {
            let port = Faults::none().nth_of("resize", 1, fault).wrap(group());
            let error = block_on(port.resize("web", to(5))).unwrap_err();
            assert_eq!(error.code(), code);
            let desired = block_on(port.group("web")).unwrap().desired_capacity;
            assert_eq!(desired == 5, happened, "{fault:?}");
            block_on(port.resize("web", to(6))).unwrap();
        }
    }

    #[test]
    fn one_script_counts_over_all_ports() {
        let faults = Faults::none()
            .nth(3, Fault::Denied)
            .every("list", Fault::Throttled);
        let store = faults.wrap(MemoryStore::new());
        let port = faults.wrap(group());
        let notifier = faults.wrap(RecordingNotifier::default());
        let message = Message {
            subject: "hello".to_owned(),
            text: String::new(),
            record: serde_json::Value::Null,
        };
        block_on(store.put("a/b", b"x", Condition::Always)).unwrap();
        block_on(port.group("web")).unwrap();
        assert_eq!(
            block_on(notifier.notify(&message)).unwrap_err().code(),
            "Denied"
        );
        block_on(notifier.notify(&message)).unwrap();
        assert_eq!(block_on(store.list("a")).unwrap_err().code(), "Throttled");
        faults.heal();
        assert_eq!(block_on(store.list("a")).unwrap(), ["a/b"]);
        let calls: Vec<_> = faults
            .calls()
            .into_iter()
            .map(|c| (c.operation, c.resource))
            .collect();
        let expected = [
            ("put", "a/b"),
            ("group", "web"),
            ("notify", "hello"),
            ("notify", "hello"),
            ("list", "a"),
            ("list", "a"),
        ];
        assert_eq!(
            calls,
            expected.map(|(operation, about)| (operation, about.to_owned()))
        );
        assert_eq!((faults.count("list"), faults.count("resize")), (2, 0));
    }

    #[test]
    fn a_store_never_says_not_found() {
        let store = Faults::none()
            .nth(1, Fault::NotFound)
            .wrap(MemoryStore::new());
        assert_eq!(block_on(store.get("a")).unwrap_err().code(), "Refused");
        assert!(block_on(store.get("a")).unwrap().is_none());
    }

    #[test]
    fn every_second_item_of_a_batch_is_refused() {
        let port = Faults::none().nth(1, Fault::ItemsRefused).wrap(group());
        let actions: Vec<ScheduledAction> = (1..=5)
            .map(|n| ScheduledAction {
                name: format!("a{n}"),
                start: Some(start() + SignedDuration::from_mins(n)),
                end: None,
                recurrence: None,
                min_size: Some(2),
                max_size: None,
                desired_capacity: None,
            })
            .collect();
        let failures = block_on(port.put_scheduled_actions("web", &actions)).unwrap();
        let refused: Vec<_> = failures
            .iter()
            .map(|failure| failure.name.as_str())
            .collect();
        assert_eq!(refused, ["a1", "a3", "a5"]);
        let kept = block_on(port.scheduled_actions("web")).unwrap();
        assert_eq!(
            kept.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(),
            ["a2", "a4"]
        );
    }

    #[test]
    fn paced_calls_come_between_each_other_in_an_order_of_the_seed() {
        let second = SignedDuration::from_secs(1);
        let run = |seed: u64| -> Vec<String> {
            let line = Timeline::new(&VirtualClock::new(start()));
            let faults = Faults::none().paced(&line, seed, second * 2);
            let store = faults.wrap(MemoryStore::new());
            let five = async |who: &str| {
                for n in 0..5 {
                    let _ = store.get(&format!("{who}{n}")).await;
                }
            };
            let both = futures_util::future::join(five("a"), five("b"));
            assert!(line.run(both, second * 60).is_some());
            assert!(line.now() > start() && line.now() <= start() + second * 20);
            faults
                .calls()
                .into_iter()
                .map(|call| call.resource)
                .collect()
        };
        let calls = run(5);
        assert_eq!(calls, run(5));
        assert_ne!(calls, run(6));
        let of_a: Vec<_> = calls.iter().filter(|call| call.starts_with('a')).collect();
        assert_eq!(of_a, ["a0", "a1", "a2", "a3", "a4"]);
        let first_b = calls.iter().position(|call| call == "b0");
        let last_a = calls.iter().position(|call| call == "a4");
        assert!(first_b < last_a, "{calls:?}");
    }

    #[test]
    fn random_faults_are_the_same_for_a_seed() {
        let run = |seed: u64| -> Vec<Option<Fault>> {
            let kinds = [Fault::Throttled, Fault::UnansweredAfter];
            let port = Faults::none().at_random(seed, 0.3, &kinds).wrap(group());
            for _ in 0..1_000 {
                let _ = block_on(port.group("web"));
            }
            port.faults()
                .calls()
                .into_iter()
                .map(|call| call.fault)
                .collect()
        };
        let drawn = run(5);
        assert_eq!(drawn, run(5));
        assert_ne!(drawn, run(6));
        let failed = drawn.iter().flatten().count();
        assert!((250..350).contains(&failed), "{failed}");
        assert!(drawn.contains(&Some(Fault::Throttled)));
        assert!(drawn.contains(&Some(Fault::UnansweredAfter)));
    }
}
