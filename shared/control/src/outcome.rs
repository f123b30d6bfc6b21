use documents::{Plan, Shortfall};
use planning::PlanReport;
use serde::Serialize;

use crate::watching::{Figures, of_outcome};

/// How it ended for one target.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Outcome {
    /// The plan that now holds (or would, in shadow mode).
    pub plan: Plan,
    /// What there is to say about it.
    pub report: PlanReport,
    /// Sizes and actions that were changed (or would have been).
    pub changes: usize,
    /// Scheduled actions among them that were put.
    pub actions: usize,
    /// Whether the group was written to.
    pub wrote: bool,
    /// What the share that is applied did, where it changed.
    pub canary: Option<String>,
    /// Plain sentences: findings of the check that do not forbid applying, what else was odd.
    pub notes: Vec<String>,
}

/// One target's line in a function's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetReport {
    /// The target.
    pub target: String,
    /// What was decided, in a stable word: `planned`, `unchanged`, `shadow`, `off`, `paused`,
    /// `failed`, ...
    pub outcome: &'static str,
    /// Floor that holds now, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<u32>,
    /// Sizes and actions that were changed, or would have been in shadow mode.
    pub changes: usize,
    /// Plain sentences.
    pub notes: Vec<String>,
    /// A stable word for what failed, where something did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// What there is to measure of it.
    #[serde(skip)]
    pub figures: Figures,
}

impl TargetReport {
    /// A report of `outcome` with one sentence.
    pub fn new(target: &str, outcome: &'static str, note: impl Into<String>) -> Self {
        let note = note.into();
        let notes = if note.is_empty() {
            Vec::new()
        } else {
            vec![note]
        };
        Self {
            target: target.to_owned(),
            outcome,
            floor: None,
            changes: 0,
            notes,
            error: None,
            figures: Figures::default(),
        }
    }

    /// A report of a failure, with everything that caused it.
    pub fn failed(target: &str, error: &crate::ControlError) -> Self {
        Self::failed_with(target, error.code(), &error.chain())
    }

    /// A report of a failure, by its stable word and its text.
    pub fn failed_with(target: &str, code: &'static str, text: &str) -> Self {
        Self {
            error: Some(code),
            ..Self::new(target, "failed", text)
        }
    }

    /// A report of what [`crate::reconcile()`] or [`crate::rehearse`] did.
    pub fn of(target: &str, outcome: &Outcome) -> Self {
        let word = match (outcome.wrote, outcome.changes) {
            (true, _) => "planned",
            (false, 0) => "unchanged",
            (false, _) => "shadow",
        };
        let mut notes = outcome.plan.notes.clone();
        notes.extend(outcome.report.notes.iter().cloned());
        notes.extend(outcome.notes.iter().cloned());
        notes.extend(outcome.canary.iter().cloned());
        Self {
            target: target.to_owned(),
            outcome: word,
            floor: outcome.plan.floors.first().map(|floor| floor.servers),
            changes: outcome.changes,
            notes,
            error: None,
            figures: of_outcome(outcome),
        }
    }
}

/// The sentence about a shortfall.
#[must_use]
pub fn shortfall_text(shortfall: &Shortfall) -> String {
    let Shortfall {
        from,
        needed,
        allowed,
        limit,
    } = shortfall;
    format!("too few from {from} on: up to {needed} servers are needed, {limit} allows {allowed}")
}
