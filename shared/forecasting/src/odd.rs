//! Hours that lie far from the same time of the days and weeks around, and are over: half a site down for an
//! afternoon, ten times the usual for one. They are taken out like an outage: they do not tell what comes.
//!
//! Hours are compared, whatever the step, so that the noise of fine steps does not hide them.

use crate::calendar::Calendar;
use crate::numbers::median;
use crate::repair::{Reason, Repair};

/// The least that a dip lies below, and a peak above, as logarithms. A peak that is believed costs
/// servers, one that is not costs requests, so it takes more.
const LEAST: [f64; 2] = [0.6, 1.4];
/// And robust standard deviations that either lies off.
const DEVIATIONS: f64 = 6.0;
/// Hours beside it that lie off by this part of the limit belong to it.
const FLANK: f64 = 0.5;
/// The most hours of either; what lasts longer may be a shift of the level, or a day off.
const LONGEST: usize = 12;
/// A dip that reaches the end may be a shift of the level, unless it lies below by this.
const LEAST_OPEN: f64 = 1.05;
/// Hours before and after that tell the level, and how many of them must be known.
const BESIDE: usize = 36;
const LEAST_BEFORE: usize = 12;
const LEAST_AFTER: usize = 3;
/// Weeks and days to either side that are compared with.
const WEEKS: usize = 4;
const DAYS: usize = 7;
/// Any of them that is off by this part as much tells that it comes again.
const AGAIN: f64 = 0.5;
/// More than one and so many a week of a sort are how the demand is.
const MOST_A_WEEK: f64 = 0.5;
/// Share of the mean demand that is added before taking logarithms.
const GUARD: f64 = 0.05;

/// Finds them. `values` hold NaN where nothing was observed or believed.
pub(crate) fn find(values: &[f64], calendar: &Calendar) -> Vec<Repair> {
    let width = (calendar.per_day / 24).max(1);
    let skipped = values.len() % width;
    let odd = Odd::of(&values[skipped..], width, calendar.per_day / width);
    let mut repairs: Vec<Repair> = [-1.0, 1.0]
        .into_iter()
        .flat_map(|side| odd.runs(side))
        .map(|(from, to, reason)| Repair {
            from: skipped + from * width,
            to: skipped + to * width,
            reason,
        })
        .collect();
    repairs.sort_by_key(|repair| repair.from);
    repairs
}

struct Odd {
    /// Distance of each hour from the same time of the weeks around; NaN where that is not known.
    gaps: Vec<f64>,
    /// The same from the level of the hours before it.
    off: Vec<f64>,
    /// Usual size of the distances.
    deviation: f64,
    /// Hours of a day.
    per_day: usize,
}

impl Odd {
    fn of(values: &[f64], width: usize, per_day: usize) -> Self {
        let hours: Vec<f64> = values.chunks_exact(width).map(mean).collect();
        let known = hours.iter().filter(|hour| !hour.is_nan());
        let (sum, count) = known.fold((0.0, 0.0), |(sum, n), hour| (sum + hour, n + 1.0));
        let guard = GUARD * sum / f64::max(count, 1.0);
        // A mean of nothing has logarithms of minus infinity, which say nothing either.
        let logs: Vec<f64> = hours
            .iter()
            .map(|hour| (hour + guard).ln())
            .map(|log| if log.is_finite() { log } else { f64::NAN })
            .collect();
        let gaps: Vec<f64> = (0..logs.len())
            .map(|hour| gap(&logs, hour, 7 * per_day))
            .collect();
        let deviation = 1.4826 * median(&mut gaps.iter().map(|gap| gap.abs()).collect());
        let mut off = vec![f64::NAN; gaps.len()];
        let mut before = Vec::with_capacity(BESIDE);
        for (hour, gap) in gaps.iter().enumerate() {
            // Most hours lie where they always do: spare them the sorting.
            if gap.is_nan() || gap.abs() < FLANK * LEAST[0] {
                off[hour] = gap * 0.0;
                continue;
            }
            before.clear();
            let beside = gaps[hour.saturating_sub(BESIDE)..hour].iter();
            before.extend(beside.filter(|gap| !gap.is_nan()));
            if before.len() >= LEAST_BEFORE {
                off[hour] = gap - median(&mut before);
            }
        }
        Self {
            gaps,
            off,
            deviation,
            per_day,
        }
    }

