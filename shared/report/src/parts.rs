//! The parts of a page below its chart: figures, tables and what they mean.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html as markup};

use crate::figures::{grouped, money};
use crate::html::{ACCURACY, ACTIONS, COST, EFFECT, heading};
use crate::table::{Cell, Kind, row, table};
use crate::times::{time, told};
use crate::{Accuracy, Action, Comparison, Effect, Fact, Means, Policy};

/// Actions that stand in the table before the script chooses those of the stretch on view.
const FIRST_ACTIONS: usize = 100;

pub(crate) fn facts(facts: &[Fact], zone: &TimeZone) -> Markup {
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

pub(crate) fn compared(comparison: &Comparison) -> Markup {
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
            cells.push(Cell::figure(&money(policy.cost), policy.cost));
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

pub(crate) fn realised(zone: &TimeZone, effect: &Effect) -> Markup {
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

pub(crate) fn accurate(rows: &[Accuracy]) -> Markup {
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

pub(crate) fn actions(zone: &TimeZone, actions: &[Action]) -> Markup {
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
