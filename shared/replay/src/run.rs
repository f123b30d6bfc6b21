use config::Target;
use control::{World, band_metric, metric_name, upper_edge};
use documents::{Forecast, Plan, decode, keys};
use jiff::Timestamp;
use local::{CsvMetrics, MemoryStore, RecordingNotifier, SimulatedGroupPort, VirtualClock};
use pollster::block_on;
use ports::{Condition, DocumentStore, Look, Message};
use simulation::alternatives::{Alternatives, Outcome, Setting, alternatives, by_minute};
use simulation::{
    GroupSpec, MinuteRecord, SimulatedGroup, SizeChange, Source, TargetTracking, required_servers,
};
use timeseries::{Series, Step};

use crate::alarms::{OVERLOAD, Watch, visible};
use crate::{ReplayError, settings};

/// What is to be replayed.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// Name of the configuration's file, for messages.
    pub config_file: &'a str,
    /// The configuration. A target in shadow mode is replayed as an active one: what it would do is
    /// the question.
    pub config: &'a str,
    /// The target; may be `None` where the configuration has one only.
    pub target: Option<&'a str>,
    /// Demand in requests per minute, history and replay, in any step.
    pub demand: &'a Series,
    /// Start of the replay; what lies before is history.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub struct Replay {
    /// The target as configured.
    pub target: Target,
    /// Every minute.
    pub records: Vec<MinuteRecord>,
    /// Every change of the group's sizes that took effect, in order.
    pub changes: Vec<SizeChange>,
    /// What it came to.
    pub outcome: Outcome,
    /// What the alternatives came to on the same minutes.
    pub alternatives: Alternatives,
    /// The band's upper edge by the minute, as its alarm compared demand with it.
    pub edges: Vec<(Timestamp, f64)>,
    /// Messages that people got, with their time.
    pub messages: Vec<(Timestamp, Message)>,
    /// Runs that failed, with their time and reason.
    pub failures: Vec<(Timestamp, String)>,
    /// How often forecaster, planner and responder ran.
    pub runs: [usize; 3],
    /// The documents at the end.
    pub store: MemoryStore,
}

/// Minute of the hour at which the planner runs.
const PLANNER_MINUTE: i64 = 40;
/// Minutes after local midnight at which the forecaster runs.
const FORECASTER_MINUTES: i16 = 10;
/// What target tracking alone aims at where the configuration has no reactive policy.
const USUAL_UTILIZATION: f64 = 0.8;

/// Replays `setup`; `watch` is told each simulated hour.
///
/// # Errors
/// [`ReplayError`] when it cannot begin. A run of a function that fails is recorded and the replay
/// goes on, as it would in the cloud.
pub fn replay(setup: &Setup<'_>, watch: &mut dyn FnMut(Timestamp)) -> Result<Replay, ReplayError> {
    let (target, config) = settings::chosen(setup)?;
    let demand = by_minute(setup.demand);
    let (from, to) = (Step::MINUTE.floor(setup.from), Step::MINUTE.floor(setup.to));
    let replayed = demand.between(from, to);
    let minutes = to.duration_since(from).as_mins();
    if from >= to || i64::try_from(replayed.len()).ok() != Some(minutes) {
        let (first, last) = (demand.start(), demand.end());
        return Err(ReplayError::Window {
            from,
            to,
            first,
            last,
        });
    }
    let throughput = settings::throughput(&target);
    let setting = setting(&target, throughput);
    let history = demand.between(demand.start(), from);
    let compared = alternatives(&history, &replayed, &setting).map_err(ReplayError::Simulation)?;
    let mut run = Run::new(target, &config, &demand, &replayed, from)?;
    for (index, value) in replayed.values().iter().enumerate() {
        let now = replayed.time_at(index);
        if now.as_second() % 3600 == 0 {
            watch(now);
        }
        run.minute(now, *value, throughput, index == 0);
    }
    Ok(run.finish(compared))
}

fn setting(target: &Target, throughput: f64) -> Setting {
    let simulation = &target.simulation;
    let reactive = simulation.reactive.as_ref();
    Setting {
        throughput,
        min_servers: target.min_servers,
        max_servers: target.max_servers,
        initial_servers: simulation.initial_servers,
        boot: simulation.boot,
        boot_spread: simulation.boot_spread,
        // What people who write schedules by hand allow for: the slow boots too.
        lead: settings::lead_time(target),
        margin: 1.0,
        utilization: reactive.map_or(USUAL_UTILIZATION, |policy| policy.utilization),
        seed: simulation.seed,
    }
}

