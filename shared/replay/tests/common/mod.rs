//! One target with all its ports, each of which can be made to fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

pub mod spiking;

use control::World;
use documents::{Accuracy, DataRecord, Document, Envelope, Forecast, Plan, decode, encode, keys};
use fleet::{Group, ScheduledAction, Sizes};
use jiff::{SignedDuration, Timestamp};
use local::{
    CsvMetrics, Faults, Faulty, MemoryStore, RecordingNotifier, SimulatedGroupPort, Timeline,
    VirtualClock,
};
use pollster::block_on;
use ports::{Condition, DocumentStore, GroupReader, MetricName};
use serde_json::{Value, json};
use simulation::{GroupSpec, Origin, SimulatedGroup, Source, TargetTracking};
use timeseries::{Series, Step};

pub const GROUP: &str = "web-asg";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub fn config(mode: &str) -> String {
    format!(
        r#"
[[target]]
name = "web"
group = "web-asg"
demand = {{ namespace = "Shop", name = "Requests" }}
min_servers = 2
max_servers = 40
throughput = 1000
lead_time = "5m"
{mode}
"#
    )
}

pub const ACTIVE: &str = "mode = \"active\"";

pub fn metric() -> MetricName {
    MetricName {
        namespace: "Shop".to_owned(),
        name: "Requests".to_owned(),
        dimensions: [].into(),
    }
}

/// Demand of each minute from `start` on.
pub fn series(start: Timestamp, minutes: usize, demand: impl Fn(usize) -> f64) -> Series {
    Series::new(start, Step::MINUTE, (0..minutes).map(demand).collect()).unwrap()
}

/// Three days from `start` of a demand that is known exactly, per step of a quarter of an hour.
pub fn forecast(start: Timestamp, demand: impl Fn(usize) -> f64) -> Forecast {
    Forecast {
        start,
        step_seconds: 900,
        levels: vec![0.05, 0.5, 0.95, 0.99],
        quantiles: (0..288).map(|step| vec![demand(step); 4]).collect(),
        minute_spread: 0.0,
        model: "given".to_owned(),
        candidates: Vec::new(),
        accuracy: Accuracy::default(),
        data: DataRecord::default(),
        events: Vec::new(),
        notes: Vec::new(),
        ..Forecast::default()
    }
}

/// A tuning made for `made_for` by which target tracking at 95 % of throughput is best.
pub fn tuning(made_for: documents::TunedFor) -> documents::Tuning {
    let replay = |utilization, server_minutes| documents::ReplayRecord {
        utilization: Some(utilization),
        price: 0.1,
        risk: 0.0009,
        server_minutes,
        days: 13,
        kept: true,
    };
    documents::Tuning {
        replayed: Some(replay(made_for.utilization.unwrap_or(0.8), 120_000.0)),
        best: Some(replay(0.95, 100_000.0)),
        made_for,
        near: None,
        price: None,
        notes: Vec::new(),
    }
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Code of the error, or the outcome of the target.
    pub word: String,
    /// Everything that was said.
    pub text: String,
    pub failed: bool,
    /// What there is to measure of it.
    pub reports: Vec<control::TargetReport>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    Forecaster,
    Planner,
    Responder,
}

pub struct Stage {
    /// Of the group.
    pub name: &'static str,
    pub clock: VirtualClock,
    pub store: MemoryStore,
    pub metrics: CsvMetrics,
    pub groups: SimulatedGroupPort,
    pub notifier: RecordingNotifier,
    pub faults: Faults,
}

type FaultyWorld<'a> = World<
    'a,
    Faulty<MemoryStore>,
    Faulty<CsvMetrics>,
    Faulty<SimulatedGroupPort>,
    Faulty<RecordingNotifier>,
    VirtualClock,
>;

impl Stage {
    /// A group of 3 to 40 servers with 6 of them, at `now`, with `demand` as its metric.
    pub fn new(now: Timestamp, config: &str, demand: Series, tracking: bool) -> Self {
        Self::of(GROUP, now, config, demand, tracking)
    }

