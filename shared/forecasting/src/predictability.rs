use crate::LEVELS;
use crate::frame::Frame;
use crate::numbers::{median, weighted_quantile};
use crate::quantiles::MEDIAN;
use crate::trials::Trial;

/// Trials below which nothing is said.
const LEAST_TRIALS: usize = 7;
/// An error beyond this part of demand leaves little to plan by ...
const GREAT_ERROR: f64 = 0.3;
/// ... where the seasons repeat less than this ...
const WEAK_SEASON: f64 = 0.3;
/// ... and the level of the last week alone does at least nearly as well.
const NO_GAIN: f64 = 0.95;
/// Half the width of an interval of 90 % in standard errors.
const NINETY: f64 = 1.645;
/// Days whose demand tells what is possible where nothing can be forecast.
const CLIMATE_DAYS: usize = 28;

/// Whether demand can be forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Its seasons or its level tell what comes.
    Yes,
    /// Better than nothing, but not surely better than repeating last week.
    Weakly,
    /// Nothing in its past tells what comes: planning ahead of it is guessing.
    No,
    /// Too little history to say.
    #[default]
    Unknown,
}

/// A ratio of errors with its interval of 90 %; below 1 the forecast is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio over all trial days.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How far demand can be forecast at all, measured on the trials.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predictability {
    /// In one word.
    pub verdict: Verdict,
    /// Error against repeating last week.
    pub over_last_week: Option<Ratio>,
    /// Error against a flat line at the median of the last week.
    pub over_flat: Option<Ratio>,
    /// Absolute error as a share of demand.
    pub error: Option<f64>,
    /// Correlation of demand with that of a day before, slow changes taken out; -1 to 1.
    pub daily: Option<f64>,
    /// The same with that of a week before.
    pub weekly: Option<f64>,
}

/// Sums of one trial day.
#[derive(Default)]
struct Sums {
    own: f64,
    last_week: f64,
    flat: f64,
    size: f64,
}

impl Predictability {
    /// Measures on the trials and their forecasts `carried`.
    pub(crate) fn measure(frame: &Frame, trials: &[Trial], carried: &[Vec<f64>]) -> Self {
        let days: Vec<Sums> = trials
            .iter()
            .zip(carried)
            .map(|(trial, forecast)| sums(frame, trial.origin, forecast))
            .filter(|day| day.size > 0.0 || day.flat > 0.0)
            .collect();
        let total = |of: fn(&Sums) -> f64| days.iter().map(of).sum::<f64>();
        let size = total(|day| day.size);
        let mut measured = Self {
            verdict: Verdict::Unknown,
            over_last_week: ratio(&days, |day| day.last_week),
            over_flat: ratio(&days, |day| day.flat),
            error: (size > 0.0).then(|| total(|day| day.own) / size),
            daily: autocorrelation(frame, 1),
            weekly: autocorrelation(frame, 7),
        };
        measured.verdict = measured.judge(trials.len());
        measured
    }

    fn judge(&self, trials: usize) -> Verdict {
        if trials < LEAST_TRIALS {
            return Verdict::Unknown;
        }
        // Nothing was ever missed, or nothing was ever there: a flat line says it all.
        let (Some(flat), Some(error)) = (self.over_flat, self.error) else {
            return Verdict::Yes;
        };
        let season = self.daily.unwrap_or(0.0).max(self.weekly.unwrap_or(0.0));
        let no_gain = flat.value >= NO_GAIN || flat.high >= 1.0;
        if error > GREAT_ERROR && no_gain && season < WEAK_SEASON {
            return Verdict::No;
        }
        let weak = self.over_last_week.is_some_and(|ratio| ratio.high >= 1.0);
        if weak && error > GREAT_ERROR / 2.0 {
            Verdict::Weakly
        } else {
            Verdict::Yes
        }
    }

    /// The verdict with its figures, for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let number = |value: Option<f64>| value.map_or("unknown".to_owned(), |v| format!("{v:.2}"));
        let figures = format!(
            "error {} of demand, {} times that of a flat line, correlation with a day before {} and \
             a week before {}",
            number(self.error),
            number(self.over_flat.map(|ratio| ratio.value)),
            number(self.daily),
            number(self.weekly),
        );
        match self.verdict {
            Verdict::Yes => format!("predictable: {figures}"),
            Verdict::Weakly => {
                format!("hardly better than repeating last week: {figures}")
            }
            Verdict::No => format!(
                "not predictable: {figures}; only the safe floor should be planned, the rest is for \
                 reactive policies"
            ),
            Verdict::Unknown => "too little history to tell whether it can be forecast".to_owned(),
        }
    }
}

