//! Whether forecasts get worse: each night's score, and two sequential tests over the nights.

use jiff::{SignedDuration, Timestamp};
use timeseries::Series;

use crate::numbers::median;
use crate::quantiles::MEDIAN;
use crate::{ForecastError, ForecastRequest, Interval, QuantileForecast, forecast};

/// Levels that are scored, and where the forecast carries them.
const SCORED: [(f64, usize); 4] = [(0.5, 2), (0.9, 4), (0.95, 5), (0.99, 6)];
/// Hours of a forecast that are scored.
const SCORED_HOURS: i64 = 24;
/// Nights that tell what is usual, and how many of them it takes.
const REFERENCE: usize = 28;
const LEAST_REFERENCE: usize = 7;
/// Smallest spread of the logarithm of the nightly loss: less is luck.
const LEAST_SPREAD: f64 = 0.2;
/// A night says no more than so many spreads.
const MOST_SPREADS: f64 = 3.0;
/// Cumulative sum of the loss: half a spread of slack, alarm at six. On independent normal nights
/// whose spread is known a false alarm comes after some 2,500 nights, and a loss two spreads higher
/// is found in four to five.
/// Source: Page 1954; Siegmund 1985 for the run length, (exp(2kh') - 2kh' - 1) / 2k^2 with
/// h' = h + 1.166.
const LOSS_SLACK: f64 = 0.5;
const LOSS_ALARM: f64 = 6.0;
/// Cumulative sum of the share of steps above P95, which should be 0.05: slack half way to 0.2.
const OVER_SLACK: f64 = 0.13;
const OVER_ALARM: f64 = 0.6;
/// One night counts no more than so many of its steps.
const MOST_OVER: f64 = 0.6;
/// Nights in a row without a finding after which the drift is over.
const CALM_NIGHTS: u32 = 3;
/// Nights after which a drift is the new usual.
const MOST_NIGHTS: u32 = 21;
/// Widening while drifting.
const WIDENING: (f64, f64) = (1.2, 3.0);
/// Nights that tell how far to widen.
const WIDENING_NIGHTS: usize = 3;
/// Shorter histories that are tried on drift, in days.
const SHORTER: [u32; 2] = [28, 14];
/// A shorter history must be better by so much.
const BETTER: f64 = 0.95;

/// How one night's forecast did on its first day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NightScore {
    /// Steps that were observed.
    pub steps: usize,
    /// Mean weighted quantile loss at 0.5, 0.9, 0.95 and 0.99, over the demand of the day; on a day
    /// without demand over what was forecast.
    pub loss: f64,
    /// Absolute error of the median over that of repeating last week; `None` where that had none.
    pub relative_error: Option<f64>,
    /// Share of steps above P90.
    pub over_p90: f64,
    /// Share of steps above P95.
    pub over_p95: f64,
    /// By what the distance of P95 from the median would have to be multiplied for the day to hold
    /// 0.95 of its steps.
    pub needed: f64,
}

/// Whether the forecasts are as good as they use to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DriftState {
    /// They are.
    #[default]
    Steady,
    /// They have got worse, or hold too little.
    Drifting,
}

/// The tests' memory from night to night.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Drift {
    /// The state.
    pub state: DriftState,
    /// Cumulative sum of the loss beyond the usual, in spreads; alarm at 6.
    pub loss_sum: f64,
    /// Cumulative sum of the share above P95 beyond what is allowed; alarm at 0.6.
    pub over_sum: f64,
    /// Nights in this state.
    pub nights: u32,
    /// Nights in a row without a finding.
    pub calm: u32,
    /// Steady nights that tell what is usual; from none on when a drift has become the usual.
    pub known: u32,
}

