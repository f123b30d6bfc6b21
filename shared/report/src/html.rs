//! The page's frame and tables; its charts are drawn by `assets/page.js`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::days::by_day;
use crate::packed::{self, Data, library, numbers, zone_name};
use crate::table::{Cell, Kind, row, table};
use crate::times::{time, told};
use crate::{
    Accuracy, Action, Comparison, Effect, Fact, Means, Page, Policy, TargetPage, Timeline,
};

const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");
const THEME: &str = include_str!("../assets/theme.js");

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

/// The script of every page, which lets people choose light or dark.
pub(crate) fn theme() -> Markup {
    markup! { script { (PreEscaped(THEME)) } }
}

/// `page` as HTML.
#[must_use]
pub fn html(page: &Page) -> String {
    let target = &page.target;
    let (timeline, thinned) = packed::bounded(&target.timeline);
    let data = Data::of(target, &timeline, page.made_at);
    let whole = markup! {
        (DOCTYPE)
        html lang="en" {
            (head(&page.title))
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { (page.title) }
                    p.made {
                        "made " (time(page.made_at, &target.zone))
                        " by Forescale " (env!("CARGO_PKG_VERSION"))
                    }
                    div.settings role="group" aria-label="Settings" {
                        button #utc type="button" aria-pressed="false" { "UTC" }
                        button #theme type="button" { "Light or dark" }
                    }
                }
                (navigation(page))
                main #content tabindex="-1" {
                    noscript {
                        p.warning { "Charts need JavaScript; the tables below hold the same." }
                    }
                    p #trouble .warning role="alert" hidden {}
                    (section(target, &timeline, thinned))
                }
                script type="application/json" id="data" { (PreEscaped(data.json())) }
                script type="application/octet-stream" id="actions-packed" {
                    (PreEscaped(packed::actions(&target.actions)))
                }
                script type="application/octet-stream" id="numbers" {
                    (PreEscaped(numbers(&timeline)))
                }
                script type="application/octet-stream" id="library" { (PreEscaped(library())) }
                (theme())
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    whole.into_string()
}

/// The way back to all targets, and to the parts of this page.
fn navigation(page: &Page) -> Markup {
    let target = &page.target;
    let parts = [
        (CHART, !target.timeline.is_empty()),
        (COST, target.comparison.is_some()),
        (EFFECT, target.effect.is_some()),
        (ACCURACY, !target.accuracy.is_empty()),
        (NOTES, !target.notes.is_empty()),
        (ACTIONS, !target.actions.is_empty()),
    ];
    markup! {
        nav aria-label="Pages and parts" {
            @if let Some(overview) = &page.overview {
                a.up href=(overview) { "\u{2190} All targets" }
            }
            @for ((id, heading), there) in parts {
                @if there { a href=(format!("#{id}")) { (heading) } }
            }
        }
    }
}

/// Ids and headings of a page's parts.
const CHART: (&str, &str) = ("chart-part", "Demand and servers");
const COST: (&str, &str) = ("cost-part", "Cost and risk beside the alternatives");
const EFFECT: (&str, &str) = ("effect-part", "Before, and since it acts");
const ACCURACY: (&str, &str) = ("accuracy-part", "How good the forecasts were");
const NOTES: (&str, &str) = ("notes-part", "Notes");
const ACTIONS: (&str, &str) = ("actions-part", "What was done and is planned, and why");

fn heading((id, words): (&str, &str)) -> Markup {
    markup! { h3 id=(id) { (words) } }
}

fn section(target: &TargetPage, timeline: &Timeline, thinned: Option<u32>) -> Markup {
    let zone = &target.zone;
    markup! {
        section.target aria-labelledby="name" {
            h2 #name { (target.name) }
            p { (told(&target.about, zone)) " Times are in " span.zone { (zone_name(zone)) } "." }
            (facts(&target.facts, zone))
            @if !timeline.is_empty() { (charted(target, timeline, thinned)) }
            @if let Some(comparison) = &target.comparison { (compared(comparison)) }
            @if let Some(effect) = &target.effect { (realised(zone, effect)) }
            @if !target.accuracy.is_empty() { (accurate(&target.accuracy)) }
            @if !target.notes.is_empty() {
                (heading(NOTES))
                ul { @for note in &target.notes { li { (told(note, zone)) } } }
            }
            @if !target.actions.is_empty() { (actions(zone, &target.actions)) }
        }
    }
}

