//! The settings that were tried as a page, a table and CSV.

use report::{Comparison, Page, Policy};
use timeseries::Series;

use super::tried::Tried;
use crate::Console;
use crate::failure::Done;
use crate::output::{self, Side, grouped, money, number};
use crate::simulate::{self, Summary};

/// The report of the settings as they are, with everything tried in the comparison.
pub(super) fn page(
    replay: &replay::Replay,
    base: &Summary,
    demand: &Series,
    tried: &[Tried],
    best: Option<&Tried>,
) -> Page {
    let mut page = simulate::page(replay, base, demand);
    page.title = format!("What if: {}", base.target);
    let rows = tried.iter().skip(1).map(|one| Policy {
        name: one.name(),
        server_hours: one.server_hours,
        cost: one.cost,
        lost_share: one.share_of_demand_above_capacity,
        lost: one.requests_not_served,
        minutes_under: one.minutes_under_capacity,
        frontier: one.on_the_frontier,
        recommended: best == Some(one),
    });
    let ours = tried.first();
    if let Some(Comparison { rows: all, .. }) = page.target.comparison.as_mut() {
        if let Some((row, one)) = all.first_mut().zip(ours) {
            row.name = one.name();
            row.frontier = one.on_the_frontier;
            row.recommended = best == Some(one);
        }
        all.splice(1..1, rows.clone());
    }
    page
}

pub(super) fn csv(console: &mut Console<'_>, tried: &[Tried]) -> Done {
    let header = [
        "key",
        "value",
        "server_hours",
        "cost",
        "share_of_demand_above_capacity",
        "minutes_under_capacity",
        "requests_not_served",
        "on_the_frontier",
    ];
    let rows = tried.iter().map(|one| {
        vec![
            one.key.to_owned(),
            one.value.clone(),
            number(one.server_hours),
            number(one.cost),
            number(one.share_of_demand_above_capacity),
            one.minutes_under_capacity.to_string(),
            number(one.requests_not_served),
            one.on_the_frontier.to_string(),
        ]
    });
    output::csv(console, &header, rows)
}

pub(super) fn table(console: &mut Console<'_>, tried: &[Tried], base: &Summary) -> Done {
    let cost = format!("cost, {}", base.currency);
    let mut columns = vec![("", Side::Left), ("server-hours", Side::Right)];
    if base.price_per_server_hour > 0.0 {
        columns.push((cost.as_str(), Side::Right));
    }
    columns.extend([
        ("not served", Side::Right),
        ("of demand", Side::Right),
        ("asked", Side::Right),
        ("frontier", Side::Left),
    ]);
    let least = &base.alternatives.clairvoyant;
    let bound = Tried::of("", "", 0.0, base);
    let bound = Tried {
        server_hours: least.server_hours,
        cost: least.cost,
        share_of_demand_above_capacity: least.share_of_demand_above_capacity,
        requests_not_served: least.requests_not_served,
        ..bound
    };
    let percent = |share: f64| format!("{:.3}%", 100.0 * share);
    let row = |one: &Tried, name: String, asked: String| {
        let mut cells = vec![name, grouped(one.server_hours)];
        if base.price_per_server_hour > 0.0 {
            cells.push(money(one.cost));
        }
        cells.extend([
            grouped(one.requests_not_served),
            percent(one.share_of_demand_above_capacity),
            asked,
            if one.on_the_frontier { "yes" } else { "" }.to_owned(),
        ]);
        cells
    };
    let mut rows: Vec<Vec<String>> = tried
        .iter()
        .map(|one| row(one, one.name(), percent(one.asked)))
        .collect();
    rows.push(row(&bound, "clairvoyant bound".to_owned(), String::new()));
    output::narrowing(console, &columns, &rows, &["asked", "not served"])
}
