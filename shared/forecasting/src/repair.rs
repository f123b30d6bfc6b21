use crate::calendar::Calendar;
use crate::numbers::median;

/// Days to either side that tell what a step should have been.
const REACH_DAYS: usize = 7;
/// Days with an observation that it takes to tell.
const LEAST_DAYS: usize = 4;
/// A spike is more than so many times the usual demand ...
const SPIKE_FACTOR: f64 = 4.0;
/// ... and so many robust standard deviations above it ...
const SPIKE_DEVIATIONS: f64 = 12.0;
/// ... for no longer than this.
const SPIKE_HOURS: usize = 6;
/// A spike that has just begun may stay and is believed, but for one by more than this factor over
/// all that ever was, for as long as this.
const IMPOSSIBLE: f64 = 30.0;
const IMPOSSIBLE_HOURS: usize = 2;
/// Where more of the steps than this, and three hours, look like spikes, bursts are how the demand
/// is.
const SPIKE_MOST: f64 = 0.006;
/// An outage is less than this part of the usual demand ...
const OUTAGE_PART: f64 = 0.02;
/// ... where even a low day has this part of the mean demand ...
const OUTAGE_LEAST: f64 = 0.2;
/// ... for no longer than this: what stays away longer was switched off.
const OUTAGE_HOURS: usize = 36;
/// A time of the week that had demand in each of so many weeks around, and has none once, had an
/// outage or was closed that day: nights and weekends without demand do not excuse it.
const LEAST_WEEKS: usize = 4;
const REACH_WEEKS: usize = 4;
/// Where more of the steps than this look like outages, they are how the demand is.
const OUTAGE_MOST: f64 = 0.05;

/// Why a step is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Next to nothing where there always is demand.
    Outage,
    /// Far more than ever at that time, once, and back.
    Spike,
}

/// A run of steps `[from, to)` that is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repair {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) reason: Reason,
}

impl Reason {
    /// The reason, for people.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Outage => "outage: next to no demand at a time that always has some",
            Self::Spike => "spike: far above every other day, and over again",
        }
    }
}

/// Finds outages and one-off spikes. `values` hold NaN where nothing was observed.
///
/// A spike that reaches the end may be a new level and is left alone; an outage that does is one.
pub(crate) fn find(values: &[f64], calendar: &Calendar) -> Vec<Repair> {
    let seen: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let mean = seen.iter().sum::<f64>() / seen.len().max(1) as f64;
    if mean <= 0.0 || seen.iter().any(|value| *value < 0.0) {
        return Vec::new();
    }
    let reasons: Vec<Option<Reason>> = (0..values.len())
        .map(|index| judge(values, calendar, index, mean))
        .collect();
    let hour = (calendar.per_day / 24).max(1);
    let mut repairs = Vec::new();
    for (reason, hours, most) in [
        (Reason::Outage, OUTAGE_HOURS, OUTAGE_MOST),
        (Reason::Spike, SPIKE_HOURS, SPIKE_MOST),
    ] {
        let empty = |index: usize| reason == Reason::Outage && values[index] <= OUTAGE_PART * mean;
        let runs = runs(&reasons, reason, hour, empty);
        let found = |run: &Repair| {
            let within = reasons[run.from..run.to].iter();
            within.filter(|found| **found == Some(reason)).count()
        };
        let count: usize = runs.iter().map(found).sum();
        if count as f64 > most * values.len() as f64 + 3.0 * hour as f64 {
            continue;
        }
        repairs.extend(runs.into_iter().filter(|run| {
            let open = reason == Reason::Spike && run.to + hour > values.len();
            let short = run.to - run.from <= IMPOSSIBLE_HOURS * hour;
            let believed = open && !(short && impossible(values, &reasons, run));
            found(run) <= hours * hour && !believed
        }));
    }
    repairs.sort_by_key(|run| run.from);
    repairs
}

/// Whether a run lies above everything else by a factor that no demand has: a counter that ran over.
fn impossible(values: &[f64], reasons: &[Option<Reason>], run: &Repair) -> bool {
    let others = values.iter().zip(reasons);
    let others = others.filter(|(_, reason)| **reason != Some(Reason::Spike));
    let highest = others.map(|(value, _)| *value).fold(0.0, f64::max);
    let run = &values[run.from..run.to];
    run.iter().copied().fold(f64::MAX, f64::min) > IMPOSSIBLE * highest
}

/// Whether one step is out of all proportion to the same time on the days around it.
fn judge(values: &[f64], calendar: &Calendar, index: usize, mean: f64) -> Option<Reason> {
    let value = values[index];
    // Most steps are neither near zero nor far above the mean: spare them the sorting.
    if value.is_nan() || (value > OUTAGE_PART * mean * 4.0 && value < SPIKE_FACTOR * 0.5 * mean) {
        return None;
    }
    let per_day = calendar.per_day;
    let mut around = around(values, index, per_day, (REACH_DAYS, 1));
    if around.len() < 3 * LEAST_DAYS {
        return None;
    }
    let usual = median(&mut around);
    let mut distances: Vec<f64> = around.iter().map(|value| (value - usual).abs()).collect();
    let deviation = 1.4826 * median(&mut distances);
    around.sort_by(f64::total_cmp);
    let low = around[around.len() / 5];
    let high = around[around.len() - 1];
    let spike = SPIKE_FACTOR * usual.max(0.2 * mean).max(0.5 * high);
    if value > spike && value > usual + SPIKE_DEVIATIONS * deviation {
        return Some(Reason::Spike);
    }
    let outage = value <= OUTAGE_PART * usual && low >= OUTAGE_LEAST * mean;
    let found = if outage {
        !always_empty(values, calendar, index, mean)
    } else {
        closed(values, calendar, index, mean)
    };
    found.then_some(Reason::Outage)
}