    /// Runs of hours that lie off to one side (-1 below, 1 above), once, with what they are.
    fn runs(&self, side: f64) -> Vec<(usize, usize, Reason)> {
        let (least, reason) = if side < 0.0 {
            (LEAST[0], Reason::Dip)
        } else {
            (LEAST[1], Reason::Spike)
        };
        let limit = least.max(DEVIATIONS * self.deviation);
        let far = |hour: usize, part: f64| side * self.off[hour] >= part * limit;
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for hour in (0..self.off.len()).filter(|hour| far(*hour, 1.0)) {
            let mut from = hour;
            match runs.last_mut() {
                Some(run) if hour <= run.1 + 1 => run.1 = run.1.max(hour + 1),
                _ => {
                    while from > 0 && far(from - 1, FLANK) {
                        from -= 1;
                    }
                    runs.push((from, hour + 1));
                }
            }
            if let Some(run) = runs.last_mut() {
                while run.1 < self.off.len() && far(run.1, FLANK) {
                    run.1 += 1;
                }
            }
        }
        let weeks = self.off.len() as f64 / (7 * self.per_day) as f64;
        if runs.len() as f64 > 1.0 + MOST_A_WEEK * weeks {
            return Vec::new();
        }
        runs.retain(|run| self.once(*run, side, limit));
        runs.into_iter()
            .map(|(from, to)| (from, to, reason))
            .collect()
    }

    /// Whether a run is short, over, and nothing like it was at that time on another day.
    fn once(&self, (from, to): (usize, usize), side: f64, limit: f64) -> bool {
        let end = self.gaps.len();
        let middle = |hours: std::ops::Range<usize>| {
            let mut known: Vec<f64> = self.gaps[hours].to_vec();
            known.retain(|gap| !gap.is_nan());
            (known.len(), median(&mut known))
        };
        if to - from > LONGEST {
            return false;
        }
        let (_, own) = middle(from..to);
        let (after, level) = middle(to..end.min(to + BESIDE));
        let lies_off = if after < LEAST_AFTER {
            let (before, level) = middle(from.saturating_sub(LEAST_AFTER)..from);
            let far = side * (own - level) >= limit.max(LEAST_OPEN);
            side < 0.0 && before == LEAST_AFTER && to - from < LONGEST && far
        } else {
            side * (own - level) >= limit
        };
        let again = (from..to)
            .filter(|hour| self.comes_again(*hour, side))
            .count();
        lies_off && 3 * again <= to - from
    }

    /// Whether another day is off to the same side at that time.
    fn comes_again(&self, hour: usize, side: f64) -> bool {
        let days = (1..=DAYS).chain((2..=WEEKS).map(|week| 7 * week));
        days.flat_map(|days| {
            let lag = days * self.per_day;
            [hour.checked_sub(lag), hour.checked_add(lag)]
        })
        .flatten()
        .filter_map(|other| self.off.get(other))
        .any(|other| side * other >= AGAIN * side * self.off[hour])
    }
}

/// Distance of an hour from the median of the same time of the weeks around; from the nearer one where
/// there are but two, for one of them may be odd itself.
fn gap(logs: &[f64], hour: usize, week: usize) -> f64 {
    let mut around = Vec::with_capacity(2 * WEEKS);
    for weeks in 1..=WEEKS {
        let places = [
            hour.checked_sub(weeks * week),
            hour.checked_add(weeks * week),
        ];
        let known = places.into_iter().flatten();
        around.extend(known.filter_map(|place| logs.get(place).copied()));
    }
    around.retain(|log| !log.is_nan());
    if around.len() > 2 {
        return logs[hour] - median(&mut around);
    }
    let [one, other] = around[..] else {
        return f64::NAN;
    };
    // NaN stays NaN.
    logs[hour] - logs[hour].max(one.min(other)).min(one.max(other)) + 0.0 * logs[hour]
}

/// Mean of what is known, when that is at least half; else NaN.
fn mean(values: &[f64]) -> f64 {
    let known = values.iter().filter(|value| !value.is_nan());
    let (sum, count) = known.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
    if 2 * count < values.len() {
        return f64::NAN;
    }
    sum / f64::from(u32::try_from(count).unwrap_or(1))
}