    /// The same of the group called `name`.
    pub fn of(
        name: &'static str,
        now: Timestamp,
        config: &str,
        demand: Series,
        tracking: bool,
    ) -> Self {
        let clock = VirtualClock::new(now);
        let mut spec = GroupSpec::new(name, 3, 6, 40);
        spec.reactive = tracking.then_some(TargetTracking {
            utilization: 0.8,
            scales_in: true,
        });
        let group = SimulatedGroup::new(spec, now).unwrap();
        let stage = Self {
            name,
            store: MemoryStore::new(),
            metrics: CsvMetrics::new(clock.clone()).with(metric(), demand),
            groups: SimulatedGroupPort::new([group], &clock),
            notifier: RecordingNotifier::new(),
            faults: Faults::none(),
            clock,
        };
        stage.put_text(keys::CONFIG, config);
        stage
    }

    /// The usual scene: 20 November 2026, 08:40, flat demand of 5,500 a minute, a forecast of
    /// 6,000 that needs six servers all day.
    pub fn flat(mode: &str) -> Self {
        let now = at("2026-11-20T08:40:00Z");
        let demand = series(now - mins(8 * 60), 36 * 60, |_| 5500.0);
        let stage = Self::new(now, &config(mode), demand, true);
        stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
        stage
    }

    pub fn now(&self) -> Timestamp {
        ports::Clock::now(&self.clock)
    }

    pub fn put_text(&self, key: &str, text: &str) {
        block_on(self.store.put(key, text.as_bytes(), Condition::Always)).unwrap();
    }

    pub fn put<B: Document>(&self, key: &str, body: B) {
        let target = key.starts_with("targets/").then_some("web");
        let document = Envelope::new(target, self.now(), "test", body);
        let bytes = encode(&document).unwrap();
        block_on(self.store.put(key, &bytes, Condition::Always)).unwrap();
    }

    pub fn put_forecast(&self, forecast: &Forecast) {
        self.put(&keys::forecast("web", forecast.start), forecast.clone());
    }

    pub fn get<B: Document>(&self, key: &str) -> Option<B> {
        let stored = block_on(self.store.get(key)).unwrap()?;
        Some(decode::<B>(key, &stored.bytes).unwrap().body)
    }

    pub fn plan(&self) -> Plan {
        self.get(&keys::plan("web")).expect("a plan")
    }

    /// Keys and versions of everything stored but the lease.
    pub fn versions(&self) -> Vec<(String, String)> {
        let keys = block_on(self.store.list("")).unwrap();
        keys.into_iter()
            .filter(|key| !key.ends_with("/lease.json"))
            .map(|key| {
                let stored = block_on(self.store.get(&key)).unwrap().unwrap();
                (key, stored.version.0)
            })
            .collect()
    }

    pub fn group(&self) -> Group {
        block_on(self.groups.group(self.name)).unwrap()
    }

    pub fn actions(&self) -> Vec<ScheduledAction> {
        block_on(self.groups.scheduled_actions(self.name)).unwrap()
    }

    /// What a person does by hand.
    pub fn by_hand(&self, sizes: Sizes) {
        let now = self.now();
        let origin = Origin::new(now, Source::Person, "by hand");
        let work = |group: &mut SimulatedGroup| group.resize(now, sizes, &origin);
        self.groups.with(self.name, work).unwrap().unwrap();
    }

    /// Lets the minutes of `span` pass.
    pub fn pass(&self, span: SignedDuration, demand: f64) {
        for _ in 0..span.as_mins() {
            self.clock.advance(mins(1));
            self.groups.advance(self.name, demand, 1000.0);
        }
    }

    pub fn run(&self, function: Function) -> Ended {
        match function {
            Function::Forecaster => self.forecaster(),
            Function::Planner => self.planner(),
            Function::Responder => self.responder(&alarm(self.now())),
        }
    }

    pub fn forecaster(&self) -> Ended {
        self.within(|world| {
            match block_on(forecaster::handle(forecaster::Request::default(), world)) {
                Ok(answer) => ended(&answer.targets, &answer.notes),
                Err(error) => failed(error.code(), &error, error.reports()),
            }
        })
    }

