//! The page's frame and tables; its charts are drawn by `assets/page.js`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::packed::{Data, library, numbers, zone_name};
use crate::{Accuracy, Action, Comparison, Effect, Fact, Means, Page, TargetPage};

const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// Nothing may be fetched from anywhere: what the page shows, it carries.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'";

/// Actions that stand in the table before the script chooses those of the stretch on view.
const FIRST_ACTIONS: usize = 100;

/// The head of every page.
pub(crate) fn head(title: &str) -> Markup {
    markup! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            title { (title) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

/// `page` as HTML.
#[must_use]
pub fn html(page: &Page) -> String {
    let several = page.targets.len() > 1;
    let whole = markup! {
        (DOCTYPE)
        html lang="en" {
            (head(&page.title))
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { (page.title) }
                    p.made { "made " (time(page.made_at)) " by Forescale " (env!("CARGO_PKG_VERSION")) }
                    div.settings {
                        button #utc type="button" aria-pressed="false" { "UTC" }
                        button #theme type="button" { "Light or dark" }
                    }
                }
                main #content {
                    noscript {
                        p.warning { "Charts need JavaScript; the tables below hold the same." }
                    }
                    p #trouble .warning role="alert" hidden {}
                    @if several { (overview(page)) }
                    @for (index, target) in page.targets.iter().enumerate() {
                        (section(index, target))
                    }
                }
                @for (index, target) in page.targets.iter().enumerate() {
                    script type="application/json" id=(format!("data-{index}")) {
                        (PreEscaped(Data::of(target).json()))
                    }
                    script type="application/octet-stream" id=(format!("numbers-{index}")) {
                        (PreEscaped(numbers(&target.timeline)))
                    }
                }
                script type="application/octet-stream" id="library" { (PreEscaped(library())) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    whole.into_string()
}

fn overview(page: &Page) -> Markup {
    markup! {
        section aria-labelledby="overview" {
            h2 #overview { "Targets" }
            div.wide tabindex="0" {
                table {
                    thead { tr { th scope="col" { "target" } th scope="col" { "what matters" } } }
                    tbody {
                        @for (index, target) in page.targets.iter().enumerate() {
                            tr {
                                th scope="row" {
                                    a href=(format!("#target-{index}")) { (target.name) }
                                }
                                td {
                                    @for fact in &target.facts {
                                        span.brief.bad[fact.bad] {
                                            (fact.name) ": " b { (fact.value) }
                                        } " "
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn section(index: usize, target: &TargetPage) -> Markup {
    let id = |part: &str| format!("{part}-{index}");
    markup! {
        section.target id=(id("target")) aria-labelledby=(id("name")) data-index=(index) {
            h2 id=(id("name")) { (target.name) }
            p { (target.about) " Times are in " span.zone { (zone_name(&target.zone)) } "." }
            (facts(&target.facts))
            @if !target.timeline.is_empty() {
                h3 { "Demand and servers" }
                div.tools role="toolbar" aria-label="What the chart shows" {
                    @for (does, words) in [
                        ("earlier", "\u{2190} earlier"), ("later", "later \u{2192}"), ("nearer", "+"),
                        ("farther", "\u{2212}"), ("day", "a day"), ("week", "a week"), ("all", "all"),
                    ] {
                        button type="button" data-does=(does) { (words) }
                    }
                }
                div.chart.tall id=(id("chart")) tabindex="0" role="img"
                    aria-label=(format!(
                        "Demand of {} with its forecast, and below it servers required, planned and in \
                         service. Arrow keys move, plus and minus zoom. The tables below tell the same.",
                        target.name
                    )) {}
                p.hint { "Drag to zoom, double-click for all; with the keyboard: arrows, + and \u{2212}, 0." }
            }
            @if let Some(comparison) = &target.comparison { (compared(index, comparison)) }
            @if let Some(effect) = &target.effect { (realised(&target.zone, effect)) }
            @if !target.accuracy.is_empty() { (accurate(&target.accuracy)) }
            @if !target.actions.is_empty() { (actions(index, &target.zone, &target.actions)) }
            @if !target.notes.is_empty() {
                h3 { "Notes" }
                ul { @for note in &target.notes { li { (note) } } }
            }
        }
    }
}

fn facts(facts: &[Fact]) -> Markup {
    markup! {
        dl.facts {
            @for fact in facts {
                div.bad[fact.bad] {
                    dt { (fact.name) }
                    dd { b { (fact.value) } @if !fact.beside.is_empty() { " " span { (fact.beside) } } }
                }
            }
        }
    }
}

fn compared(index: usize, comparison: &Comparison) -> Markup {
    let tried = comparison.rows.iter().any(|row| row.frontier);
    markup! {
        h3 { "Cost and risk beside the alternatives" }
        @if let Some(advice) = &comparison.advice { p.advice { (advice) } }
        div.wide tabindex="0" {
            table.comparison {
                thead {
                    tr {
                        th scope="col" { "policy" }
                        th.n scope="col" { "server-hours" }
                        @if comparison.priced { th.n scope="col" { "cost, " (comparison.currency) } }
                        th.n scope="col" { "not served" }
                        th.n scope="col" { "of demand" }
                        th.n scope="col" { "minutes under" }
                        @if tried { th scope="col" { "frontier" } }
                    }
                }
                tbody {
                    @for row in &comparison.rows {
                        tr {
                            th scope="row" { (row.name) }
                            td.n data-value=(row.server_hours) { (grouped(row.server_hours)) }
                            @if comparison.priced {
                                td.n data-value=(row.cost) { (format!("{:.2}", row.cost)) }
                            }
                            td.n data-value=(row.lost) { (grouped(row.lost)) }
                            td.n data-value=(row.lost_share) { (percent(row.lost_share, 3)) }
                            td.n data-value=(row.minutes_under) { (grouped(row.minutes_under as f64)) }
                            @if tried {
                                td {
                                    @if row.frontier { "on it" }
                                    @if row.recommended { ", recommended" }
                                }
                            }
                        }
                    }
                }
            }
        }
        div.chart id=(format!("compared-{index}")) role="img"
            aria-label="Share of demand not served over cost, one point a policy: the table above as a chart" {}
    }
}

fn realised(zone: &TimeZone, effect: &Effect) -> Markup {
    let day = |at: Timestamp| zone.to_datetime(at).strftime("%Y-%m-%d").to_string();
    let cells = |means: &Means| {
        markup! {
            td.n { (grouped(means.demand)) }
            td.n { (format!("{:.1}", means.servers)) }
            td.n { (grouped(means.demand_per_server())) }
            td.n { @if let Some(cpu) = means.cpu { (format!("{cpu:.0} %")) } }
        }
    };
    let sums = [("all before", &effect.before), ("all since", &effect.after)];
    markup! {
        h3 { "Before, and since it acts" }
        p { "Forescale acts on the group since " (day(effect.since)) ". Means of each week." }
        div.wide tabindex="0" {
            table.effect {
                thead {
                    tr {
                        th scope="col" { "week from" }
                        th scope="col" { "acting" }
                        th.n scope="col" { "requests a minute" }
                        th.n scope="col" { "servers" }
                        th.n scope="col" { "requests a minute and server" }
                        th.n scope="col" { "CPU" }
                    }
                }
                tbody {
                    @for week in &effect.weeks {
                        tr {
                            th scope="row" { (day(week.from)) }
                            td { @if week.active { "yes" } @else { "no" } }
                            (cells(&week.means))
                        }
                    }
                    @for (name, means) in sums {
                        @if let Some(means) = means {
                            tr { th scope="row" { b { (name) } } td {} (cells(means)) }
                        }
                    }
                }
            }
        }
        p.hint {
            "More requests per server are fewer servers for the same demand. Demand differs from week to \
             week too: a replay of both on the same days is the fairer comparison."
        }
    }
}

fn accurate(rows: &[Accuracy]) -> Markup {
    markup! {
        h3 { "How good the forecasts were" }
        div.wide tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { "hours ahead" }
                        th.n scope="col" { "steps" }
                        th.n scope="col" { "error of p50" }
                        th.n scope="col" { "quantile loss" }
                        @for level in ["p50", "p90", "p95", "p99"] {
                            th.n scope="col" { "below " (level) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (row.from_hours) " to " (row.to_hours) }
                            td.n { (grouped(row.steps as f64)) }
                            td.n { (percent(row.error, 1)) }
                            td.n { (percent(row.loss, 1)) }
                            @for share in row.below { td.n { (percent(share, 1)) } }
                        }
                    }
                }
            }
        }
        p.hint {
            "Error and loss are shares of demand; 50, 90, 95 and 99 % below would be exact."
        }
    }
}

fn actions(index: usize, zone: &TimeZone, actions: &[Action]) -> Markup {
    let more = actions.len().saturating_sub(FIRST_ACTIONS);
    markup! {
        h3 { "What was done and is planned, and why" }
        p.hint { "Times within a reason are in UTC." }
        p.hint id=(format!("shown-{index}")) aria-live="polite" {
            @if more > 0 { "The first " (FIRST_ACTIONS) " of " (grouped(actions.len() as f64)) "." }
        }
        div.wide.scrolled tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { "time" }
                        th.n scope="col" { "servers" }
                        th scope="col" { "by" }
                        th scope="col" { "why" }
                    }
                }
                tbody id=(format!("actions-{index}")) {
                    @for action in actions.iter().take(FIRST_ACTIONS) {
                        tr {
                            td { (local(zone, action.at)) }
                            td.n { (action.servers) }
                            td { (action.by) }
                            td.why { (action.reason) }
                        }
                    }
                }
            }
        }
    }
}

pub(crate) fn time(at: Timestamp) -> Markup {
    let text = at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    markup! { time datetime=(at.to_string()) { (text) } }
}

fn local(zone: &TimeZone, second: i64) -> String {
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    let local = zone.to_datetime(at);
    local.strftime("%a %Y-%m-%d %H:%M").to_string()
}

fn percent(share: f64, digits: usize) -> String {
    format!("{:.digits$} %", 100.0 * share)
}

/// A whole number with a comma every three digits.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        format!("-{text}")
    } else {
        text
    }
}
