//! The step of a file, also where it changed or does not divide an hour.

use jiff::{SignedDuration, Timestamp};

use super::{MOST_STEPS, ReadReport};
use crate::{Aggregate, Series, Step, TimeSeriesError};

/// Steps from `first` to the one that holds `last`.
pub(super) fn length(
    first: Timestamp,
    last: Timestamp,
    step: Step,
) -> Result<u64, TimeSeriesError> {
    let steps = last.duration_since(first).as_secs().unsigned_abs() / u64::from(step.seconds()) + 1;
    if steps > MOST_STEPS {
        let step = step.seconds();
        return Err(TimeSeriesError::TooLong {
            first,
            last,
            steps,
            step,
            limit: MOST_STEPS,
        });
    }
    Ok(steps)
}

/// Steps that are read, in seconds.
pub(super) const WHOLE: std::ops::RangeInclusive<i64> = 60..=3600;

/// Every row as rows of the minutes that its `seconds` begin, in order of time and one a minute: a
/// count is spread evenly over them, a level holds in each. A row that begins sooner ends the one
/// before it; of rows within one minute the later wins, as within one step of any other grid.
pub(super) fn by_minute(
    rows: &[(Timestamp, f64)],
    seconds: i64,
    aggregate: Aggregate,
    duplicates: &mut u64,
) -> Vec<(Timestamp, f64)> {
    let share = match aggregate {
        Aggregate::Sum => 60.0 / seconds as f64,
        Aggregate::Mean => 1.0,
    };
    let mut begins: Vec<(Timestamp, f64)> = Vec::with_capacity(rows.len());
    for &(at, value) in rows {
        let minute = Step::MINUTE.floor(at);
        match begins.last_mut().filter(|last| last.0 == minute) {
            Some(last) => {
                *duplicates += 1;
                if value.is_finite() || last.1.is_nan() {
                    last.1 = value;
                }
            }
            None => begins.push((minute, value)),
        }
    }
    let nexts = begins.iter().skip(1).map(|next| Some(next.0));
    begins
        .iter()
        .zip(nexts.chain([None]))
        .flat_map(|(&(at, value), next)| {
            let minutes = (0..seconds).step_by(60).map(SignedDuration::from_secs);
            minutes
                .filter_map(move |offset| at.checked_add(offset).ok())
                .take_while(move |minute| next.is_none_or(|next| *minute < next))
                .map(move |minute| (minute, value * share))
        })
        .collect()
}

/// The grid, in seconds, that holds rows which begin at halves or quarters of an hour within their
/// step of `seconds`: local hours of zones such as Asia/Kolkata and Asia/Kathmandu. `None` where the
/// rows begin with the step, or late by anything else.
pub(super) fn shifted(rows: &[(Timestamp, f64)], seconds: i64) -> Option<i64> {
    const QUARTER: i64 = 900;
    if !WHOLE.contains(&seconds) || 3600 % seconds != 0 || seconds <= QUARTER {
        return None;
    }
    let least = LEAST_FINER.min(rows.len().div_ceil(2));
    [2 * QUARTER, QUARTER].into_iter().rev().find(|grid| {
        let off = |at: &Timestamp| at.as_second().rem_euclid(seconds);
        let own = |at: &Timestamp| {
            off(at) % grid == 0 && (*grid == QUARTER) == (off(at) % (2 * QUARTER) != 0)
        };
        let begins = rows
            .iter()
            .filter(|(at, _)| off(at) != 0 && own(at))
            .count();
        seconds % grid == 0 && begins >= least
    })
}

/// Rows in a row of a shorter step that it takes to believe in it.
pub const LEAST_FINER: usize = 24;

/// Seconds that each row stands for: the usual ones, but where a run of rows keeps another distance.
/// Single missing or doubled rows make no run, nor does a distance that does not divide an hour.
pub(super) fn spans(rows: &[(Timestamp, f64)], usual: i64) -> Vec<i64> {
    let mut spans = vec![usual; rows.len()];
    if !WHOLE.contains(&usual) || 3600 % usual != 0 {
        return spans;
    }
    let distance = |index: usize| -> Option<i64> {
        let next = rows.get(index + 1)?;
        Some(next.0.duration_since(rows[index].0).as_secs())
    };
    let mut from = 0;
    while let Some(own) = distance(from) {
        let (mut to, mut count) = (from + 1, 1);
        // A repeated row does not end a run.
        while let Some(next) = distance(to).filter(|next| *next == own || *next == 0) {
            to += 1;
            count += usize::from(next == own);
        }
        let divides = WHOLE.contains(&own) && own % 60 == 0 && 3600 % own == 0;
        let whole = divides && own > usual && own % usual == 0 && count as i64 * own >= 86_400;
        let finer = divides && own < usual && usual % own == 0 && count >= LEAST_FINER;
        if whole || finer {
            spans[from..to].fill(own);
            // The last row of a run stands for as much as those before it, unless another begins.
            let next = distance(to);
            if next.is_none_or(|next| next > own && next != usual) {
                spans[to] = own;
            }
        }
        from = to;
    }
    spans
}

