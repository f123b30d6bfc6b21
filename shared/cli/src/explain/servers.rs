//! What an explanation takes one server and its way to be.

use config::{LeadTime, Throughput};
use documents::PlanStep;
use jiff::{SignedDuration, Timestamp};

use crate::kept::Kept;
use crate::output::grouped;

/// Requests a minute that the plan took one server to sustain.
pub(super) fn assumed(kept: &Kept) -> f64 {
    let tuned = kept.tuning.as_ref();
    let used = tuned.map(|tuning| tuning.made_for.throughput);
    used.or_else(|| measured(kept))
        .unwrap_or_else(|| kept.target.throughput.assumed())
}

/// What was measured of one server, where plans go by it and not by a value that was typed in.
pub(super) fn measured(kept: &Kept) -> Option<f64> {
    match kept.target.throughput {
        Throughput::Given(_) | Throughput::Measured { typed: true, .. } => None,
        Throughput::Measured { .. } => kept.measurements.as_ref()?.throughput.as_ref()?.per_server,
    }
}

/// From the decision to a server in service, as the plan took it.
pub(super) fn lead(kept: &Kept) -> SignedDuration {
    let tuned = kept.tuning.as_ref();
    match (tuned, &kept.target.lead_time) {
        (Some(tuning), _) => SignedDuration::from_secs(tuning.made_for.lead_seconds),
        (None, LeadTime::Given(lead) | LeadTime::Measured { initial: lead }) => *lead,
    }
}

/// The step that holds at `at`.
pub(super) fn held(steps: &[PlanStep], at: Timestamp) -> Option<&PlanStep> {
    let until = steps.partition_point(|step| step.start <= at);
    steps.get(until.checked_sub(1)?)
}

/// Demand with three digits at least.
pub(super) fn carried(demand: f64) -> String {
    if demand >= 100.0 {
        grouped(demand)
    } else {
        planning::rate(demand)
    }
}
