//! `forescale forecast`.

use documents::in_zone;
use forecasting::{
    ForecastError, ForecastReport, ForecastRequest, LEVELS, Parts, Predictability, Prediction,
    Ratio, Verdict, forecast,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use timeseries::Step;

use crate::Console;
use crate::arguments::{ForecastArguments, Format};
use crate::demand::{self, Demand};
use crate::failure::{Blame, Done};
use crate::known::Known;
use crate::moments;
use crate::output::{self, Side, aligned, number, rounded};

/// The levels that are printed.
pub(crate) const PRINTED: [f64; 5] = [0.5, 0.8, 0.9, 0.95, 0.99];
/// Their names.
pub(crate) const NAMES: [&str; 5] = ["p50", "p80", "p90", "p95", "p99"];

/// Runs the subcommand.
pub(crate) fn run(arguments: &ForecastArguments, console: &mut Console<'_>) -> Done {
    let known = Known::read(&arguments.known)?;
    let demand = demand::read(&arguments.history, known.zone.clone(), console)?;
    let model = &arguments.model;
    let step = moments::step(model.step.as_deref(), demand.series.step())?;
    let horizon = moments::span("--horizon", &model.horizon)?;
    let cutoff = match &arguments.at {
        Some(text) => moments::moment("--at", text, &demand.zone)?,
        None => demand.series.end(),
    };
    console.progress("forecasting");
    let to = cutoff.saturating_add(horizon).unwrap_or(Timestamp::MAX);
    let occasions = known.occasions(demand.series.start(), to);
    let left_out = known.left_out(cutoff, console)?;
    let holidays = known.holidays(demand.series.start(), to);
    let prediction = forecast(&ForecastRequest {
        history: &demand.series,
        cutoff,
        step,
        horizon_steps: step.covering(horizon),
        zone: &demand.zone,
        training_days: model.training_days,
        occasions: &occasions,
        holidays: &holidays,
        left_out: &left_out,
    })
    .map_err(|error| advice(error, &demand))
    .input(|| format!("{} allows no forecast at {cutoff}", demand.name))?;
    console.clear();
    let rows = rows(&prediction, demand.unit(step));
    match arguments.format {
        Format::Csv => csv(console, &rows),
        Format::Json => output::json(console, &document(&demand, &prediction, step, &rows)),
        Format::Table => {
            tell(&prediction.report, &demand.zone, console);
            table(console, &demand, &rows)
        }
    }
}

/// One step as it is printed.
pub(crate) type Row = (Timestamp, [f64; PRINTED.len()]);

/// The printed levels out of all that are carried.
pub(crate) fn printed(quantiles: &[f64; LEVELS.len()], unit: f64) -> [f64; PRINTED.len()] {
    PRINTED.map(|level| {
        let index = LEVELS.iter().position(|carried| *carried >= level);
        let value = index.and_then(|index| quantiles.get(index));
        value.map_or(f64::NAN, |value| value * unit)
    })
}

fn rows(prediction: &Prediction, unit: f64) -> Vec<Row> {
    let forecast = &prediction.forecast;
    forecast
        .rows
        .iter()
        .enumerate()
        .map(|(index, row)| (forecast.time_at(index), printed(row, unit)))
        .collect()
}

fn csv(console: &mut Console<'_>, rows: &[Row]) -> Done {
    let header: Vec<&str> = ["timestamp"].into_iter().chain(NAMES).collect();
    let cells = |(at, values): &Row| {
        let values = values.iter().map(|value| number(*value));
        std::iter::once(at.to_string()).chain(values).collect()
    };
    output::csv(console, &header, rows.iter().map(cells))
}

fn table(console: &mut Console<'_>, demand: &Demand, rows: &[Row]) -> Done {
    let local = format!("local time ({})", zone_name(demand));
    let mut columns = vec![(local.as_str(), Side::Left)];
    columns.extend(NAMES.iter().map(|name| (*name, Side::Right)));
    let all: Vec<f64> = rows.iter().flat_map(|(_, values)| *values).collect();
    let shown = aligned(&all);
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(at, values)| {
            let local = demand.zone.to_datetime(*at).strftime("%a %Y-%m-%d %H:%M");
            let values = values.iter().map(|value| shown(*value));
            std::iter::once(local.to_string()).chain(values).collect()
        })
        .collect();
    output::narrowing(console, &columns, &cells, &["p80", "p90"])
}

fn zone_name(demand: &Demand) -> String {
    demand.zone.iana_name().unwrap_or("UTC").to_owned()
}

