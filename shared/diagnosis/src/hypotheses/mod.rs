//! One hypothesis a diagnosis: what has to be true of it.

mod demand;
mod fleet;
mod service;

pub(crate) use demand::told;
pub(crate) use fleet::named;
pub(crate) use service::climbing as leaking;

use crate::Kind;
use crate::claim::Claim;
use crate::facts::Facts;

/// A diagnosis and what has to be true of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hypothesis {
    pub(crate) kind: Kind,
    pub(crate) claims: Vec<Claim>,
}

impl Hypothesis {
    pub(crate) fn new(kind: Kind, claims: Vec<Claim>) -> Self {
        Self { kind, claims }
    }

    /// Log-odds of the weakest claim: a conjunction is no likelier than its least likely part.
    /// `None` where something it needs was not measured.
    pub(crate) fn score(&self) -> Option<f64> {
        let mut score: Option<f64> = None;
        for claim in &self.claims {
            match claim.weight {
                Some(weight) => score = Some(score.map_or(weight, |score| score.min(weight))),
                None if claim.required => return None,
                None => {}
            }
        }
        score
    }

    /// The claim that speaks against it most; one that could not be measured before all others.
    pub(crate) fn weakest(&self) -> Option<&Claim> {
        let weight = |claim: &Claim| match claim.weight {
            None if claim.required => f64::NEG_INFINITY,
            weight => weight.unwrap_or(f64::INFINITY),
        };
        self.claims
            .iter()
            .min_by(|a, b| weight(a).total_cmp(&weight(b)))
    }
}

/// All of them, in the order in which they go before each other where several hold: what explains
/// more goes first, and demand before everything that could withhold servers from it, unless servers
/// were shown to be of no use.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Hypothesis> {
    vec![
        demand::recovery(facts),
        service::useless_step(facts),
        fleet::launches_failing(facts),
        demand::unforecast(facts),
        fleet::capacity_lost(facts),
        fleet::one_server(facts),
        service::saturated_behind(facts),
        service::leak(facts),
        service::bad_release(facts),
        demand::planned_ramp(facts),
        demand::covered(facts),
    ]
}