fn charted(target: &TargetPage, timeline: &Timeline, thinned: Option<u32>) -> Markup {
    markup! {
        (heading(CHART))
        div.tools role="group" aria-label="What the chart shows" {
            @for (does, words, name) in [
                ("earlier", "\u{2190} earlier", "earlier"), ("later", "later \u{2192}", "later"),
                ("nearer", "+", "zoom in"), ("farther", "\u{2212}", "zoom out"),
                ("day", "a day", "a day"), ("week", "a week", "a week"), ("all", "all", "all"),
            ] {
                button type="button" data-does=(does) aria-label=(name) { (words) }
            }
        }
        div.chart.tall #chart tabindex="0" role="group" aria-roledescription="chart"
            aria-describedby="chart-hint" aria-label=(format!(
                "Demand of {} with its forecast, and below it servers required, planned and in service",
                target.name
            )) {}
        p.hint #chart-hint {
            "Drag to zoom, shift-drag to pan, double-click for all; on a touch screen drag and pinch; with the \
             wheel once the chart is clicked, else with Ctrl; with the keyboard arrows, + and \u{2212}, 0. \
             The table below tells the same."
        }
        @if let Some(minutes) = thinned {
            p.hint {
                "So much data is shown by steps of " (minutes) " minutes: the highest value of each."
            }
        }
        details #as-table {
            summary { "The chart as a table" }
            p.hint {
                "The highest value of each stretch; of requests not served the sum. Zoom the chart for \
                 shorter stretches."
            }
            (by_day(timeline, &target.zone))
        }
    }
}

fn facts(facts: &[Fact], zone: &TimeZone) -> Markup {
    markup! {
        dl.facts {
            @for fact in facts {
                div.bad[fact.bad] {
                    dt { (fact.name) }
                    dd {
                        b { @if fact.bad { span.heard { "to look at: " } } (told(&fact.value, zone)) }
                        @if !fact.beside.is_empty() { " " span.beside { (told(&fact.beside, zone)) } }
                    }
                }
            }
        }
    }
}

fn compared(comparison: &Comparison) -> Markup {
    let tried = comparison.rows.iter().any(|row| row.frontier);
    let cost = format!("cost, {}", comparison.currency);
    let mut columns = vec![("policy", Kind::Words), ("server-hours", Kind::Figures)];
    if comparison.priced {
        columns.push((cost.as_str(), Kind::Figures));
    }
    columns.extend(["not served", "of demand", "minutes under"].map(|it| (it, Kind::Figures)));
    if tried {
        columns.push(("frontier", Kind::Words));
    }
    let cells = |policy: &Policy| {
        let mut cells = vec![
            Cell::of(markup! { (policy.name) }),
            Cell::figure(&grouped(policy.server_hours), policy.server_hours),
        ];
        if comparison.priced {
            cells.push(Cell::figure(&format!("{:.2}", policy.cost), policy.cost));
        }
        cells.extend([
            Cell::figure(&grouped(policy.lost), policy.lost),
            Cell::figure(&percent(policy.lost_share, 3), policy.lost_share),
            Cell::figure(
                &grouped(policy.minutes_under as f64),
                policy.minutes_under as f64,
            ),
        ]);
        if tried {
            cells.push(Cell::of(markup! {
                @if policy.frontier { "on it" @if policy.recommended { ", " } }
                @if policy.recommended { "recommended" }
            }));
        }
        cells
    };
    let rows = markup! { @for policy in &comparison.rows { (row(&columns, &cells(policy))) } };
    markup! {
        (heading(COST))
        @if let Some(advice) = &comparison.advice { p.advice { (advice) } }
        (table("Cost and risk", "comparison", "policies", &columns, &rows))
        div.chart #compared role="img"
            aria-label="Requests not served over cost, one point a policy: the table above as a chart" {}
        @if tried {
            p.hint {
                "The dotted line is the frontier: settings that no other one tried beats in both cost and \
                 risk. A ring is around the recommended one."
            }
        }
    }
}