/// Whether that time of the week has next to nothing in the other weeks as well.
fn always_empty(values: &[f64], calendar: &Calendar, index: usize, mean: f64) -> bool {
    let mut around = around(values, index, 7 * calendar.per_day, (REACH_WEEKS, 0));
    around.len() >= 2 && median(&mut around) <= OUTAGE_PART * mean
}

/// Whether there is next to nothing at a time of the week that has demand in all weeks around.
fn closed(values: &[f64], calendar: &Calendar, index: usize, mean: f64) -> bool {
    if values[index] > OUTAGE_PART * mean * 4.0 {
        return false;
    }
    let mut around = around(values, index, 7 * calendar.per_day, (REACH_WEEKS, 0));
    if around.len() < LEAST_WEEKS {
        return false;
    }
    let usual = median(&mut around);
    around.sort_by(f64::total_cmp);
    values[index] <= OUTAGE_PART * usual && around[around.len() / 5] >= OUTAGE_LEAST * mean
}

/// What was observed up to so many periods before and after `index`, and up to so many steps beside.
fn around(values: &[f64], index: usize, period: usize, (most, beside): (usize, usize)) -> Vec<f64> {
    let mut around = Vec::with_capacity(2 * most * (2 * beside + 1));
    for periods in 1..=most {
        let back = index.checked_sub(periods * period);
        let ahead = Some(index + periods * period);
        for place in [back, ahead].into_iter().flatten() {
            let near = values.get(place.saturating_sub(beside)..=place + beside);
            let near = near.unwrap_or_default().iter();
            around.extend(near.filter(|value| !value.is_nan()));
        }
    }
    around
}

/// Runs of steps with `reason`. A believed gap of less than an hour does not end one, nor do steps
/// that are `empty` as well: a night without demand between two days without.
fn runs(
    reasons: &[Option<Reason>],
    reason: Reason,
    hour: usize,
    empty: impl Fn(usize) -> bool,
) -> Vec<Repair> {
    let mut runs: Vec<Repair> = Vec::new();
    for (index, found) in reasons.iter().enumerate() {
        if *found != Some(reason) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if index < run.to + hour.max(2) || (run.to..index).all(&empty) => {
                run.to = index + 1;
            }
            _ => runs.push(Repair {
                from: index,
                to: index + 1,
                reason,
            }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use timeseries::Step;

    use super::*;

    fn wave(days: usize) -> (Vec<f64>, Calendar) {
        let start = "2026-03-02T00:00:00Z".parse().unwrap();
        let values = (0..24 * days)
            .map(|i| 100.0 + 40.0 * (i as f64 / 24.0 * std::f64::consts::TAU).sin())
            .collect();
        let calendar = Calendar::new(start, Step::HOUR, 24 * (days + 1), &TimeZone::UTC);
        (values, calendar)
    }

    #[test]
    fn an_outage_and_a_spike_are_found() {
        let (mut values, calendar) = wave(28);
        values[100..105].fill(0.0);
        values[400..402].fill(3000.0);
        let found = find(&values, &calendar);
        let outage = Repair {
            from: 100,
            to: 105,
            reason: Reason::Outage,
        };
        let spike = Repair {
            from: 400,
            to: 402,
            reason: Reason::Spike,
        };
        assert_eq!(found, [outage, spike]);
    }

    #[test]
    fn a_closed_day_is_found_between_empty_nights_and_a_closure_for_good_is_believed() {
        let (mut values, calendar) = wave(42);
        for (index, value) in values.iter_mut().enumerate() {
            // Monday to Friday, eight to twenty.
            if (index / 24) % 7 > 4 || !(8..20).contains(&(index % 24)) {
                *value = 0.0;
            }
        }
        let open = values.clone();
        values[24 * 15..24 * 17].fill(0.0);
        let outage = Repair {
            from: 24 * 15 + 8,
            to: 24 * 16 + 20,
            reason: Reason::Outage,
        };
        assert_eq!(find(&values, &calendar), [outage]);
        let mut values = open;
        values[24 * 35..].fill(0.0);
        assert_eq!(find(&values, &calendar), []);
    }

    #[test]
    fn bursts_nights_and_a_new_level_are_believed() {
        let (mut values, calendar) = wave(28);
        for index in (0..values.len()).step_by(17) {
            values[index] = 2000.0;
        }
        assert_eq!(find(&values, &calendar), []);
        let (mut values, calendar) = wave(28);
        for (index, value) in values.iter_mut().enumerate() {
            if index % 24 < 7 {
                *value = 0.0;
            }
        }
        assert_eq!(find(&values, &calendar), []);
        let (mut values, calendar) = wave(28);
        values[24 * 28 - 3..].fill(5000.0);
        assert_eq!(find(&values, &calendar), []);
        let (mut values, calendar) = wave(28);
        values[24 * 20..]
            .iter_mut()
            .for_each(|value| *value *= 0.01);
        assert_eq!(find(&values, &calendar), []);
        assert_eq!(find(&[f64::NAN; 200], &calendar), []);
    }
}
