use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Document;

/// Timed capacity steps of one target, and what was made of them in Auto Scaling.
///
/// Written before the group is touched, so that an interrupted run is seen and finished by the
/// next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// When it was decided.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub decided_at: Timestamp,
    /// Which function decided.
    pub decided_by: String,
    /// Fencing token of the lease it was decided under; never falls.
    pub fence: u64,
    /// What the forecast asks for: floors from each start on, before holds and human floors.
    pub steps: Vec<PlanStep>,
    /// End of the last step: the floor then returns to the baseline.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
    /// Floors after holds, human floors and limits, from each start on: what MinSize should be.
    pub floors: Vec<PlanStep>,
    /// The scheduled actions that carry the floors.
    pub actions: Vec<PlannedAction>,
    /// MinSize found when this was decided.
    pub found_min_size: u32,
    /// When the floor changed last, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub changed_at: Option<Timestamp>,
    /// The MinSize that someone else set, where one did; honoured as a floor.
    pub human_floor: Option<u32>,
    /// Whether everything was applied. While `false`, MinSize may be any of the floors of this
    /// plan, `found_min_size`, or one of `unsettled`.
    pub applied: bool,
    /// Floors of the plan before, and of those that were not applied in full before that: an action
    /// of theirs may still set MinSize. Empty once this plan is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsettled: Vec<u32>,
    /// Whether it was only rehearsed, as in shadow mode, over nothing that was cut short: what MinSize
    /// is, is then none of its doing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearsed: bool,
    /// Key of the forecast it was made from; absent on a lower rung of the fallback ladder.
    pub forecast: Option<String>,
    /// Servers that limits hold back, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<Shortfall>,
    /// How much of it a canary applies, or an active target that stepped back; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// The target-tracking policy that Forescale sets, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ManagedPolicy>,
    /// The MaxSize that Forescale sets, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Ceiling>,
    /// Which rung of the fallback ladder it stands on, and other plain sentences.
    pub notes: Vec<String>,
}

/// How much of its plans a target applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// Share of the difference to the baseline that is applied, in percent; 0 where it fell back to
    /// applying nothing.
    pub percent: u8,
    /// The share in the configuration that it began with, at least 1; 100 of an active target.
    pub configured: u8,
    /// The share for floors above the baseline, where it is another: a want of servers takes none
    /// of those away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<u8>,
    /// Bad signs in hours of their own since it is at its least share.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub signs: u32,
    /// Wants of servers that an active target was seen in within a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<Shortness>,
    /// Since when it is this one.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Hours since then of which good evidence was seen.
    pub hours: u32,
    /// When evidence was seen last.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub seen_at: Timestamp,
}

impl Canary {
    /// The share for floors above the baseline, in percent.
    #[must_use]
    pub fn above(&self) -> u8 {
        self.above.unwrap_or(self.percent)
    }
}

/// Wants of servers that were seen within a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shortness {
    /// When the first was seen.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// When the last was seen.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub seen_at: Timestamp,
    /// Hours in which one was seen.
    pub hours: u32,
    /// Sum over those hours of the share of demand above what the servers in service carry.
    pub lost: f64,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A target-tracking policy whose value Forescale sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagedPolicy {
    /// Its name.
    pub name: String,
    /// The value it had, which it gets back: requests per minute and server, or percent of CPU.
    pub former: f64,
    /// The value that Forescale set.
    pub set: f64,
    /// Whether somebody set another value since: it is then left alone.
    pub left_alone: bool,
}

/// A MaxSize that Forescale sets, and what gives the group its own back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// The group's own MaxSize, which it gets back.
    pub own: u32,
    /// MaxSize that Forescale set: at most `own`.
    pub set: u32,
    /// When a scheduled action gives the group its own back, unless a run puts that off; absent
    /// where `set` is `own`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub lifted_at: Option<Timestamp>,
    /// MaxSize found when this was decided.
    pub found: u32,
    /// Whether somebody set another value since: it is then left alone.
    pub by_hand: bool,
}

/// Servers that limits hold back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shortfall {
    /// When it begins.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// Servers needed at most.
    pub needed: u32,
    /// Servers allowed.
    pub allowed: u32,
    /// Which limit binds, in plain words.
    pub limit: String,
}

impl Shortfall {
    /// Whether it is worth a message beside `known`, the one before: another limit, or a quarter
    /// more servers. When it begins moves with the clock.
    #[must_use]
    pub fn is_news(&self, known: Option<&Self>) -> bool {
        known.is_none_or(|known| {
            self.limit != known.limit
                || self.allowed < known.allowed
                || u64::from(self.needed) * 4 > u64::from(known.needed) * 5
        })
    }
}

/// A floor that holds from `start` until the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanStep {
    /// From when it holds.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Servers.
    pub servers: u32,
    /// Why, in plain words.
    pub reason: String,
}

/// A scheduled action as Forescale writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedAction {
    /// Prefix, group and UTC start.
    pub name: String,
    /// When it runs.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// MinSize it sets.
    pub min_size: u32,
    /// MaxSize it sets: the group's own, where it ends a ceiling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size: Option<u32>,
    /// DesiredCapacity it sets, where the group has nothing that scales in.
    pub desired_capacity: Option<u32>,
}

impl Document for Plan {
    const KIND: &'static str = "plan";
    const SCHEMA: u32 = 2;

    fn check(&self) -> Result<(), String> {
        for (name, steps) in [("steps", &self.steps), ("floors", &self.floors)] {
            if !steps.is_sorted_by(|a, b| a.start < b.start) {
                return Err(format!("{name} are not in ascending order of time"));
            }
        }
        if let Some(canary) = self.canary.as_ref().filter(|c| {
            c.percent > c.above() || c.above().max(c.configured) > 100 || c.configured == 0
        }) {
            return Err(format!(
                "a canary of {} percent is impossible",
                canary.percent
            ));
        }
        if let Some(policy) = &self.policy
            && !(policy.former > 0.0 && policy.set > 0.0)
        {
            return Err(format!(
                "policy {}: values of {} and {} are impossible",
                policy.name, policy.former, policy.set
            ));
        }
        if let Some(ceiling) = self.ceiling.as_ref().filter(|c| c.set > c.own) {
            return Err(format!(
                "a ceiling of {} above the group's own MaxSize of {} is impossible",
                ceiling.set, ceiling.own
            ));
        }
        if !self.actions.is_sorted_by(|a, b| a.start < b.start) {
            return Err("actions are not in ascending order of time".to_owned());
        }
        Ok(())
    }
}