    pub fn planner(&self) -> Ended {
        self.within(
            |world| match block_on(planner::handle(planner::Request::default(), world)) {
                Ok(answer) => ended(&answer.targets, &answer.notes),
                Err(error) => failed(error.code(), &error, error.reports()),
            },
        )
    }

    pub fn responder(&self, event: &Value) -> Ended {
        self.within(|world| match block_on(responder::handle(event, world)) {
            Ok(answer) => ended(&answer.targets, &answer.notes),
            Err(error) => failed(error.code(), &error, error.reports()),
        })
    }

    /// The same where time passes while calls are under way; `None` when it was cut short after
    /// `limit`, as Lambda does.
    pub fn responder_on(
        &self,
        timeline: &Timeline,
        event: &Value,
        limit: SignedDuration,
    ) -> Option<Ended> {
        let store = self.faults.wrap(self.store.clone());
        let metrics = self.faults.wrap(self.metrics.clone());
        let groups = self.faults.wrap(self.groups.clone());
        let notifier = self.faults.wrap(self.notifier.clone());
        let world = World {
            store: &store,
            metrics: &metrics,
            groups: &groups,
            notifier: &notifier,
            clock: timeline,
        };
        let answer = timeline.run(responder::handle(event, &world), limit)?;
        Some(match answer {
            Ok(answer) => ended(&answer.targets, &answer.notes),
            Err(error) => failed(error.code(), &error, error.reports()),
        })
    }

    fn within(&self, work: impl FnOnce(&FaultyWorld<'_>) -> Ended) -> Ended {
        let store = self.faults.wrap(self.store.clone());
        let metrics = self.faults.wrap(self.metrics.clone());
        let groups = self.faults.wrap(self.groups.clone());
        let notifier = self.faults.wrap(self.notifier.clone());
        work(&World {
            store: &store,
            metrics: &metrics,
            groups: &groups,
            notifier: &notifier,
            clock: &self.clock,
        })
    }

    /// Writes that were called on the group.
    pub fn group_writes(&self) -> usize {
        [
            "put_scheduled_actions",
            "delete_scheduled_actions",
            "resize",
            "set_policy_target",
        ]
        .iter()
        .map(|operation| self.faults.count(operation))
        .sum()
    }
}

fn ended(targets: &[control::TargetReport], notes: &[String]) -> Ended {
    let said = targets.iter().flat_map(|t| &t.notes).chain(notes);
    Ended {
        word: targets.first().map_or("none", |t| t.outcome).to_owned(),
        text: said.cloned().collect::<Vec<_>>().join("; "),
        failed: false,
        reports: targets.to_vec(),
    }
}

fn failed(code: &str, error: &dyn std::error::Error, reports: &[control::TargetReport]) -> Ended {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    Ended {
        word: code.to_owned(),
        text,
        failed: true,
        reports: reports.to_vec(),
    }
}

/// An alarm of the target's own, as its Lambda action delivers it.
pub fn alarm(changed: Timestamp) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:eu-central-1:1:alarm:forescale-web-load",
        "alarmData": {
            "alarmName": "forescale-web-load",
            "state": {"value": "ALARM", "reason": "crossed", "timestamp": stamp(changed)},
            "configuration": {"metrics": []},
        }
    })
}

/// The same event from EventBridge.
pub fn alarm_by_rule(changed: Timestamp) -> Value {
    json!({
        "version": "0", "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": ["arn:aws:cloudwatch:eu-central-1:1:alarm:forescale-web-load"],
        "detail": {
            "alarmName": "forescale-web-load",
            "state": {"value": "ALARM", "reason": "crossed", "timestamp": stamp(changed)},
            "configuration": {"metrics": []},
        }
    })
}

/// The same event from SNS.
pub fn alarm_by_topic(changed: Timestamp) -> Value {
    let message = json!({
        "AlarmName": "forescale-web-load", "AlarmDescription": null,
        "NewStateValue": "ALARM", "NewStateReason": "crossed",
        "StateChangeTime": stamp(changed), "Trigger": {"Metrics": []},
    });
    json!({"Records": [{"Sns": {"Message": message.to_string()}}]})
}

/// As CloudWatch writes times.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}
