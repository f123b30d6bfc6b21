//! From evidence to a diagnosis.

use jiff::SignedDuration;

use crate::evidence::{Evidence, Missing};
use crate::facts::{Demand, Dip, Facts};
use crate::hypotheses::{self, Hypothesis};
use crate::{Kind, words};

/// Log-odds from which on a hypothesis holds: about nine to four.
const HOLDS: f64 = 0.8;

/// What is wrong, how sure that is and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// What.
    pub kind: Kind,
    /// How sure, 0 to 1: its share among all hypotheses, less where evidence was missing.
    pub confidence: f64,
    /// What it rests on, in words with numbers.
    pub evidence: Vec<String>,
    /// What else was thought of, likeliest first, and what speaks against it.
    pub ruled_out: Vec<RuledOut>,
    /// What was not there.
    pub missing: Vec<Missing>,
    /// Demand now, where known.
    pub demand: Option<Demand>,
    /// What runs out, where something does.
    pub leak: Option<Leaking>,
    /// The server that differs, where one does.
    pub server: Option<String>,
    /// Demand that was away, where it was.
    pub dip: Option<Dip>,
}

/// A hypothesis that does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct RuledOut {
    /// Which.
    pub kind: Kind,
    /// What speaks against it most, in words with numbers.
    pub why: String,
    /// Whether that could not be measured.
    pub unmeasured: bool,
}

/// A resource that runs out.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaking {
    /// Which.
    pub resource: String,
    /// Change each hour, in its unit.
    pub each_hour: f64,
    /// Until it is exhausted.
    pub left: SignedDuration,
    /// Servers on which it climbs, where single servers are measured.
    pub servers: Vec<String>,
}

/// The diagnosis that `evidence` supports best.
///
/// Every hypothesis is a list of claims, each with the log-odds that the evidence gives it; it is
/// as likely as the least likely of them. Of those that hold, the one that explains more goes first,
/// and demand beyond the forecast before everything that could withhold servers from it. Weights of
/// evidence as log-odds: Good, Probability and the Weighing of Evidence, 1950.
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let evidence = &*evidence.dense();
    let facts = Facts::of(evidence);
    let all = hypotheses::all(&facts);
    let scored: Vec<(&Hypothesis, Option<f64>)> = all
        .iter()
        .map(|hypothesis| (hypothesis, hypothesis.score()))
        .collect();
    let holding = scored
        .iter()
        .find(|(_, score)| score.is_some_and(|score| score >= HOLDS))
        .filter(|_| facts.contradiction.is_none());
    let kind = holding.map_or(Kind::Unknown, |(hypothesis, _)| hypothesis.kind);
    let mut told: Vec<String> = match (holding, &facts.contradiction) {
        (_, Some(contradiction)) => vec![contradiction.clone()],
        (Some((hypothesis, _)), None) => hypothesis
            .claims
            .iter()
            .filter(|claim| claim.weight.is_some())
            .map(|claim| claim.text.clone())
            .collect(),
        (None, None) => vec!["no explanation fits what was measured".to_owned()],
    };
    for text in context(&facts) {
        if !all_told(&told, &text) {
            told.push(text);
        }
    }
    let mut ruled_out: Vec<(RuledOut, f64)> = Vec::new();
    for (hypothesis, score) in &scored {
        if hypothesis.kind == kind || ruled_out.iter().any(|(it, _)| it.kind == hypothesis.kind) {
            continue;
        }
        if let Some(weakest) = hypothesis.weakest() {
            let unmeasured = weakest.weight.is_none();
            let ruled = RuledOut {
                kind: hypothesis.kind,
                why: weakest.text.clone(),
                unmeasured,
            };
            ruled_out.push((ruled, score.unwrap_or(f64::NEG_INFINITY)));
        }
    }
    ruled_out.sort_by(|a, b| b.1.total_cmp(&a.1));
    Diagnosis {
        kind,
        confidence: confidence(kind, &scored, &facts),
        evidence: told,
        ruled_out: ruled_out.into_iter().map(|(ruled, _)| ruled).collect(),
        missing: missing(evidence),
        demand: facts.demand,
        leak: (kind == Kind::ResourceLeak)
            .then(|| {
                hypotheses::leaking(&facts).map(|leak| Leaking {
                    resource: leak.resource.name.clone(),
                    each_hour: 60.0 * leak.slope.each_minute,
                    left: leak.left,
                    servers: leak.servers,
                })
            })
            .flatten(),
        server: (kind == Kind::OneServer)
            .then(|| hypotheses::named(&facts))
            .flatten(),
        dip: facts.dip.filter(|dip| dip.borne_out),
    }
}

fn all_told(told: &[String], text: &str) -> bool {
    told.iter()
        .any(|known| known.contains(text) || text.contains(known.as_str()))
}

/// What everybody wants to know beside the diagnosis itself.
fn context(facts: &Facts<'_>) -> Vec<String> {
    let fleet = facts.evidence.fleet;
    let mut told = Vec::new();
    if let Some(demand) = &facts.demand {
        told.push(hypotheses::told(demand));
    }
    told.push(format!(
        "{} of {} in service",
        fleet.in_service,
        words::count(fleet.desired, "server")
    ));
    if let Some(cpu) = facts.cpu {
        told.push(format!("CPU {cpu:.0} %"));
    }
    told
}

/// Optional evidence that was not there makes every answer less sure: by a twentieth each.
fn confidence(kind: Kind, scored: &[(&Hypothesis, Option<f64>)], facts: &Facts<'_>) -> f64 {
    let evidence = facts.evidence;
    let holes = [
        evidence.band.is_none(),
        evidence.demand.is_none(),
        evidence.errors.is_none() && evidence.response_time.is_none(),
        evidence.activities.is_none(),
        evidence.cpu.is_none(),
    ];
    let holes = holes.iter().filter(|hole| **hole).count() as f64;
    let odds = |kind: Kind| {
        let scores = scored.iter().filter(|(it, _)| it.kind == kind);
        scores
            .filter_map(|(_, score)| *score)
            .reduce(f64::max)
            .map(f64::exp)
    };
    // "Something else" has even odds.
    let all: f64 = Kind::ALL.iter().filter_map(|kind| odds(*kind)).sum::<f64>() + 1.0;
    let own = odds(kind).unwrap_or(1.0);
    // Kinds that do not exclude each other share their odds; the first in order keeps its own.
    let alone = own / (own + 1.0);
    let share = (own / all).max(alone / 2.0);
    (share * (1.0 - 0.05 * holes)).clamp(0.0, 1.0)
}

fn missing(evidence: &Evidence) -> Vec<Missing> {
    let mut missing = evidence.missing.clone();
    let absent = [
        (evidence.demand.is_none(), "demand"),
        (evidence.band.is_none(), "forecast"),
        (evidence.activities.is_none(), "scaling activities"),
    ];
    for (absent, what) in absent {
        if absent && !missing.iter().any(|it| it.what == what) {
            missing.push(Missing {
                what: what.to_owned(),
                why: String::new(),
            });
        }
    }
    missing
}