fn realised(zone: &TimeZone, effect: &Effect) -> Markup {
    let day = |at: Timestamp| zone.to_datetime(at).strftime("%Y-%m-%d").to_string();
    let figures = |means: &Means| {
        let each = means.demand_per_server();
        [
            Cell::figure(&grouped(means.demand), means.demand),
            Cell::figure(&format!("{:.1}", means.servers), means.servers),
            Cell::figure(&grouped(each), each),
            means.cpu.map_or_else(
                || Cell::of(markup! { "not measured" }),
                |cpu| Cell::figure(&format!("{cpu:.0} %"), cpu),
            ),
        ]
    };
    let columns = [
        ("week from", Kind::Words),
        ("acting", Kind::Words),
        ("requests a minute", Kind::Figures),
        ("servers", Kind::Figures),
        ("requests a minute and server", Kind::Figures),
        ("CPU", Kind::Figures),
    ];
    let sums = [
        ("all before", "no", &effect.before),
        ("all since", "yes", &effect.after),
    ];
    let line = |name: Markup, acting: &str, means: &Means| {
        let mut cells = vec![Cell::of(name), Cell::of(markup! { (acting) })];
        cells.extend(figures(means));
        row(&columns, &cells)
    };
    let rows = markup! {
        @for week in &effect.weeks {
            (line(markup! { (day(week.from)) }, if week.active { "yes" } else { "no" }, &week.means))
        }
        @for (name, acting, means) in sums {
            @if let Some(means) = means { (line(markup! { b { (name) } }, acting, means)) }
        }
    };
    markup! {
        (heading(EFFECT))
        p {
            "Forescale acts on the group since " (day(effect.since)) ". Means of each week, whose days are \
             those of the target's zone."
        }
        (table("Weeks before and since", "effect", "weeks", &columns, &rows))
        p.hint {
            "More requests per server are fewer servers for the same demand. Demand differs from week to \
             week too: a replay of both on the same days is the fairer comparison."
        }
    }
}

fn accurate(rows: &[Accuracy]) -> Markup {
    let columns = [
        ("hours ahead", Kind::Words),
        ("steps", Kind::Figures),
        ("error of p50", Kind::Figures),
        ("quantile loss", Kind::Figures),
        ("below p50", Kind::Figures),
        ("below p90", Kind::Figures),
        ("below p95", Kind::Figures),
        ("below p99", Kind::Figures),
    ];
    let cells = |one: &Accuracy| {
        let share = |value: f64| Cell::figure(&percent(value, 1), value);
        let mut cells = vec![
            Cell::of(markup! { (one.from_hours) " to " (one.to_hours) }),
            Cell::figure(&grouped(one.steps as f64), one.steps as f64),
            share(one.error),
            share(one.loss),
        ];
        cells.extend(one.below.map(share));
        cells
    };
    let content = markup! { @for one in rows { (row(&columns, &cells(one))) } };
    markup! {
        (heading(ACCURACY))
        (table("Accuracy by hours ahead", "accuracy", "accuracy", &columns, &content))
        p.hint {
            "Error and loss are shares of demand; 50, 90, 95 and 99 % below would be exact."
        }
    }
}

fn actions(zone: &TimeZone, actions: &[Action]) -> Markup {
    let more = actions.len().saturating_sub(FIRST_ACTIONS);
    let columns = [
        ("time", Kind::Words),
        ("servers", Kind::Figures),
        ("by", Kind::Words),
        ("why", Kind::Sentences),
    ];
    let cells = |action: &Action| {
        let at = Timestamp::from_second(action.at).unwrap_or(Timestamp::MAX);
        [
            Cell::of(time(at, zone)),
            Cell::figure(&action.servers.to_string(), f64::from(action.servers)),
            Cell::of(markup! { (action.by) }),
            Cell::of(told(&action.reason, zone)),
        ]
    };
    let rows = markup! {
        @for action in actions.iter().take(FIRST_ACTIONS) { (row(&columns, &cells(action))) }
    };
    markup! {
        (heading(ACTIONS))
        p.hint #shown aria-live="polite" {
            @if more > 0 { "The first " (FIRST_ACTIONS) " of " (grouped(actions.len() as f64)) "." }
        }
        div.scrolled { (table("Actions", "actions", "actions", &columns, &rows)) }
    }
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