/// The rows on the grid of `step`, each over the seconds it stands for.
pub(super) fn by_span(
    rows: Vec<(Timestamp, f64)>,
    spans: &[i64],
    step: Step,
    aggregate: Aggregate,
    mut report: ReadReport,
) -> Result<(Series, ReadReport), TimeSeriesError> {
    let seconds = i64::from(step.seconds());
    let first = step.floor(rows[0].0);
    let (end, span) = (rows[rows.len() - 1].0, spans[spans.len() - 1]);
    let end = end.saturating_add(SignedDuration::from_secs((span - seconds).max(0)));
    let steps = length(first, end.unwrap_or(Timestamp::MAX), step)?;
    let mut values = vec![f64::NAN; usize::try_from(steps).unwrap_or(usize::MAX)];
    // How much each cell's row stands for: what is finer goes before what is coarser.
    let mut fineness = vec![i64::MAX; values.len()];
    for ((at, value), span) in rows.into_iter().zip(spans) {
        let rate = match aggregate {
            Aggregate::Sum => value * 60.0 / *span as f64,
            Aggregate::Mean => value,
        };
        let from = at.duration_since(first).as_secs().unsigned_abs() / seconds.unsigned_abs();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let cells = usize::try_from((span / seconds).max(1)).unwrap_or(1);
        report.duplicates += u64::from(fineness.get(from) == Some(span));
        for index in from..(from + cells).min(values.len()) {
            let better = *span <= fineness[index] && rate.is_finite();
            if better || values[index].is_nan() {
                values[index] = rate;
                fineness[index] = *span;
            }
        }
    }
    report.missing = values.iter().filter(|value| value.is_nan()).count() as u64;
    Ok((Series::new(first, step, values)?, report))
}

/// The step that rows are late for by a little each, as exporters write them: of no distance there are
/// many, but the median one is close to a step, and each step has about one row. `None` of other rows.
fn jittered(
    rows: &[(Timestamp, f64)],
    distances: &std::collections::BTreeMap<i64, u64>,
) -> Option<i64> {
    let total: u64 = distances.values().sum();
    let most = distances.values().max().copied()?;
    if total < LEAST_FINER as u64 || 2 * most >= total {
        return None;
    }
    let mut below = 0;
    let median = distances.iter().find_map(|(seconds, count)| {
        below += count;
        (2 * below >= total).then_some(*seconds)
    })?;
    let steps = WHOLE.step_by(60).filter(|step| 3600 % step == 0);
    let step = steps.min_by_key(|step| (step - median).abs())?;
    let mut cells: Vec<i64> = (rows.iter())
        .map(|(at, _)| at.as_second().div_euclid(step))
        .collect();
    cells.dedup();
    let near = 10 * (step - median).abs() <= step;
    (near && 10 * cells.len() >= 9 * rows.len()).then_some(step)
}

/// The most frequent positive distance between neighbours in seconds; the shorter of equally
/// frequent ones, an hour without any. Of rows that are late by a little each, their step.
pub(super) fn usual_step(rows: &[(Timestamp, f64)]) -> i64 {
    let mut counts = std::collections::BTreeMap::<i64, u64>::new();
    for pair in rows.windows(2) {
        let distance: SignedDuration = pair[1].0.duration_since(pair[0].0);
        if distance.is_positive() {
            *counts.entry(distance.as_secs()).or_default() += 1;
        }
    }
    if let Some(step) = jittered(rows, &counts) {
        return step;
    }
    let most = counts.values().max().copied();
    let usual = counts.iter().find(|(_, count)| Some(**count) == most);
    usual.map_or(i64::from(Step::HOUR.seconds()), |(seconds, _)| *seconds)
}
