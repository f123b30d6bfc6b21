use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Document;
use crate::codec::demand;

/// What the responder knows and did about one target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Capacity held against the plan, while there is reason to.
    pub hold: Option<Hold>,
    /// Alarm events already decided on, newest last.
    pub seen: Vec<SeenAlarm>,
    /// Holds that are over, newest last; what training down-weights.
    pub past: Vec<Hold>,
    /// What is being followed, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub following: Option<Following>,
    /// What was diagnosed and is over, newest last; what recurs among it is proposed as an event.
    #[serde(default)]
    pub closed: Vec<Closed>,
    /// What caps count.
    #[serde(default)]
    pub spent: Spent,
    /// Whether all this was only thought through, in shadow mode: nobody asked for what `hold` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
}

/// An incident that is being followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Following {
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// The alarm event that began it.
    pub alarm: String,
    /// That alarm's name; absent in older documents, whose `alarm` begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_name: Option<String>,
    /// Region of that alarm, where its delivery told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Number of the look that is due next; an older one is a repetition.
    pub look: u64,
    /// When it was looked at last.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub looked_at: Timestamp,
    /// What it was taken for then.
    pub diagnosis: String,
    /// Where it stood then: `watching`, `growing`, `holding`, `handing-back`, `over`.
    pub phase: String,
    /// The state that people were last told of.
    pub told: String,
    /// Looks in a row that found nothing wrong.
    pub calm: u32,
    /// When the number of servers held last changed.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub changed: Timestamp,
    /// A raise whose effect is still to be judged.
    pub step: Option<Raise>,
    /// Highest demand seen, in requests per minute.
    pub highest: f64,
    /// The forecast's median when demand was highest, in requests per minute, where known.
    pub expected: Option<f64>,
    /// Whether an instance refresh was started.
    pub refreshed: bool,
    /// When demand was measured last; since the beginning it was not where this is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub measured: Option<Timestamp>,
    /// When the next look is due; long after it, it is asked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub due: Option<Timestamp>,
    /// What people were told of in this incident.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub news: Vec<News>,
    /// The state it is in, told or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// What caps held back.
    #[serde(default)]
    pub held_back: HeldBack,
}

/// A state that people were told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct News {
    /// Diagnosis and phase, such as `unforecast-demand held`.
    pub state: String,
    /// How often they were.
    pub times: u32,
}

/// The state of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Diagnosis and phase, such as `unforecast-demand held`.
    pub state: String,
    /// Since when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
}

/// What caps held back in one incident.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldBack {
    /// Most servers at once.
    pub servers: u32,
    /// Requests that found no server because of that, as estimated.
    pub lost: f64,
    /// How many of them each minute since the last look.
    pub each_minute: f64,
}

/// Servers that were added at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Servers in service then.
    pub from: u32,
    /// Servers asked for.
    pub to: u32,
}

/// An incident that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// When it ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// What it was: the gravest diagnosis of it.
    pub diagnosis: String,
    /// Highest demand, in requests per minute.
    pub highest: f64,
    /// The forecast's median then, in requests per minute, where known.
    pub expected: Option<f64>,
    /// What caps held back.
    #[serde(default)]
    pub held_back: HeldBack,
}

impl Closed {
    /// Highest demand in times of what was expected; 1 where that is not known.
    #[must_use]
    pub fn factor(&self) -> f64 {
        let expected = self.expected.filter(|it| *it > 0.0);
        expected.map_or(1.0, |expected| self.highest / expected)
    }
}

/// What the caps per day and per month count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// The day, in the target's zone, such as `2026-11-22`.
    pub day: String,
    /// Servers added on it.
    pub servers: u32,
    /// The month, such as `2026-11`.
    pub month: String,
    /// Minutes of servers beyond the plan in it.
    pub server_minutes: f64,
}

/// Capacity held because of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Until when it holds unless renewed.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// Servers held.
    pub servers: u32,
    /// Demand seen when it was last set, in requests per minute.
    pub demand: f64,
    /// Why, in plain words with numbers.
    pub reason: String,
}

/// An alarm event already decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenAlarm {
    /// What makes deliveries of one event the same: alarm and time of its change of state.
    pub id: String,
    /// When it was decided on.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// What was decided.
    pub decision: String,
    /// When the alarm changed its state, where known: older changes of the same alarm that come
    /// later are not acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub changed_at: Option<Timestamp>,
}

impl Document for Incident {
    const KIND: &'static str = "incident";
    const SCHEMA: u32 = 2;

    fn check(&self) -> Result<(), String> {
        let holds = || self.hold.iter().chain(&self.past);
        demand(holds().map(|hold| hold.demand))?;
        let followed = self.following.iter().map(|it| (it.highest, it.expected));
        let closed = self.closed.iter().map(|it| (it.highest, it.expected));
        demand(
            followed
                .chain(closed)
                .flat_map(|(highest, expected)| std::iter::once(highest).chain(expected)),
        )?;
        demand([self.spent.server_minutes])?;
        let following = self.following.iter().map(|it| it.held_back);
        let held_back = following.chain(self.closed.iter().map(|it| it.held_back));
        demand(held_back.flat_map(|it| [it.lost, it.each_minute]))?;
        match holds().find(|hold| hold.until < hold.since) {
            Some(hold) => Err(format!(
                "hold from {} ends before it, at {}",
                hold.since, hold.until
            )),
            None => Ok(()),
        }
    }
}
