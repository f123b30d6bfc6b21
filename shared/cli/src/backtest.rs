//! `forescale backtest`.

use std::collections::BTreeSet;

use forecasting::{
    BacktestRequest, BacktestRow, ForecastRequest, Predictability, Verdict, backtest, forecast,
};
use serde_json::json;

use crate::Console;
use crate::accuracy::{Accuracy, score};
use crate::arguments::{BacktestArguments, Format};
use crate::demand::{self, Demand};
use crate::failure::{Blame, Done};
use crate::forecast::{NAMES, advice, printed, unit_name};
use crate::known::Known;
use crate::moments;
use crate::output::{self, Side, counted, number, rounded};

/// What follows where demand cannot be forecast.
pub(crate) const HANDS_OFF: &str =
    "leave the scaling of this target to target tracking or another reactive policy";

/// Columns that a narrow terminal does without, the first of them first.
const NARROWING: [&str; 5] = ["model", "wQL .99", "wQL .95", "steps", "below p90"];

/// Runs the subcommand.
pub(crate) fn run(arguments: &BacktestArguments, console: &mut Console<'_>) -> Done {
    let known = Known::read(&arguments.known)?;
    let demand = demand::read(&arguments.history, known.zone.clone(), console)?;
    let (from, to) = (demand.series.start(), demand.series.end());
    let model = &arguments.model;
    let step = moments::step(model.step.as_deref(), demand.series.step())?;
    let horizon = moments::span("--horizon", &model.horizon)?;
    console.progress(&format!("forecasting at {} midnights", arguments.origins));
    let occasions = known.occasions(from, to);
    let left_out = known.left_out(to, console)?;
    let holidays = known.holidays(from, to);
    let rows = backtest(&BacktestRequest {
        history: &demand.series,
        step,
        horizon_steps: step.covering(horizon),
        origins: usize::try_from(arguments.origins).unwrap_or(usize::MAX),
        zone: &demand.zone,
        training_days: model.training_days,
        occasions: &occasions,
        holidays: &holidays,
        left_out: &left_out,
    })
    .map_err(|error| advice(error, &demand))
    .input(|| format!("{} allows no backtest", demand.name))?;
    console.clear();
    let made: BTreeSet<_> = rows.iter().map(|row| row.origin).collect();
    if let Some(fewer) = (arguments.origins as usize).checked_sub(made.len() + 1) {
        console.note(&format!(
            "{} fewer than asked for: no other midnight has seven days before it and a full horizon after it",
            counted(fewer as u64 + 1, "origin")
        ));
    }
    let unit = demand.unit(step);
    if arguments.format == Format::Csv {
        return csv(console, &rows, unit);
    }
    let history = demand
        .series
        .resample(step)
        .failed(|| "the history cannot be brought to the step")?;
    let (each, all) = score(&rows, &history, model.training_days);
    // Asked as the nightly forecast would be: of everything there is.
    let whole = forecast(&ForecastRequest {
        history: &demand.series,
        cutoff: to,
        step,
        horizon_steps: 1,
        zone: &demand.zone,
        training_days: model.training_days,
        occasions: &occasions,
        holidays: &holidays,
        left_out: &left_out,
    });
    let measured = match whole {
        Ok(prediction) => prediction.report.predictability,
        Err(error) => {
            console.note(&format!("whether it can be forecast is not known: {error}"));
            Predictability::default()
        }
    };
    match arguments.format {
        Format::Json => json(console, &demand, &rows, unit, (&each, &all), &measured),
        _ => table(console, &demand, &each, &all, &measured),
    }
}

fn csv(console: &mut Console<'_>, rows: &[BacktestRow], unit: f64) -> Done {
    let mut header = vec!["origin", "timestamp", "actual"];
    header.extend(NAMES);
    header.push("model");
    let cells = |row: &BacktestRow| {
        let actual = row.actual.map_or_else(String::new, |a| number(a * unit));
        let mut cells = vec![row.origin.to_string(), row.at.to_string(), actual];
        cells.extend(printed(&row.quantiles, unit).map(number));
        cells.push(row.model.clone());
        cells
    };
    output::csv(console, &header, rows.iter().map(cells))
}

