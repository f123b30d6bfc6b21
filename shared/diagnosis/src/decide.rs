use jiff::{SignedDuration, Timestamp};

use crate::trend::trend;

/// What is known when an alarm calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Demand of the last minutes, oldest first, requests per minute; NaN where missing, empty
    /// where it could not be read.
    pub demand: Vec<f64>,
    /// The forecast's 99th percentile for now, requests per minute, where there is a forecast.
    pub upper: Option<f64>,
    /// Servers in service and healthy.
    pub in_service: u32,
    /// Servers on their way.
    pub booting: u32,
    /// DesiredCapacity.
    pub desired_capacity: u32,
    /// MaxSize or `max_servers`, whichever is less.
    pub most: u32,
    /// Floor that the plan asks for now.
    pub planned: u32,
    /// Demand one server sustains, requests per minute, above 0.
    pub throughput: f64,
    /// From the decision to a server in service.
    pub lead_time: SignedDuration,
    /// Most servers to add over what is planned.
    pub most_extra: u32,
    /// What was missing, in words.
    pub missing: Vec<String>,
}

/// Kinds of decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Demand needs more than is there or coming.
    UnforecastDemand,
    /// What is there or coming suffices.
    Covered,
    /// Demand is unknown: nothing is lowered, what is there is kept.
    Unknown,
}

/// What to do, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its kind.
    pub kind: Kind,
    /// Servers to hold, where something is to be held.
    pub hold: Option<u32>,
    /// Until when.
    pub until: Timestamp,
    /// Demand it was decided on, where known.
    pub demand: Option<f64>,
    /// Servers that the caps held back.
    pub held_back: u32,
    /// In plain words with the numbers.
    pub reason: String,
}

/// How long a hold lasts unless renewed: until the next hourly run has seen it, and the lead time
/// of whatever that run orders.
fn hold_length(lead_time: SignedDuration) -> SignedDuration {
    SignedDuration::from_mins(70).saturating_add(lead_time)
}

/// What the group needs for present demand and its growth until new servers are ready.
///
/// Never asks for fewer servers than there are: a decision adds or keeps.
#[must_use]
pub fn decide(evidence: &Evidence, now: Timestamp) -> Decision {
    let until = now
        .saturating_add(hold_length(evidence.lead_time))
        .unwrap_or(Timestamp::MAX);
    let Some(trend) = trend(&evidence.demand).filter(|_| evidence.throughput > 0.0) else {
        return keep(evidence, until);
    };
    let minutes = evidence.lead_time.as_secs_f64().max(0.0) / 60.0;
    let coming = trend.demand + trend.slope.max(0.0) * minutes;
    let needed = servers_for(coming, evidence.throughput);
    let most = evidence
        .most
        .min(evidence.planned.saturating_add(evidence.most_extra));
    let mut reason = format!(
        "demand {:.0}/min{}, {:+.0}/min each minute, {coming:.0}/min when servers are ready; {} \
         servers at {:.0}/min each, {} in service, {} booting",
        trend.demand,
        evidence
            .upper
            .map(|p99| format!(", forecast p99 {p99:.0}/min"))
            .unwrap_or_default(),
        trend.slope,
        needed,
        evidence.throughput,
        evidence.in_service,
        evidence.booting,
    );
    if !evidence.missing.is_empty() {
        reason.push_str(&format!("; missing: {}", evidence.missing.join(", ")));
    }
    let outside = evidence.upper.is_none_or(|p99| trend.demand > p99);
    if needed <= evidence.desired_capacity && !(outside && needed > evidence.planned) {
        let hold = None;
        return Decision {
            kind: Kind::Covered,
            hold,
            until,
            demand: Some(trend.demand),
            held_back: 0,
            reason,
        };
    }
    // The cap limits what is added, never what is there already.
    let allowed = needed.min(most.max(evidence.desired_capacity));
    if allowed < needed {
        reason.push_str(&format!(
            "; {} servers held back by the cap of {most}",
            needed - allowed
        ));
    }
    Decision {
        kind: Kind::UnforecastDemand,
        hold: Some(allowed),
        until,
        demand: Some(trend.demand),
        held_back: needed - allowed,
        reason,
    }
}

fn keep(evidence: &Evidence, until: Timestamp) -> Decision {
    let missing = if evidence.missing.is_empty() {
        "no demand was measured".to_owned()
    } else {
        evidence.missing.join(", ")
    };
    Decision {
        kind: Kind::Unknown,
        hold: Some(evidence.desired_capacity),
        until,
        demand: None,
        held_back: 0,
        reason: format!("{} servers kept: {missing}", evidence.desired_capacity),
    }
}

fn servers_for(demand: f64, throughput: f64) -> u32 {
    // Saturates for what no group holds.
    (demand / throughput * (1.0 - 1e-12))
        .ceil()
        .clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence() -> Evidence {
        Evidence {
            demand: vec![4000.0; 5],
            upper: Some(5000.0),
            in_service: 5,
            booting: 0,
            desired_capacity: 5,
            most: 100,
            planned: 5,
            throughput: 1000.0,
            lead_time: SignedDuration::from_mins(5),
            most_extra: 50,
            missing: Vec::new(),
        }
    }

    fn decided(evidence: &Evidence) -> Decision {
        decide(evidence, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_climbing_spike_gets_its_demand_and_its_growth() {
        let demand = vec![6000.0, 7000.0, 8000.0, 9000.0, 10_000.0];
        let decision = decided(&Evidence {
            demand,
            ..evidence()
        });
        assert_eq!(decision.kind, Kind::UnforecastDemand);
        assert_eq!(
            decision.hold,
            Some(15),
            "10 now and 1 a minute for 5 minutes"
        );
    }

    #[test]
    fn demand_that_is_covered_changes_nothing() {
        assert_eq!(decided(&evidence()).kind, Kind::Covered);
        assert_eq!(decided(&evidence()).hold, None);
    }

    #[test]
    fn the_cap_holds_back_and_says_so() {
        let decision = decided(&Evidence {
            demand: vec![30_000.0; 5],
            most_extra: 10,
            ..evidence()
        });
        assert_eq!((decision.hold, decision.held_back), (Some(15), 15));
        assert!(decision.reason.contains("held back by the cap of 15"));
    }

    #[test]
    fn without_demand_what_is_there_is_kept() {
        let missing = vec!["demand: throttled".to_owned()];
        let decision = decided(&Evidence {
            demand: Vec::new(),
            missing,
            ..evidence()
        });
        assert_eq!((decision.kind, decision.hold), (Kind::Unknown, Some(5)));
        assert!(decision.reason.contains("throttled"));
    }

    #[test]
    fn a_decision_never_holds_fewer_than_there_are_when_the_cap_is_lower() {
        let evidence = Evidence {
            demand: vec![30_000.0; 5],
            desired_capacity: 20,
            most: 12,
            ..evidence()
        };
        assert_eq!(decided(&evidence).hold, Some(20));
    }
}
