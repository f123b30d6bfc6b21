//! A prediction as a document.

use documents::{
    Accuracy, CandidateRecord, DataRecord, Explanation, Forecast, Ladder, LadderRung, PastRecord,
    PredictabilityRecord, Predictable, RepairRecord,
};
use forecasting::{ForecastReport, LEVELS, Parts, Predictability, Prediction, Ratio, Verdict};
use jiff::SignedDuration;
use timeseries::Step;

pub(crate) fn document(
    prediction: &Prediction,
    minute_spread: f64,
    notes: Vec<String>,
) -> Forecast {
    let Prediction {
        forecast, report, ..
    } = prediction;
    Forecast {
        start: forecast.start,
        step_seconds: forecast.step.seconds(),
        levels: LEVELS.to_vec(),
        quantiles: forecast
            .rows
            .iter()
            .map(|row| row.map(rounded).to_vec())
            .collect(),
        minute_spread,
        memory: Some(forecast.memory.into()),
        model: report.model.clone(),
        candidates: report
            .candidates
            .iter()
            .map(|candidate| CandidateRecord {
                name: candidate.name.clone(),
                weight: rounded(candidate.weight),
                weighted_quantile_loss: candidate.weighted_quantile_loss.map(short),
                relative_error: candidate.relative_error.map(short),
            })
            .collect(),
        accuracy: Accuracy {
            weighted_quantile_loss: report.skill.weighted_quantile_loss,
            relative_error: report.skill.relative_error,
        },
        data: DataRecord {
            from: None,
            steps: report.data.steps,
            missing: report.data.missing,
            repaired: report
                .data
                .repaired
                .iter()
                .map(|(stretch, reason)| RepairRecord {
                    start: stretch.start,
                    end: stretch.end,
                    reason: reason.clone(),
                })
                .collect(),
        },
        events: Vec::new(),
        notes,
        ladder: ladder(&report.predictability),
        predictability: predictability(&report.predictability),
        explanation: explanation(report, forecast.step),
        past: past(prediction),
    }
}

/// A model was made; whether to go by it is another matter.
fn ladder(measured: &Predictability) -> Ladder {
    if measured.verdict == Verdict::No {
        return Ladder {
            rung: LadderRung::HandsOff,
            reason: measured.sentence(),
        };
    }
    Ladder::default()
}

fn predictability(measured: &Predictability) -> PredictabilityRecord {
    let ratio = |ratio: Ratio| [ratio.value, ratio.low, ratio.high].map(short);
    PredictabilityRecord {
        predictable: match measured.verdict {
            Verdict::Yes => Predictable::Yes,
            Verdict::Weakly => Predictable::Weakly,
            Verdict::No => Predictable::No,
            Verdict::Unknown => Predictable::Unknown,
        },
        over_last_week: measured.over_last_week.map(ratio),
        over_flat: measured.over_flat.map(ratio),
        error: measured.error.map(short),
        daily: measured.daily.map(short),
        weekly: measured.weekly.map(short),
    }
}

/// The parts by the hour, each list left out where it is all zeros.
fn explanation(report: &ForecastReport, step: Step) -> Explanation {
    let an_hour = (Step::HOUR.seconds() / step.seconds().max(1)).max(1) as usize;
    let hours: Vec<&[Parts]> = report.parts.chunks(an_hour).collect();
    let list = |of: fn(&Parts) -> f64| -> Vec<f64> {
        let mean = |hour: &&[Parts]| hour.iter().map(of).sum::<f64>() / hour.len() as f64;
        let values: Vec<f64> = hours.iter().map(mean).map(short).collect();
        if values.iter().all(|value| *value == 0.0) {
            return Vec::new();
        }
        values
    };
    Explanation {
        why: report.why.clone(),
        level: report.parts.first().map_or(0.0, |parts| short(parts.level)),
        season: list(|parts| parts.season),
        recent: list(|parts| parts.recent),
        correction: list(|parts| parts.correction),
        calendar: list(|parts| parts.calendar),
        event: list(|parts| parts.event),
    }
}

/// What the forecast would have said of the last days, a fortnight at most.
fn past(prediction: &Prediction) -> Option<PastRecord> {
    let (start, step) = (prediction.forecast.start, prediction.forecast.step);
    const DAYS: usize = 14;
    let skipped = prediction.past.len().saturating_sub(DAYS * step.per_day());
    let medians: Vec<f64> = prediction.past[skipped..]
        .iter()
        .map(|median| rounded(median.max(0.0)))
        .collect();
    let seconds = medians.len() as i64 * i64::from(step.seconds());
    let begin = start.checked_sub(SignedDuration::from_secs(seconds)).ok()?;
    (!medians.is_empty()).then_some(PastRecord {
        start: begin,
        medians,
    })
}

/// A thousandth of a request a minute is below anything that matters, and keeps the document short.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Four significant digits: enough to explain by.
fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    if !(-12..=12).contains(&digits) {
        return value;
    }
    let factor = 10.0_f64.powi(digits);
    (value * factor).round() / factor
}
