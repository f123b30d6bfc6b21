//! The figures of a run, from what it reports. Pure.

use config::{Mode, Published, Target};
use documents::{DriftRecord, ScoredNight};
use fleet::Group;
use planning::{Present, servers_for};

use super::measures::{
    COVERAGE_P90, COVERAGE_P95, DRIFT, ESTIMATED_SAVING, FLOOR, FORECAST_ERROR, Measure,
    SCHEDULED_ACTIONS_WRITTEN, SERVERS_IN_SERVICE, SERVERS_REQUIRED,
};
use crate::Outcome;

/// What there is to measure of one run for one target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// How much the configuration asks to be published of the target.
    pub asked: Published,
    values: Vec<(&'static Measure, f64)>,
}

impl Figures {
    /// Adds `value`; one that is not finite is left out, since it would cost the whole line.
    pub fn add(&mut self, measure: &'static Measure, value: f64) {
        if value.is_finite() {
            self.values.retain(|(known, _)| *known != measure);
            self.values.push((measure, value));
        }
    }

    /// Adds all of `other`'s.
    pub fn extend(&mut self, other: &Self) {
        for (measure, value) in other.iter() {
            self.add(measure, value);
        }
    }

    /// The value of `measure`, where there is one.
    #[must_use]
    pub fn get(&self, measure: &Measure) -> Option<f64> {
        let found = self.iter().find(|(known, _)| *known == measure);
        found.map(|(_, value)| value)
    }

    /// Every measure with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Measure, f64)> {
        self.values.iter().copied()
    }

    /// Every measure that there is a value of.
    pub fn measures(&self) -> impl Iterator<Item = &'static Measure> {
        self.values.iter().map(|(measure, _)| *measure)
    }
}

/// What [`crate::reconcile()`] or [`crate::rehearse`] did.
#[must_use]
pub(crate) fn of_outcome(outcome: &Outcome) -> Figures {
    let mut figures = Figures::default();
    if let Some(floor) = outcome.plan.floors.first() {
        figures.add(&FLOOR, f64::from(floor.servers));
    }
    figures.add(&SCHEDULED_ACTIONS_WRITTEN, outcome.actions as f64);
    figures
}

/// Actual and required capacity of `group` beside the plan of `outcome`; `present` demand, where it
/// is known, and `throughput` in requests per minute.
#[must_use]
pub fn of_servers(
    target: &Target,
    group: &Group,
    outcome: &Outcome,
    present: Option<Present>,
    throughput: f64,
) -> Figures {
    let mut figures = Figures::default();
    let in_service = group.in_service();
    figures.add(&SERVERS_IN_SERVICE, f64::from(in_service));
    let required = present.map(|present| servers_for(present.demand, throughput));
    if let Some(required) = required {
        figures.add(&SERVERS_REQUIRED, f64::from(required));
    }
    let floors = &outcome.plan.floors;
    let run = match target.mode {
        Mode::Canary(_) | Mode::Active => Some(in_service),
        // Without demand nobody knows what would run.
        Mode::Off | Mode::Shadow => required
            .zip(floors.first())
            .map(|(required, floor)| required.max(floor.servers)),
    };
    let highest = floors.iter().map(|floor| floor.servers).max();
    if let Some((highest, run)) = highest.zip(run) {
        figures.add(&ESTIMATED_SAVING, f64::from(highest) - f64::from(run));
    }
    figures
}

/// How the last night's forecast did, where one was scored in this run, and whether forecasts drift.
#[must_use]
pub(super) fn nightly(scored: Option<&ScoredNight>, drift: &DriftRecord) -> Figures {
    let mut figures = Figures::default();
    if let Some(night) = scored {
        figures.add(&FORECAST_ERROR, night.loss);
        figures.add(&COVERAGE_P90, 100.0 * (1.0 - night.over_p90));
        figures.add(&COVERAGE_P95, 100.0 * (1.0 - night.over_p95));
    }
    figures.add(&DRIFT, if drift.drifting { 1.0 } else { 0.0 });
    figures
}
