use crate::frame::Frame;
use crate::numbers::weighted_quantile;
use crate::trials::Trial;
use crate::weights::Weights;
use crate::{Candidate, DataState, ForecastReport, Predictability, Skill, Verdict};

/// Levels that candidates are scored at.
const SCORED: [f64; 4] = [0.5, 0.9, 0.95, 0.99];
/// Trials below which a record says little.
const FEW_TRIALS: usize = 7;

/// One step of a trial: what was forecast, what came, what the same time last week was.
struct Step {
    forecast: f64,
    actual: f64,
    naive: Option<f64>,
}

/// Says how a forecast came about: every member's record on the trials, the state of the data and
/// what people should know. `carried` are the combinations of the trials.
pub(crate) fn report(
    frame: &Frame,
    names: &[String],
    weights: &Weights,
    trials: &[Trial],
    carried: &[Vec<f64>],
) -> ForecastReport {
    let mut candidates: Vec<Candidate> = names
        .iter()
        .zip(&weights.0)
        .enumerate()
        .map(|(which, (name, weight))| {
            let steps = steps(frame, trials, |age| &trials[age].members[which]);
            Candidate {
                name: name.clone(),
                weight: *weight,
                weighted_quantile_loss: quantile_loss(&steps),
                relative_error: relative_error(&steps),
            }
        })
        .collect();
    candidates.sort_by(|a, b| {
        let error = |one: &Candidate| one.relative_error.unwrap_or(f64::MAX);
        error(a).total_cmp(&error(b))
    });
    let combined = steps(frame, trials, |age| &carried[age]);
    let skill = Skill {
        trial_days: trials.len(),
        relative_error: relative_error(&combined),
        weighted_quantile_loss: quantile_loss(&combined),
    };
    let predictability = Predictability::measure(frame, trials, carried);
    ForecastReport {
        model: "weighted combination".to_owned(),
        why: why(&candidates, &skill),
        notes: notes(frame, &skill, &predictability),
        skill,
        predictability,
        parts: Vec::new(),
        candidates,
        data: DataState {
            steps: frame.values.len(),
            missing: frame.missing,
            repaired: frame.repaired(),
        },
    }
}

/// Why the combination was chosen: its error on the trials beside that of its best member, and the
/// members that weigh most.
fn why(candidates: &[Candidate], skill: &Skill) -> String {
    let best = candidates
        .first()
        .and_then(|best| Some((best, best.relative_error?)));
    let (Some(error), Some((best, least))) = (skill.relative_error, best) else {
        // Nothing was missed by repeating last week, so there is nothing to divide by.
        return if skill.trial_days > 0 {
            "the past days repeat exactly: no candidate is told from another by its error"
                .to_owned()
        } else {
            "too little history to compare: all candidates count alike".to_owned()
        };
    };
    let mut leaders: Vec<&Candidate> = candidates.iter().collect();
    leaders.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let leaders: Vec<String> = leaders
        .iter()
        .take(3)
        .map(|one| format!("{} {:.0} %", one.name, 100.0 * one.weight))
        .collect();
    format!(
        "tried on {} past days, its error was {} that of repeating last week (best single model: {}, {}); \
         weights: {}",
        skill.trial_days,
        beside(error, " than"),
        best.name,
        beside(least, ""),
        leaders.join(", "),
    )
}

/// An error beside another, as people say it.
fn beside(ratio: f64, than: &str) -> String {
    match (100.0 * (1.0 - ratio)).round() {
        0.0 if than.is_empty() => "the same".to_owned(),
        0.0 => "as large as".to_owned(),
        less if less > 0.0 => format!("{less:.0} % smaller{than}"),
        less => format!("{:.0} % larger{than}", -less),
    }
}

fn notes(frame: &Frame, skill: &Skill, predictability: &Predictability) -> Vec<String> {
    let mut notes = Vec::new();
    let days = frame.values.len() / frame.per_day();
    if skill.trial_days < FEW_TRIALS {
        notes.push(format!(
            "whole days of history: {days}, of them to try forecasts on: {}; the band is a guess",
            skill.trial_days
        ));
    }
    if matches!(predictability.verdict, Verdict::No | Verdict::Weakly) {
        notes.push(predictability.sentence());
    }
    if frame.missing * 4 > frame.values.len() {
        let share = 100 * frame.missing / frame.values.len();
        notes.push(format!("{share} % of the history is missing or left out"));
    }
    notes
}

/// The observed steps of all trials, at most 24 a day.
fn steps<'a>(
    frame: &Frame,
    trials: &[Trial],
    forecast: impl Fn(usize) -> &'a Vec<f64>,
) -> Vec<Step> {
    let stride = (frame.per_day() / 24).max(1);
    let mut steps = Vec::new();
    for (age, trial) in trials.iter().enumerate() {
        for (step, forecast) in forecast(age)
            .iter()
            .enumerate()
            .skip(age % stride)
            .step_by(stride)
        {
            let index = trial.origin + step;
            if !frame.observed[index] {
                continue;
            }
            let back = frame.calendar.back(index, 7, trial.origin);
            let back = back.or_else(|| frame.calendar.back(index, 1, trial.origin));
            steps.push(Step {
                forecast: *forecast,
                actual: frame.values[index],
                naive: back.map(|back| frame.values[back]),
            });
        }
    }
    steps
}

/// Absolute error over that of the same time last week, or yesterday where there was none.
fn relative_error(steps: &[Step]) -> Option<f64> {
    let (mut own, mut other) = (0.0, 0.0);
    for step in steps {
        if let Some(naive) = step.naive {
            own += (step.actual - step.forecast).abs();
            other += (step.actual - naive).abs();
        }
    }
    (other > 0.0).then(|| own / other)
}

/// Mean weighted quantile loss at [`SCORED`] with the quantiles of its own misses around each
/// forecast: a little kind to every candidate, alike to all.
fn quantile_loss(steps: &[Step]) -> Option<f64> {
    let size: f64 = steps.iter().map(|step| step.actual.abs()).sum();
    if size <= 0.0 {
        return None;
    }
    let mut misses: Vec<(f64, f64)> = steps
        .iter()
        .map(|step| (step.actual - step.forecast, 1.0))
        .collect();
    misses.sort_by(|a, b| a.0.total_cmp(&b.0));
    let loss: f64 = SCORED
        .iter()
        .map(|level| {
            let offset = if *level > 0.5 {
                weighted_quantile(&misses, *level)
            } else {
                0.0
            };
            let loss = |(miss, _): &(f64, f64)| {
                let over = miss - offset;
                2.0 * (level * over).max((level - 1.0) * over)
            };
            misses.iter().map(loss).sum::<f64>()
        })
        .sum();
    Some(loss / SCORED.len() as f64 / size)
}