/// A few lines on the model, beside the result.
fn tell(report: &ForecastReport, zone: &TimeZone, console: &mut Console<'_>) {
    console.note(&format!("model: {}: {}", report.model, report.why));
    let known = report.candidates.iter().filter_map(|candidate| {
        let error = candidate.relative_error?;
        Some(format!("{} {error:.2}", candidate.name))
    });
    let known: Vec<String> = known.collect();
    if !known.is_empty() {
        console.note(&format!(
            "errors, where 1 is that of repeating last week: {}",
            known.join(", ")
        ));
    }
    for note in &report.notes {
        console.note(&format!("note: {}", in_zone(note, zone)));
    }
}

fn document(demand: &Demand, prediction: &Prediction, step: Step, rows: &[Row]) -> Value {
    let report = &prediction.report;
    let unit = demand.unit(step);
    let parts = report.parts.iter().map(Some).chain(std::iter::repeat(None));
    let forecast: Vec<Value> = rows
        .iter()
        .zip(parts)
        .map(|(row, parts)| {
            let mut told = row_json(row);
            if let Some(parts) = parts {
                told["parts"] = parts_json(parts, unit);
            }
            told
        })
        .collect();
    let candidates: Vec<Value> = report
        .candidates
        .iter()
        .map(|candidate| {
            json!({
                "name": candidate.name,
                "weight": candidate.weight,
                "weighted_quantile_loss": candidate.weighted_quantile_loss,
                "relative_error": candidate.relative_error,
            })
        })
        .collect();
    let repaired: Vec<Value> = report
        .data
        .repaired
        .iter()
        .map(|(stretch, reason)| {
            json!({ "start": stretch.start, "end": stretch.end, "reason": reason })
        })
        .collect();
    json!({
        "start": prediction.forecast.start,
        "step_seconds": step.seconds(),
        "timezone": zone_name(demand),
        "unit": unit_name(demand),
        "model": report.model,
        "why": report.why,
        "predictability": report.predictability.sentence(),
        "predictability_figures": predictability_json(&report.predictability),
        "skill": {
            "trial_days": report.skill.trial_days,
            "relative_error": report.skill.relative_error,
            "weighted_quantile_loss": report.skill.weighted_quantile_loss,
        },
        "candidates": candidates,
        "notes": report.notes,
        "data": {
            "steps": report.data.steps,
            "missing": report.data.missing,
            "repaired": repaired,
        },
        "forecast": forecast,
    })
}

/// What a step's median is made of, in the unit of the history; the parts add up to it.
fn parts_json(parts: &Parts, unit: f64) -> Value {
    json!({
        "level": rounded(parts.level * unit),
        "season": rounded(parts.season * unit),
        "recent": rounded(parts.recent * unit),
        "correction": rounded(parts.correction * unit),
        "calendar": rounded(parts.calendar * unit),
        "event": rounded(parts.event * unit),
    })
}

fn predictability_json(figures: &Predictability) -> Value {
    let ratio = |ratio: Option<Ratio>| {
        ratio.map(|it| json!({ "value": it.value, "low": it.low, "high": it.high }))
    };
    json!({
        "verdict": match figures.verdict {
            Verdict::Yes => "yes",
            Verdict::Weakly => "weakly",
            Verdict::No => "no",
            Verdict::Unknown => "unknown",
        },
        "over_last_week": ratio(figures.over_last_week),
        "over_flat": ratio(figures.over_flat),
        "error": figures.error,
        "daily": figures.daily,
        "weekly": figures.weekly,
    })
}

fn row_json((at, values): &Row) -> Value {
    let mut row = serde_json::Map::new();
    row.insert("timestamp".to_owned(), json!(at));
    for (name, value) in NAMES.iter().zip(values) {
        row.insert((*name).to_owned(), json!(rounded(*value)));
    }
    Value::Object(row)
}

/// What a printed value counts.
pub(crate) fn unit_name(demand: &Demand) -> &'static str {
    match demand.aggregate {
        timeseries::Aggregate::Sum => "history's unit, summed over the step",
        timeseries::Aggregate::Mean => "history's unit, mean of the step",
    }
}

/// An error with what to do about it.
pub(crate) fn advice(error: ForecastError, demand: &Demand) -> anyhow::Error {
    let (start, end) = (demand.series.start(), demand.series.end());
    let next = match &error {
        ForecastError::NoHistory { cutoff } if *cutoff <= start => {
            format!("the history covers {start} to {end}: give a later --at")
        }
        ForecastError::NoHistory { .. } => {
            format!(
                "the history covers {start} to {end}, and what is that old teaches nothing: give an --at of {end}"
            )
        }
        ForecastError::Horizon { .. } => "give a shorter --horizon or a longer --step".to_owned(),
        ForecastError::NoOrigin { .. } => "give a longer history or a shorter --horizon".to_owned(),
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {next}")
}
