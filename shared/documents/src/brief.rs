use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Document;

/// Most hours that a brief may hold: what a line of the overview can show.
const MOST_HOURS: usize = 24 * 31;
/// Most facts, and characters of each text: the overview of thousands of targets stays small.
const MOST_FACTS: usize = 20;
const MOST_LETTERS: usize = 200;

/// What the overview tells of a target, in a few hundred bytes: written with the target's page, so
/// that a page about thousands of targets reads no history and no forecast.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// The target's mode.
    pub mode: String,
    /// What matters, as the head of its page tells it; at most 20.
    pub facts: Vec<BriefFact>,
    /// IANA name of the zone that instants within the facts are shown in; UTC where it is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zone: String,
    /// Start of the first hour.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Demand by the hour, requests per minute; null where nothing was seen.
    pub demand: Vec<Option<f64>>,
    /// The forecast's median by the hour, requests per minute, as many as `demand`; null where there
    /// is none.
    pub expected: Vec<Option<f64>>,
}

/// A figure with its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BriefFact {
    /// What it is; at most 200 characters, as the other texts.
    pub name: String,
    /// The figure with its unit.
    pub value: String,
    /// What to compare it with, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub beside: String,
    /// Whether people should look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bad: bool,
}

impl Document for Brief {
    const KIND: &'static str = "brief";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        let (seen, expected) = (self.demand.len(), self.expected.len());
        if seen != expected || seen > MOST_HOURS {
            return Err(format!(
                "{seen} hours of demand and {expected} of the forecast: allowed are as many of both, \
                 {MOST_HOURS} at most"
            ));
        }
        let values = self.demand.iter().chain(&self.expected).flatten();
        if let Some(value) = values.clone().find(|v| !(v.is_finite() && **v >= 0.0)) {
            return Err(format!("demand of {value} is impossible"));
        }
        if self.facts.len() > MOST_FACTS {
            let count = self.facts.len();
            return Err(format!("{count} facts: allowed are {MOST_FACTS} at most"));
        }
        let facts = self.facts.iter();
        let mut texts = facts
            .flat_map(|fact| [&fact.name, &fact.value, &fact.beside])
            .chain([&self.mode, &self.zone]);
        match texts.find(|text| text.chars().count() > MOST_LETTERS) {
            Some(_) => Err(format!("a text of more than {MOST_LETTERS} characters")),
            None => Ok(()),
        }
    }
}

impl BriefFact {
    /// A fact whose texts are cut to what a brief may hold.
    #[must_use]
    pub fn cut(name: &str, value: &str, beside: &str, bad: bool) -> Self {
        let cut = |text: &str| text.chars().take(MOST_LETTERS).collect();
        Self {
            name: cut(name),
            value: cut(value),
            beside: cut(beside),
            bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_fit_the_overview_is_refused() {
        let good = Brief {
            facts: vec![BriefFact::cut("plan", &"x".repeat(500), "", true)],
            demand: vec![Some(1.0), None],
            expected: vec![None, Some(2.0)],
            ..Brief::default()
        };
        assert_eq!(good.check(), Ok(()));
        let wrong = [
            Brief {
                expected: Vec::new(),
                ..good.clone()
            },
            Brief {
                demand: vec![Some(-1.0), None],
                ..good.clone()
            },
            Brief {
                mode: "y".repeat(201),
                ..good.clone()
            },
            Brief {
                facts: vec![BriefFact::default(); 21],
                ..good.clone()
            },
            Brief {
                demand: vec![None; 800],
                expected: vec![None; 800],
                ..good
            },
        ];
        for brief in wrong {
            assert!(brief.check().is_err(), "{brief:?}");
        }
    }
}