/// The world of one replay.
struct Run {
    target: Target,
    clock: VirtualClock,
    store: MemoryStore,
    metrics: CsvMetrics,
    groups: SimulatedGroupPort,
    notifier: RecordingNotifier,
    /// Looks that the responder asked for, each with its time.
    looks: Vec<(Timestamp, Look)>,
    band: Watch,
    load: Watch,
    forecast: Option<Forecast>,
    forecast_day: Option<jiff::civil::Date>,
    records: Vec<MinuteRecord>,
    edges: Vec<(Timestamp, f64)>,
    messages: Vec<(Timestamp, Message)>,
    failures: Vec<(Timestamp, String)>,
    reasons: Vec<(Timestamp, Source, String)>,
    runs: [usize; 3],
}

impl Run {
    fn new(
        target: Target,
        config: &str,
        demand: &Series,
        replayed: &Series,
        from: Timestamp,
    ) -> Result<Self, ReplayError> {
        let clock = VirtualClock::new(from);
        let first = replayed
            .values()
            .iter()
            .copied()
            .find(|value| value.is_finite());
        let throughput = settings::throughput(&target);
        let group = SimulatedGroup::new(spec(&target, first.unwrap_or(0.0), throughput), from)
            .map_err(ReplayError::Simulation)?
            .with_throughput(throughput);
        let store = MemoryStore::new();
        block_on(store.put(keys::CONFIG, config.as_bytes(), Condition::Always))
            .map_err(ReplayError::Store)?;
        let metrics =
            CsvMetrics::new(clock.clone()).with(metric_name(&target.demand), demand.clone());
        let groups = SimulatedGroupPort::new([group], &clock);
        let alarm = |kind: &str| Watch::new(settings::alarm_name(&target, kind));
        Ok(Self {
            band: alarm("band"),
            load: alarm("load"),
            target,
            clock,
            store,
            metrics,
            groups,
            notifier: RecordingNotifier::new(),
            looks: Vec::new(),
            forecast: None,
            forecast_day: None,
            records: Vec::with_capacity(replayed.len()),
            edges: Vec::new(),
            messages: Vec::new(),
            failures: Vec::new(),
            reasons: Vec::new(),
            runs: [0; 3],
        })
    }

    fn minute(&mut self, now: Timestamp, demand: f64, throughput: f64, first: bool) {
        self.clock.set(now);
        if self.night_begins(now) {
            self.forecaster(now);
        }
        if first || self.plans_at(now) {
            self.planner(now);
        }
        self.alarms(now, throughput);
        self.look_again(now);
        if let Some(record) = self.groups.advance(&self.target.group, demand, throughput) {
            self.records.push(record);
        }
        self.messages.extend(
            self.notifier
                .take()
                .into_iter()
                .map(|message| (now, message)),
        );
    }

    /// Whether a plan is due: each hour at :40, and as often between as the target asks for.
    fn plans_at(&self, now: Timestamp) -> bool {
        let minute = now.as_second().div_euclid(60) - PLANNER_MINUTE;
        minute.rem_euclid(self.target.plan_every.as_mins().max(1)) == 0
    }

    /// Whether a local day has begun whose forecast has not been made.
    fn night_begins(&mut self, now: Timestamp) -> bool {
        let local = self.target.zone.to_datetime(now);
        let passed = i16::from(local.hour()) * 60 + i16::from(local.minute());
        let due = self.forecast_day.is_none()
            || (passed >= FORECASTER_MINUTES && self.forecast_day != Some(local.date()));
        if due {
            self.forecast_day = Some(local.date());
        }
        due
    }

    fn forecaster(&mut self, now: Timestamp) {
        self.runs[0] += 1;
        let request = forecaster::Request {
            targets: vec![self.target.name.clone()],
            again: false,
            scheduled: None,
        };
        let world = self.world(&self.groups);
        let result = block_on(forecaster::handle(request, &world));
        if let Err(error) = result {
            self.failures.push((now, format!("forecaster: {error}")));
        }
        let stored = keys::forecasts_for(&self.target.name, now, 1).find_map(|key| {
            let stored = block_on(self.store.get(&key)).ok().flatten()?;
            decode::<Forecast>(&key, &stored.bytes).ok()
        });
        self.forecast = stored
            .map(|envelope| envelope.body)
            .or(self.forecast.take());
    }

    fn planner(&mut self, now: Timestamp) {
        self.runs[1] += 1;
        let groups = self.groups.acting_as(Source::Planner);
        let request = planner::Request {
            targets: vec![self.target.name.clone()],
            scheduled: None,
        };
        let result = block_on(planner::handle(request, &self.world(&groups)));
        if let Err(error) = result {
            self.failures.push((now, format!("planner: {error}")));
        }
        self.explain(now, Source::Planner);
    }

