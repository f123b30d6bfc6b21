//! The page about all targets: a line each, however many there are.

use std::collections::BTreeMap;
use std::fmt::Write;

use documents::{Brief, BriefFact};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::figures::grouped;
use crate::html::{head, theme};
use crate::table::{Cell, Column, Kind, cells, table};
use crate::times::{time, told};

const SCRIPT: &str = include_str!("../assets/overview.js");

/// Most rows of the page, whatever the number of targets: some three megabytes.
pub const MOST_ROWS: usize = 2000;
/// A brief that is older says that the last night went wrong: the one before was a day ago, 23 hours
/// where the clocks went forward, less what the nights took.
const FRESH: SignedDuration = SignedDuration::from_hours(21);
/// Size of a row's picture, and hours that one of its points stands for.
const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 32.0;
const HOURS_A_POINT: usize = 3;
const COLUMNS: [Column<'_>; 6] = [
    ("target", Kind::Words),
    ("mode", Kind::Words),
    ("last week, next days", Kind::Words),
    ("busiest hour, a minute", Kind::Figures),
    ("expected", Kind::Figures),
    ("what matters", Kind::Sentences),
];

/// What is known of a target.
#[derive(Debug, Clone, Copy)]
pub enum Known<'a> {
    /// Its brief, and when that was written.
    Brief(&'a Brief, Timestamp),
    /// No night left a brief.
    Nothing,
    /// The brief could not be read, and why: its own page may be there all the same.
    Unreadable(&'a str),
}

/// The page about all targets, made of one brief after the other. It keeps [`MOST_ROWS`] rows at most,
/// those that people should look at first; the others are counted.
#[derive(Debug)]
pub struct Overview {
    made_at: Timestamp,
    /// Where pages of targets are, in words.
    pages: String,
    /// Rows by whether there is nothing to look at, then by name.
    rows: BTreeMap<(bool, String), String>,
    targets: usize,
    to_look_at: usize,
    modes: BTreeMap<String, usize>,
}

impl Overview {
    /// An overview as of `made_at`, without targets, whose pages are at `pages`, such as
    /// `targets/TARGET/report.html`.
    #[must_use]
    pub fn new(made_at: Timestamp, pages: &str) -> Self {
        Self {
            made_at,
            pages: pages.to_owned(),
            rows: BTreeMap::new(),
            targets: 0,
            to_look_at: 0,
            modes: BTreeMap::new(),
        }
    }

    /// Adds a target with its page's address and what is known of it.
    pub fn add(&mut self, name: &str, link: &str, known: Known<'_>) {
        let mut facts: Vec<BriefFact> = Vec::new();
        match known {
            Known::Brief(brief, at) => {
                let age = self.made_at.duration_since(at);
                if age > FRESH {
                    let hours = format!("{} h", age.as_hours());
                    facts.push(BriefFact::cut("age of what is told here", &hours, "", true));
                }
                facts.extend(brief.facts.iter().cloned());
            }
            Known::Nothing => {
                let beside = "no night has gone well yet, or its configuration is wrong";
                facts.push(BriefFact::cut("nothing known", "", beside, true));
            }
            Known::Unreadable(why) => {
                let name = "what its night left cannot be read";
                facts.push(BriefFact::cut(name, "", why, true));
            }
        }
        let brief = match known {
            Known::Brief(brief, _) => Some(brief),
            Known::Nothing | Known::Unreadable(_) => None,
        };
        let bad = facts.iter().any(|fact| fact.bad);
        let mode = brief.map_or("not known", |brief| brief.mode.as_str());
        *self.modes.entry(mode.to_owned()).or_default() += 1;
        self.targets += 1;
        self.to_look_at += usize::from(bad);
        let page = (!matches!(known, Known::Nothing)).then_some(link);
        let row = row(name, page, mode, &facts, bad, brief);
        self.rows.insert((!bad, name.to_owned()), row.into_string());
        if self.rows.len() > MOST_ROWS {
            self.rows.pop_last();
        }
    }

    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let left_out = self.targets - self.rows.len();
        let figure = |name: &str, value: usize, bad: bool| {
            markup! { div.bad[bad] { dt { (name) } dd { b { (grouped(value as f64)) } } } }
        };
        let rows = markup! { @for row in self.rows.values() { (PreEscaped(row)) } };
        let whole = markup! {
            (DOCTYPE)
            html lang="en" {
                (head("Forescale: all targets"))
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header {
                        h1 { "Forescale: all targets" }
                        p.made {
                            "made " (time(self.made_at, &TimeZone::UTC)) " UTC by Forescale " (env!("CARGO_PKG_VERSION"))
                        }
                        div.settings role="group" aria-label="Settings" {
                            button #utc type="button" aria-pressed="false" { "UTC" }
                            button #theme type="button" { "Light or dark" }
                        }
                    }
                    main #content tabindex="-1" {
                        dl.facts {
                            (figure("targets", self.targets, false))
                            (figure("to look at", self.to_look_at, self.to_look_at > 0))
                            @for (mode, count) in &self.modes {
                                (figure(&format!("in mode {mode}"), *count, false))
                            }
                        }
                        @if left_out > 0 {
                            p.warning {
                                (grouped(self.rows.len() as f64)) " are listed, those to look at first. "
                                (grouped(left_out as f64)) " more have their pages all the same: "
                                code { (self.pages) } "."
                            }
                        }
                        form #choose .tools hidden onsubmit="return false" {
                            label { "Name " input #name type="search" autocomplete="off"; }
                            label { input #look type="checkbox"; " to look at only" }
                            span #told .hint role="status" {}
                        }
                        (table("Targets", "overview", "targets", &COLUMNS, &rows))
                        p.hint {
                            "Demand of the last seven days and, dotted, the forecast's median of the next three, \
                             in requests a minute by the hour. Everything is as of the target's last night; \
                             its page tells more. Times are in each target's zone, or all in UTC by the \
                             button above."
                        }
                    }
                    (theme())
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        whole.into_string()
    }
}

fn row(
    name: &str,
    link: Option<&str>,
    mode: &str,
    facts: &[BriefFact],
    bad: bool,
    brief: Option<&Brief>,
) -> Markup {
    let most = |values: &[Option<f64>]| values.iter().flatten().copied().reduce(f64::max);
    let seen = brief.and_then(|brief| most(&brief.demand));
    let ahead = brief.map(ahead);
    let expected = ahead.as_deref().and_then(most);
    let (first, others): (Vec<_>, Vec<_>) = facts.iter().partition(|fact| fact.bad);
    let name_cell = markup! {
        @if bad { span.heard { "to look at: " } }
        @match link { Some(link) => a href=(link) { (name) }, None => (name) }
    };
    // The configuration holds zones of the same database, so that this one is known.
    let zone = brief.and_then(|brief| TimeZone::get(&brief.zone).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let matters = markup! {
        @for fact in first.into_iter().chain(others) {
            span.brief.bad[fact.bad] {
                @if fact.bad { b { "! " } }
                (fact.name) @if !fact.value.is_empty() { ": " b { (told(&fact.value, &zone)) } }
                @if !fact.beside.is_empty() { " " span { (told(&fact.beside, &zone)) } }
            } " "
        }
    };
    let figure = |value: Option<f64>| match value {
        Some(value) => Cell::figure(&grouped(value), value),
        None => Cell::of(markup! {}),
    };
    let content = [
        Cell::of(name_cell),
        Cell::of(markup! { (mode) }),
        Cell::of(markup! {
            @if let (Some(brief), Some(ahead)) = (brief, &ahead) { (picture(brief, ahead)) }
        }),
        figure(seen),
        figure(expected),
        Cell::of(matters),
    ];
    markup! {
        tr.look[bad] role="row" data-name=(name.to_lowercase()) { (cells(&COLUMNS, &content)) }
    }
}

/// What is expected after the newest demand.
fn ahead(brief: &Brief) -> Vec<Option<f64>> {
    let known = brief.demand.iter().rposition(Option::is_some);
    let from = known.map_or(0, |last| last + 1);
    let hours = brief.expected.iter().enumerate();
    hours
        .map(|(at, value)| value.filter(|_| at >= from))
        .collect()
}

/// Demand and forecast as two lines; the figures beside it say the same in words.
fn picture(brief: &Brief, ahead: &[Option<f64>]) -> Markup {
    let all = brief.demand.iter().chain(ahead).flatten();
    let highest = all.copied().fold(0.0, f64::max);
    if highest <= 0.0 {
        return markup! {};
    }
    let hours = brief.demand.len().max(1);
    let view = format!("0 0 {WIDTH} {HEIGHT}");
    markup! {
        svg viewBox=(view) width=(WIDTH) height=(HEIGHT) aria-hidden="true" {
            path.seen d=(path(&brief.demand, hours, highest)) {}
            path.ahead d=(path(ahead, hours, highest)) {}
        }
    }
}

/// A line through the highest value of each few hours, with gaps where nothing is known.
fn path(values: &[Option<f64>], hours: usize, highest: f64) -> String {
    let mut text = String::new();
    let mut drawn = false;
    for (index, few) in values.chunks(HOURS_A_POINT).enumerate() {
        let Some(value) = few.iter().flatten().copied().reduce(f64::max) else {
            drawn = false;
            continue;
        };
        let x = WIDTH * (index * HOURS_A_POINT) as f64 / hours as f64;
        let y = 1.0 + (HEIGHT - 2.0) * (1.0 - value / highest);
        let to = if drawn { 'L' } else { 'M' };
        // Writing to a string cannot fail.
        let _ = write!(text, "{to}{x:.0} {y:.1}");
        drawn = true;
    }
    text
}

#[cfg(test)]
mod tests;