fn json(
    console: &mut Console<'_>,
    demand: &Demand,
    rows: &[BacktestRow],
    unit: f64,
    (each, all): (&[Accuracy], &Accuracy),
    measured: &Predictability,
) -> Done {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let mut cells = serde_json::Map::new();
            cells.insert("origin".to_owned(), json!(row.origin));
            cells.insert("timestamp".to_owned(), json!(row.at));
            let actual = row.actual.map(|actual| rounded(actual * unit));
            cells.insert("actual".to_owned(), json!(actual));
            for (name, value) in NAMES.iter().zip(printed(&row.quantiles, unit)) {
                cells.insert((*name).to_owned(), json!(rounded(value)));
            }
            cells.insert("model".to_owned(), json!(row.model));
            serde_json::Value::Object(cells)
        })
        .collect();
    let document = json!({
        "timezone": demand.zone.iana_name().unwrap_or("UTC"),
        "unit": unit_name(demand),
        "predictability": measured.sentence(),
        "overall": all,
        "origins": each,
        "rows": rows,
    });
    output::json(console, &document)
}

fn table(
    console: &mut Console<'_>,
    demand: &Demand,
    each: &[Accuracy],
    all: &Accuracy,
    measured: &Predictability,
) -> Done {
    let origin = format!("origin ({})", demand.zone.iana_name().unwrap_or("UTC"));
    let columns = [
        (origin.as_str(), Side::Left),
        ("steps", Side::Right),
        ("MASE", Side::Right),
        ("wQL .5", Side::Right),
        ("wQL .9", Side::Right),
        ("wQL .95", Side::Right),
        ("wQL .99", Side::Right),
        ("below p90", Side::Right),
        ("below p95", Side::Right),
        ("model", Side::Left),
    ];
    let rows: Vec<Vec<String>> = each
        .iter()
        .chain(std::iter::once(all))
        .map(|accuracy| line(accuracy, demand))
        .collect();
    output::narrowing(console, &columns, &rows, &NARROWING)?;
    if let Some(text) = verdict(all) {
        console.note(&text);
    }
    match measured.verdict {
        Verdict::No => console.note(&format!("{}: {HANDS_OFF}", measured.sentence())),
        Verdict::Weakly => console.note(&measured.sentence()),
        Verdict::Yes | Verdict::Unknown => {}
    }
    Ok(())
}

/// What the figures over all origins mean, in a sentence.
fn verdict(all: &Accuracy) -> Option<String> {
    let mase = all.mase?;
    let better = (100.0 * (1.0 - mase)).round();
    let usual = "those of the same time last week (yesterday, for a short history)";
    let mut text = if better >= 1.0 {
        format!("over all, errors of p50 are {better:.0} % smaller than {usual} before these days")
    } else {
        format!(
            "over all, errors of p50 are no smaller than {usual} before these days: forecasts are no better, or \
             these days were unlike those before; MASE {mase:.2}"
        )
    };
    if let Some(share) = all.coverage_p95 {
        text += &format!(
            "; demand stayed below p95 in {:.0} % of steps",
            100.0 * share
        );
    }
    Some(text)
}

fn line(accuracy: &Accuracy, demand: &Demand) -> Vec<String> {
    let plain = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    let percent =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{:.1}%", v * 100.0));
    let origin = accuracy.origin.map_or_else(
        || "overall".to_owned(),
        |at| {
            let local = demand.zone.to_datetime(at);
            local.strftime("%a %Y-%m-%d").to_string()
        },
    );
    let mut cells = vec![origin, accuracy.steps.to_string(), plain(accuracy.mase)];
    cells.extend(accuracy.wql.map(plain));
    cells.push(percent(accuracy.coverage_p90));
    cells.push(percent(accuracy.coverage_p95));
    cells.push(accuracy.model.clone().unwrap_or_default());
    cells
}