    fn responder(&mut self, event: &serde_json::Value, now: Timestamp) {
        self.runs[2] += 1;
        let groups = self.groups.acting_as(Source::Responder);
        let result = block_on(responder::handle(event, &self.world(&groups)));
        if let Err(error) = result {
            self.failures.push((now, format!("responder: {error}")));
        }
        for (look, span) in self.notifier.take_looks() {
            let at = now.saturating_add(span).unwrap_or(Timestamp::MAX);
            self.looks.push((at, look));
        }
        self.explain(now, Source::Responder);
    }

    fn alarms(&mut self, now: Timestamp, throughput: f64) {
        let at = visible(now);
        let first = self.records.first().map_or(now, |record| record.at);
        let minutes = at.duration_since(first).as_mins();
        let record = usize::try_from(minutes)
            .ok()
            .and_then(|index| self.records.get(index));
        let Some(record) = record.copied() else {
            return;
        };
        let published = self
            .metrics
            .published_at(&band_metric(&self.target.name), at);
        let edge = published.or_else(|| upper_edge(self.forecast.as_ref()?, at));
        self.edges.extend(edge.map(|edge| (at, edge)));
        let capacity = f64::from(record.in_service) * throughput * OVERLOAD;
        let outside = self.band.see(record.demand, edge, now);
        let overloaded = self.load.see(record.demand, Some(capacity), now);
        for event in outside.into_iter().chain(overloaded) {
            self.responder(&event, now);
        }
    }

    /// Delivers the looks that are due; those asked for meanwhile come later.
    fn look_again(&mut self, now: Timestamp) {
        let due = |at: &Timestamp| *at <= now;
        let (ready, waiting) = std::mem::take(&mut self.looks)
            .into_iter()
            .partition(|(at, _)| due(at));
        self.looks = waiting;
        let ready: Vec<(Timestamp, Look)> = ready;
        for (_, look) in ready {
            let event = serde_json::json!({ "forescaleLook": look });
            self.responder(&event, now);
        }
    }

    fn world<'a>(
        &'a self,
        groups: &'a SimulatedGroupPort,
    ) -> World<'a, MemoryStore, CsvMetrics, SimulatedGroupPort, RecordingNotifier, VirtualClock>
    {
        World {
            store: &self.store,
            metrics: &self.metrics,
            groups,
            notifier: &self.notifier,
            clock: &self.clock,
        }
    }

    /// Hands the plan's reasons to the group's change log.
    fn explain(&mut self, now: Timestamp, source: Source) {
        let key = keys::plan(&self.target.name);
        let stored = block_on(self.store.get(&key)).ok().flatten();
        let Some(plan) = stored.and_then(|stored| decode::<Plan>(&key, &stored.bytes).ok()) else {
            return;
        };
        let plan = plan.body;
        let reasons = plan.actions.iter().filter_map(|action| {
            let floor = plan
                .floors
                .iter()
                .find(|floor| floor.start == action.start)?;
            Some((action.name.as_str(), floor.reason.as_str()))
        });
        self.groups.explain(&self.target.group, reasons);
        if let Some(floor) = plan.floors.first() {
            self.reasons.push((now, source, floor.reason.clone()));
        }
    }

    fn finish(self, alternatives: Alternatives) -> Replay {
        let changes = self
            .groups
            .with(&self.target.group, |group| group.changes().to_vec());
        let mut changes = changes.unwrap_or_default();
        for change in changes.iter_mut().filter(|change| change.reason.is_empty()) {
            let known = self
                .reasons
                .iter()
                .find(|(at, source, _)| *at == change.decided_at && *source == change.source);
            if let Some((_, _, reason)) = known {
                change.reason.clone_from(reason);
            }
        }
        Replay {
            outcome: self.records.iter().collect(),
            target: self.target,
            records: self.records,
            changes,
            alternatives,
            edges: self.edges,
            messages: self.messages,
            failures: self.failures,
            runs: self.runs,
            store: self.store,
        }
    }
}

fn spec(target: &Target, first_demand: f64, throughput: f64) -> GroupSpec {
    let simulation = &target.simulation;
    let needed = required_servers(first_demand, throughput);
    let initial = simulation.initial_servers.unwrap_or(needed);
    GroupSpec {
        name: target.group.clone(),
        min_size: target.min_servers,
        max_size: target.max_servers,
        desired_capacity: initial.clamp(target.min_servers, target.max_servers),
        boot: simulation.boot,
        boot_spread: simulation.boot_spread,
        late_schedule: true,
        reactive: simulation.reactive.as_ref().map(|policy| TargetTracking {
            utilization: policy.utilization,
            scales_in: policy.scales_in,
        }),
        launch_failures: simulation::LaunchFailures::default(),
        template_version: None,
        seed: simulation.seed,
    }
}
