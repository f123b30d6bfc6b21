use crate::Console;
use crate::arguments::Format;
use crate::failure::Done;
use crate::output::{self, Side, grouped, money, number};

use super::Summary;

/// Prints Forescale beside its alternatives.
pub(crate) fn compare(console: &mut Console<'_>, summary: &Summary, format: Format) -> Done {
    match format {
        Format::Json => output::json(console, summary),
        Format::Csv => csv(console, summary),
        Format::Table => table(console, summary),
    }
}

fn csv(console: &mut Console<'_>, summary: &Summary) -> Done {
    let header = [
        "name",
        "server_hours",
        "cost",
        "share_of_demand_above_capacity",
        "minutes_under_capacity",
        "requests_not_served",
    ];
    let rows = summary.rows().map(|(name, _, result)| {
        vec![
            name.to_owned(),
            number(result.server_hours),
            number(result.cost),
            number(result.share_of_demand_above_capacity),
            result.minutes_under_capacity.to_string(),
            number(result.requests_not_served),
        ]
    });
    output::csv(console, &header, rows)
}

fn table(console: &mut Console<'_>, summary: &Summary) -> Done {
    let priced = summary.price_per_server_hour > 0.0;
    let cost = format!("cost, {}", summary.currency);
    let mut columns = vec![("", Side::Left), ("server-hours", Side::Right)];
    if priced {
        columns.push((cost.as_str(), Side::Right));
    }
    columns.extend([
        ("over bound", Side::Right),
        ("minutes under", Side::Right),
        ("not served", Side::Right),
        ("of demand", Side::Right),
    ]);
    let least = summary.alternatives.clairvoyant.server_hours;
    let rows = summary.rows().map(|(_, name, result)| {
        let mut cells = vec![name.to_owned(), grouped(result.server_hours)];
        if priced {
            cells.push(money(result.cost));
        }
        cells.push(if least > 0.0 {
            format!("{:+.0}%", 100.0 * (result.server_hours / least - 1.0))
        } else {
            "-".to_owned()
        });
        cells.push(grouped(result.minutes_under_capacity as f64));
        cells.push(grouped(result.requests_not_served));
        cells.push(format!(
            "{:.3}%",
            100.0 * result.share_of_demand_above_capacity
        ));
        cells
    });
    output::narrowing(console, &columns, &rows, &["minutes under", "over bound"])
}