/// Scores the first day of `forecast` by what was observed of it. `None` unless it is over and half
/// of it was observed. Steps that touch `left_out` do not count.
#[must_use]
pub fn score(
    forecast: &QuantileForecast,
    observed: &Series,
    left_out: &[Interval],
) -> Option<NightScore> {
    let observed = observed.resample(forecast.step).ok()?;
    let day = SignedDuration::from_hours(SCORED_HOURS);
    let end = forecast.start.checked_add(day).ok()?;
    let length = forecast.step.covering(day).min(forecast.rows.len());
    let week = 7 * day;
    let (mut steps, mut size, mut loss) = (0_usize, 0.0, 0.0);
    let (mut own, mut last_week, mut over) = (0.0, 0.0, [0.0, 0.0]);
    let mut expected = [0.0, 0.0];
    let mut reach: Vec<f64> = Vec::with_capacity(length);
    for (index, row) in forecast.rows.iter().take(length).enumerate() {
        let (at, next) = (forecast.time_at(index), forecast.time_at(index + 1));
        let out = left_out.iter().any(|one| one.start < next && one.end > at);
        let Some(actual) = observed.at(at).filter(|_| !out && next <= end) else {
            continue;
        };
        steps += 1;
        size += actual.abs();
        expected[0] += row[MEDIAN].abs();
        expected[1] += row[5].abs();
        for (level, place) in SCORED {
            let miss = actual - row[place];
            loss += 2.0 * (level * miss).max((level - 1.0) * miss) / SCORED.len() as f64;
        }
        over[0] += f64::from(actual > row[4]);
        over[1] += f64::from(actual > row[5]);
        let before = at.checked_sub(week).ok().and_then(|at| observed.at(at));
        if let Some(before) = before {
            own += (actual - row[MEDIAN]).abs();
            last_week += (actual - before).abs();
        }
        let width = (row[5] - row[MEDIAN]).max(1e-9 * row[5].abs()).max(1e-12);
        reach.push(((actual - row[MEDIAN]) / width).max(0.0));
    }
    if 2 * steps < length || steps == 0 {
        return None;
    }
    // A day without any demand is weighed by what was forecast; where that is nothing there is no loss.
    let sizes = [size, expected[0], expected[1]];
    let size = sizes.into_iter().find(|size| *size > 0.0).unwrap_or(1.0);
    reach.sort_by(f64::total_cmp);
    let needed = reach[(0.95 * (reach.len() - 1) as f64).ceil() as usize];
    Some(NightScore {
        steps,
        loss: loss / size,
        relative_error: (last_week > 0.0).then(|| own / last_week),
        over_p90: over[0] / steps as f64,
        over_p95: over[1] / steps as f64,
        needed: needed.min(100.0),
    })
}

impl Drift {
    /// The state after another night. `usual` are the losses of the nights that ended steady, the
    /// newest last.
    #[must_use]
    pub fn after(self, night: &NightScore, usual: &[f64]) -> Self {
        let known = usize::try_from(self.known).unwrap_or(usize::MAX);
        let usual = &usual[usual.len().saturating_sub(known)..];
        let beyond = spreads(night.loss, usual);
        let share = night.over_p95.min(MOST_OVER) - OVER_SLACK;
        let mut next = Self {
            loss_sum: (self.loss_sum + beyond - LOSS_SLACK).max(0.0),
            over_sum: (self.over_sum + share).max(0.0),
            nights: self.nights.saturating_add(1),
            ..self
        };
        match self.state {
            DriftState::Steady => {
                if next.loss_sum >= LOSS_ALARM || next.over_sum >= OVER_ALARM {
                    next.state = DriftState::Drifting;
                    (next.nights, next.calm) = (0, 0);
                } else {
                    next.known = self.known.saturating_add(1);
                }
            }
            DriftState::Drifting => {
                let calm = beyond < 1.0 && share < 0.0;
                next.calm = if calm { self.calm + 1 } else { 0 };
                let over = next.calm >= CALM_NIGHTS;
                if over || next.nights >= MOST_NIGHTS {
                    let known = if over { self.known } else { 0 };
                    next = Self {
                        known,
                        ..Self::default()
                    };
                }
            }
        }
        next
    }

    /// Why it is drifting, in plain words.
    #[must_use]
    pub fn reason(&self, night: &NightScore) -> String {
        format!(
            "last night's forecast: weighted quantile loss {:.3}, {:.0} % of the day above P95 (5 % \
             should be); cumulative sums {:.1} of {LOSS_ALARM} (loss) and {:.2} of {OVER_ALARM} \
             (coverage)",
            night.loss,
            100.0 * night.over_p95,
            self.loss_sum,
            self.over_sum
        )
    }
}

