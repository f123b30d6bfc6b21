//! The report: one HTML page that needs nothing but itself.
//!
//! [`html()`] makes it of a [`Page`]: values in, text out. Charts are drawn by plotly.js, which the
//! page carries; everything they show is in tables too. [`stored`] gathers a page from the
//! documents that the functions keep; [`brief()`] and [`Overview`] make the page about all of them.

mod accuracy;
mod brief;
mod days;
mod effect;
mod figures;
mod html;
mod overview;
mod packed;
mod parts;
pub mod stored;
mod table;
mod times;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

pub use accuracy::{Accuracy, accuracy};
pub use brief::brief;
pub use effect::{Effect, Means, WEEKS, Week, effect, hours as effect_hours};
pub use figures::{grouped, money};
pub use html::html;
pub use overview::{Known, MOST_ROWS, Overview};

/// A page about a target.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Where the page about all targets is, relative to this one; none where there is no such page.
    pub overview: Option<String>,
    /// What it tells.
    pub target: TargetPage,
}

/// What a page tells of one target.
#[derive(Debug, Clone)]
pub struct TargetPage {
    /// Its name.
    pub name: String,
    /// Its zone: times are shown in it, and in UTC on demand.
    pub zone: TimeZone,
    /// What is shown, in a sentence. Instants in it and in all words of the page, such as
    /// `2026-05-30T18:00:00Z`, are shown in the target's zone.
    pub about: String,
    /// What matters most, as few words as possible.
    pub facts: Vec<Fact>,
    /// Everything by time.
    pub timeline: Timeline,
    /// What was done and is planned, in order of time.
    pub actions: Vec<Action>,
    /// Cost and risk beside the alternatives; none where they were not replayed.
    pub comparison: Option<Comparison>,
    /// What became of the group since Forescale acts on it; none before, or where servers are not
    /// measured.
    pub effect: Option<Effect>,
    /// How good the forecasts were, by how far ahead they looked.
    pub accuracy: Vec<Accuracy>,
    /// Plain sentences worth reading.
    pub notes: Vec<String>,
}

/// A figure with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// The figure with its unit.
    pub value: String,
    /// What to compare it with, where there is something.
    pub beside: String,
    /// Whether people should look.
    pub bad: bool,
}

/// Lines over the same regular steps.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Start of the first step, seconds since 1970.
    pub start: i64,
    /// Length of a step in seconds, 1 at least.
    pub step_seconds: u32,
    /// The lines, each as long as the others; shorter ones end earlier.
    pub lines: Vec<Line>,
}

impl Timeline {
    /// Steps of the longest line.
    #[must_use]
    pub fn len(&self) -> usize {
        let lines = self.lines.iter().map(|line| line.values.len());
        lines.max().unwrap_or(0)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Start of step `index`.
    #[must_use]
    pub fn time_at(&self, index: usize) -> Timestamp {
        let ahead = i64::try_from(index)
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(self.step_seconds));
        Timestamp::from_second(self.start.saturating_add(ahead)).unwrap_or(Timestamp::MAX)
    }
}

/// One line of a timeline.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// A value a step; NaN where there is none.
    pub values: Vec<f32>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Observed demand, requests per minute.
    Demand,
    /// Demand that met no capacity, requests per minute.
    Unserved,
    /// The forecast's median, requests per minute.
    Median,
    /// The forecast's 99th percentile, requests per minute.
    Upper,
    /// Servers that would have carried the demand.
    Required,
    /// Planned floor, servers.
    Floor,
    /// Servers in service.
    InService,
}

/// A change of a group's sizes, done or to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// When it takes effect, seconds since 1970.
    pub at: i64,
    /// Servers it asks for.
    pub servers: u32,
    /// Who decided it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Cost and risk of the same time under several policies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Currency of the prices.
    pub currency: String,
    /// Whether there is a price at all.
    pub priced: bool,
    /// The policies, ours first.
    pub rows: Vec<Policy>,
    /// Which of them to take, in words, where settings were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// What one policy came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// What people call it.
    pub name: String,
    /// Hours of one server, booting ones included.
    pub server_hours: f64,
    /// Price of those.
    pub cost: f64,
    /// Share of demand that met no capacity, 0 to 1.
    pub lost_share: f64,
    /// Requests that met no capacity.
    pub lost: f64,
    /// Minutes in which demand was above capacity.
    pub minutes_under: u64,
    /// A setting that no other one that was tried beats in both cost and risk.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frontier: bool,
    /// The setting that is recommended.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recommended: bool,
}
