//! Following what is held until the plan can have it back.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Kind;
use crate::decide::{margin, servers_for};
use crate::diagnose::Diagnosis;
use crate::evidence::Evidence;

/// What is held already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Servers.
    pub servers: u32,
    /// When their number last changed.
    pub changed: Timestamp,
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nothing is held; it is looked at again.
    Watching,
    /// Servers are being added.
    Growing,
    /// What was added is held.
    Holding,
    /// It goes back to the plan in steps.
    HandingBack,
    /// The plan has it again.
    Over,
}

impl Phase {
    /// The stable word of records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Watching => "watching",
            Self::Growing => "growing",
            Self::Holding => "holding",
            Self::HandingBack => "handing-back",
            Self::Over => "over",
        }
    }
}

/// Minutes for which less must have sufficed before anything is handed back.
const CALM: usize = 10;
/// Minutes between two steps down.
const BETWEEN: SignedDuration = SignedDuration::from_mins(5);

/// What is held from now on, and the phase.
///
/// A hold is lowered only where demand was measured through the last ten minutes and does not
/// climb, no lower than the most that those minutes needed, by at most a quarter of what lies over
/// the plan, not twice within five minutes, and never below the `least` that the diagnosis asks for;
/// while servers are on their way, by no more than those in service can spare. Where demand is inside
/// the forecast and the plan asks for as much, it is over.
pub(crate) fn settled(
    diagnosis: &Diagnosis,
    evidence: &Evidence,
    standing: &Standing,
    least: u32,
    now: Timestamp,
) -> (Option<u32>, Phase) {
    let held = standing.servers;
    let keep = (Some(held), Phase::Holding);
    let calm = matches!(
        diagnosis.kind,
        Kind::UnforecastDemand | Kind::Covered | Kind::PlannedRamp | Kind::OneServer
    );
    let (Some(demand), Some(track)) = (&diagnosis.demand, &evidence.demand) else {
        return keep;
    };
    if !calm || demand.growth > 0.01 * demand.now {
        return keep;
    }
    // The newest minute or two may not have come yet.
    let last = track.last(CALM + 2);
    let known = || last.iter().copied().filter(|value| value.is_finite());
    if known().count() < CALM - 1 {
        return keep;
    }
    let most = known().fold(0.0, f64::max);
    let room = if diagnosis.kind == Kind::UnforecastDemand {
        margin(demand)
    } else {
        1.0
    };
    let needed = servers_for(most * room, evidence.throughput);
    let planned = evidence.fleet.planned.max(least);
    let outside = diagnosis.kind == Kind::UnforecastDemand;
    if !outside && held <= planned {
        return (None, Phase::Over);
    }
    if now.duration_since(standing.changed) < BETWEEN {
        let handing = !outside && needed < held;
        let phase = if handing {
            Phase::HandingBack
        } else {
            Phase::Holding
        };
        return (Some(held), phase);
    }
    let step = held.saturating_sub(planned).div_ceil(4).max(1);
    // Scaling in may take servers that serve and leave those that boot.
    let booting = evidence.fleet.booting > 0
        && now.duration_since(standing.changed) < evidence.lead_time.saturating_mul(2);
    let spared = match booting {
        true => evidence.fleet.in_service.saturating_sub(needed),
        false => u32::MAX,
    };
    let lower = needed
        .max(planned)
        .max(held.saturating_sub(step.min(spared)));
    if lower >= held {
        // Inside the forecast and still needed: the plan's own margin is what is missing.
        return keep;
    }
    if !outside && lower <= planned {
        return (None, Phase::Over);
    }
    (Some(lower), Phase::HandingBack)
}