/// How many spreads `loss` lies beyond the usual; 0 while that is unknown.
fn spreads(loss: f64, usual: &[f64]) -> f64 {
    let recent = &usual[usual.len().saturating_sub(REFERENCE)..];
    let mut logs: Vec<f64> = recent.iter().map(|loss| loss.max(1e-6).ln()).collect();
    if logs.len() < LEAST_REFERENCE {
        return 0.0;
    }
    let centre = median(&mut logs);
    let mut sizes: Vec<f64> = logs.iter().map(|log| (log - centre).abs()).collect();
    let spread = (1.4826 * median(&mut sizes)).max(LEAST_SPREAD);
    ((loss.max(1e-6).ln() - centre) / spread).clamp(-MOST_SPREADS, MOST_SPREADS)
}

/// By what to multiply the band while drifting: what the last nights would have needed, each with
/// the widening it had, the newest last.
#[must_use]
pub fn widening(nights: &[(f64, f64)]) -> f64 {
    let recent = &nights[nights.len().saturating_sub(WIDENING_NIGHTS)..];
    let mut needed: Vec<f64> = recent.iter().map(|(needed, had)| needed * had).collect();
    median(&mut needed).clamp(WIDENING.0, WIDENING.1)
}

/// Multiplies the distance of every level from the median by `factor`; nothing falls below zero
/// that was not.
pub fn widen(forecast: &mut QuantileForecast, factor: f64) {
    for row in &mut forecast.rows {
        let (centre, least) = (row[MEDIAN], row[0].min(0.0));
        for value in row.iter_mut() {
            *value = (centre + factor * (*value - centre)).max(least);
        }
    }
}

/// Chooses anew how much history to learn from: the asked length or a shorter one, whichever did
/// best on the last `days` days, each forecast from what lay before it. Returns the length and its
/// loss over that of the asked one.
///
/// # Errors
/// As [`forecast`] for the asked length.
pub fn rechoose(request: &ForecastRequest<'_>, days: u32) -> Result<(u32, f64), ForecastError> {
    // By day, absent where it could not be scored.
    let losses = |training_days: u32| -> Result<Vec<Option<f64>>, ForecastError> {
        let mut losses = Vec::new();
        for back in 1..=days {
            let ago = SignedDuration::from_hours(24 * i64::from(back));
            let cutoff = request.cutoff.saturating_sub(ago).unwrap_or(Timestamp::MIN);
            let past = ForecastRequest {
                cutoff,
                training_days,
                horizon_steps: request.step.per_day(),
                ..request.clone()
            };
            let made = match forecast(&past) {
                Ok(made) => Some(made),
                // Where history begins there is nothing to compare.
                Err(ForecastError::NoHistory { .. }) => None,
                Err(error) => return Err(error),
            };
            losses.push(made.and_then(|made| {
                score(&made.forecast, request.history, request.left_out).map(|score| score.loss)
            }));
        }
        Ok(losses)
    };
    let asked = losses(request.training_days)?;
    let mut best = (request.training_days, 1.0);
    for shorter in SHORTER
        .into_iter()
        .filter(|days| *days < request.training_days)
    {
        let ratio = ratio(&losses(shorter)?, &asked);
        if ratio.is_some_and(|ratio| ratio < BETTER * best.1) {
            best = (shorter, ratio.unwrap_or(best.1));
        }
    }
    Ok(best)
}

/// Loss of one over that of the other on the days on which both were scored; `None` without any.
fn ratio(own: &[Option<f64>], other: &[Option<f64>]) -> Option<f64> {
    let both = own
        .iter()
        .zip(other)
        .filter_map(|(own, other)| Some(((*own)?, (*other)?)));
    let (own, other) = both.reduce(|sum, day| (sum.0 + day.0, sum.1 + day.1))?;
    Some(own / other.max(1e-12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_compared_on_the_days_that_both_have() {
        // A shorter one that could be scored on one day only, and was worse on it.
        let ratio_of = |own: &[Option<f64>]| ratio(own, &[Some(0.1), Some(0.1), Some(0.1)]);
        assert_eq!(ratio_of(&[Some(0.2), None, None]), Some(2.0));
        assert_eq!(ratio_of(&[None; 3]), None);
    }
}
