//! The page's frame and its chart, which `assets/page.js` draws.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::days::by_day;
use crate::packed::{self, Data, library, numbers, zone_name};
use crate::parts::{accurate, actions, compared, facts, realised};
use crate::times::{time, told};
use crate::{Page, TargetPage, Timeline};

const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");
const THEME: &str = include_str!("../assets/theme.js");

/// Nothing may be fetched from anywhere: what the page shows, it carries.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'";

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
pub(crate) const COST: (&str, &str) = ("cost-part", "Cost and risk beside the alternatives");
pub(crate) const EFFECT: (&str, &str) = ("effect-part", "Before, and since it acts");
pub(crate) const ACCURACY: (&str, &str) = ("accuracy-part", "How good the forecasts were");
const NOTES: (&str, &str) = ("notes-part", "Notes");
pub(crate) const ACTIONS: (&str, &str) = ("actions-part", "What was done and is planned, and why");

pub(crate) fn heading((id, words): (&str, &str)) -> Markup {
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
