//! What an explanation says of demand: quantiles, what they are made of, model and recent error.

use config::Config;
use documents::{Forecast, LeftOutDays};
use jiff::Timestamp;

use crate::kept::Kept;
use crate::left_out::unlike;
use crate::output::{amount, grouped};

/// Nights of forecasts that recent error is told of.
const RECENT: usize = 7;
/// Odd days that are told, the newest first.
const ODD_DAYS: usize = 3;
/// Minutes that vary by less explain no server.
const TOLD_SPREAD: f64 = 0.01;

pub(super) fn quantiles(forecast: &Forecast, at: Timestamp) -> String {
    let levels = [
        (0.5, "p50"),
        (0.9, "p90"),
        (0.95, "p95"),
        (0.99, "p99"),
        (0.999, "p99.9"),
    ];
    let told = levels.iter().filter_map(|(level, name)| {
        Some(format!(
            "{name} {}",
            amount(forecast.demand_at(at, *level)?)
        ))
    });
    let told: Vec<String> = told.collect();
    let minutes = if forecast.minute_spread >= TOLD_SPREAD {
        format!(
            "; single minutes vary around that by {:.0} %, for which servers are counted too",
            100.0 * forecast.minute_spread
        )
    } else {
        String::new()
    };
    format!(
        "{} requests a minute, as forecast at {}{minutes}",
        told.join(", "),
        forecast.start
    )
}

/// What the median of that hour is made of.
pub(super) fn parts(forecast: &Forecast, at: Timestamp) -> Option<String> {
    let hour = usize::try_from(at.duration_since(forecast.start).as_hours()).ok()?;
    let explanation = &forecast.explanation;
    let mut told = vec![format!("level {}", grouped(explanation.level))];
    let mut sum = explanation.level;
    for (name, values) in explanation.parts() {
        let value = values.get(hour).copied().unwrap_or(0.0);
        sum += value;
        if value.abs() >= 0.5 {
            let sign = if value > 0.0 { "+" } else { "" };
            told.push(format!("{name} {sign}{}", grouped(value)));
        }
    }
    let together = format!("; {} together, the mean p50 of that hour", grouped(sum));
    (told.len() > 1).then(|| told.join(", ") + &together)
}

pub(super) fn model(forecast: &Forecast) -> String {
    let why = &forecast.explanation.why;
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    let reason = &forecast.ladder.reason;
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!("; {reason}")
    };
    format!("{}{why}{reason}", forecast.model)
}

/// Why nothing is forecast for `at`.
pub(super) fn none(kept: &Kept, at: Timestamp) -> String {
    if let Some(newest) = kept.forecasts.last() {
        return if at < newest.start {
            format!(
                "no forecast for then is kept; the oldest that is begins at {}",
                kept.forecasts
                    .first()
                    .map_or(newest.start, |oldest| oldest.start)
            )
        } else {
            format!(
                "the newest forecast, of {}, ends at {}: the forecaster makes the next one at night",
                newest.start,
                newest.end()
            )
        };
    }
    match &kept.history {
        None => "no forecast: no demand was ever read; is the metric's name right, and did the \
                 forecaster run? forescale doctor looks"
            .to_owned(),
        Some(history) => {
            let known = history.demand.iter().flatten().count();
            let days = known as f64 * f64::from(history.step_seconds) / 86_400.0;
            format!("no forecast: {days:.1} days of demand are known")
        }
    }
}

/// Days of the history that are unlike the others and teach all the same: a load test among them may be
/// what most of the servers are for.
pub(super) fn odd_days(kept: &Kept, config: &Config, left_out: &LeftOutDays) -> Option<String> {
    let series = kept.history.as_ref()?.demand_series().ok()?;
    let target = &kept.target;
    let days = unlike(&series, config, target, left_out);
    let told: Vec<String> = days
        .iter()
        .rev()
        .take(ODD_DAYS)
        .map(|day| {
            let date = target.zone.to_datetime(day.start).date();
            format!("{date} had {}", day.reason)
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "{}: what was a load test or an outage teaches until it is left out, see forescale left-out \
             propose {}",
            told.join(", "),
            target.name
        )
    })
}

pub(super) fn recent(kept: &Kept) -> Option<String> {
    let nights = &kept.record.as_ref()?.nights;
    let last = &nights[nights.len().saturating_sub(RECENT)..];
    let steps: usize = last.iter().map(|night| night.steps).sum();
    if steps == 0 {
        return None;
    }
    let mean = |value: &dyn Fn(&documents::ScoredNight) -> f64| {
        last.iter()
            .map(|night| value(night) * night.steps as f64)
            .sum::<f64>()
            / steps as f64
    };
    Some(format!(
        "over {} nights: quantile loss {:.1} % of demand, {:.1} % of steps above p95 (5 % would be exact)",
        last.len(),
        100.0 * mean(&|night| night.loss),
        100.0 * mean(&|night| night.over_p95)
    ))
}

/// What was put right after the fact: by the model's own recent errors in that hour, and by a wider band
/// while forecasts are worse than they were.
pub(super) fn corrections(kept: &Kept, forecast: &Forecast, at: Timestamp) -> String {
    let hour = usize::try_from(at.duration_since(forecast.start).as_hours()).unwrap_or(usize::MAX);
    let mut told = Vec::new();
    let parts = forecast.explanation.parts();
    let own = parts.iter().find(|(name, _)| *name == "correction");
    let own = own.and_then(|(_, values)| values.get(hour));
    match own.filter(|value| value.abs() >= 0.5) {
        Some(value) => told.push(format!(
            "{}{} a minute by the errors of the last days",
            if *value > 0.0 { "+" } else { "" },
            grouped(*value)
        )),
        None => told.push("none by the errors of the last days".to_owned()),
    }
    let drift = kept.record.as_ref().map(|record| &record.drift);
    if let Some(drift) = drift.filter(|drift| drift.drifting) {
        told.push(format!(
            "the band is {:.2} times as wide: {}",
            drift.widening, drift.reason
        ));
    }
    told.join("; ")
}