/// Widens rows to what demand was at any time of the last weeks, for targets where nothing else
/// tells.
pub(crate) fn widen(frame: &Frame, rows: &mut [[f64; LEVELS.len()]]) {
    let from = frame
        .values
        .len()
        .saturating_sub(CLIMATE_DAYS * frame.per_day());
    let mut seen: Vec<(f64, f64)> = (from..frame.values.len())
        .filter(|index| frame.observed[*index])
        .map(|index| (frame.values[index], 1.0))
        .collect();
    if seen.is_empty() {
        return;
    }
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    let climate = LEVELS.map(|level| weighted_quantile(&seen, level));
    for row in rows {
        for (place, (cell, climate)) in row.iter_mut().zip(climate).enumerate() {
            if place > MEDIAN {
                *cell = cell.max(climate);
            } else if place < MEDIAN {
                *cell = cell.min(climate);
            }
        }
    }
}

fn sums(frame: &Frame, origin: usize, forecast: &[f64]) -> Sums {
    let per_day = frame.per_day();
    let from = origin.saturating_sub(7 * per_day);
    let known = (from..origin).filter(|index| frame.observed[*index]);
    let level = median(&mut known.map(|index| frame.values[index]).collect());
    let mut sums = Sums::default();
    for (step, forecast) in forecast.iter().enumerate() {
        let index = origin + step;
        if !frame.observed[index] {
            continue;
        }
        let actual = frame.values[index];
        let back = frame.calendar.back(index, 7, origin);
        let back = back.or_else(|| frame.calendar.back(index, 1, origin));
        sums.own += (actual - forecast).abs();
        sums.last_week += back.map_or(0.0, |back| (actual - frame.values[back]).abs());
        sums.flat += (actual - level).abs();
        sums.size += actual.abs();
    }
    sums
}

/// Sum of own errors over that of `other`, with an interval from leaving out one day at a time.
///
/// Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 11 (jackknife).
fn ratio(days: &[Sums], other: fn(&Sums) -> f64) -> Option<Ratio> {
    let own: f64 = days.iter().map(|day| day.own).sum();
    let all: f64 = days.iter().map(other).sum();
    if all <= 0.0 {
        return None;
    }
    let value = own / all;
    let without: Vec<f64> = days
        .iter()
        .map(|day| (own - day.own) / (all - other(day)).max(1e-12 * all))
        .collect();
    let count = without.len() as f64;
    let mean = without.iter().sum::<f64>() / count;
    let square: f64 = without.iter().map(|one| (one - mean).powi(2)).sum();
    let half = NINETY * ((count - 1.0) / count * square).sqrt();
    let (low, high) = ((value - half).max(0.0), value + half);
    Some(Ratio { value, low, high })
}

/// Correlation of demand, as logarithms of it plus a tenth of its mean, with that of `days` before;
/// the mean of the day around each step is taken out, so that a slow change is no season.
fn autocorrelation(frame: &Frame, days: usize) -> Option<f64> {
    let (per_day, length) = (frame.per_day(), frame.values.len());
    let lag = days * per_day;
    if length < lag + per_day {
        return None;
    }
    let mean = frame.values.iter().map(|value| value.abs()).sum::<f64>() / length as f64;
    if mean <= 0.0 {
        return None;
    }
    let logs: Vec<f64> = frame
        .values
        .iter()
        .map(|value| (value.max(0.0) / mean + 0.1).ln())
        .collect();
    let mut sums = vec![0.0];
    for log in &logs {
        sums.push(sums[sums.len() - 1] + log);
    }
    let half = (per_day / 2).max(1);
    let swing = |index: usize| {
        let (from, to) = (index.saturating_sub(half), (index + half).min(length));
        logs[index] - (sums[to] - sums[from]) / (to - from) as f64
    };
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for index in lag..length {
        if frame.observed[index] && frame.observed[index - lag] {
            let (now, before) = (swing(index), swing(index - lag));
            both += now * before;
            one += now * now;
            other += before * before;
        }
    }
    let size = (one * other).sqrt();
    (size > 1e-9).then(|| (both / size).clamp(-1.0, 1.0))
}
