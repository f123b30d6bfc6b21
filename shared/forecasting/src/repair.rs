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
/// ... for no longer than this, days, when it is over.
const CLOSED_DAYS: usize = 21;
/// Demand that has been gone for up to so many hours is an outage for sure. Then the chance that it comes
/// back halves with every so many days, and after the most of them it was switched off. By safety, not
/// from data: a plan must not scale down on an outage.
const SURE_HOURS: f64 = 36.0;
const GONE_HALF_LIFE_DAYS: f64 = 7.0;
const GONE_DAYS: usize = 28;
/// An outage counts no more than so many hours in the share of the steps that look like outages.
const MOST_COUNTED_HOURS: usize = 12;
/// A time of the week that had demand in each of so many weeks around, and has none once, had an
/// outage or was closed that day: nights and weekends without demand do not excuse it.
const LEAST_WEEKS: usize = 4;
const REACH_WEEKS: usize = 4;
/// Where more of the steps than this look like outages, they are how the demand is.
const OUTAGE_MOST: f64 = 0.05;

/// Why a step is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Below zero, which no count is.
    Negative,
    /// Next to nothing where there always is demand.
    Outage,
    /// Far less than the hours beside it and the same time of other days, once, and back.
    Dip,
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
            Self::Negative => "below zero: a count never is, so it was taken for a gap",
            Self::Outage => "outage: next to no demand at a time that always has some",
            Self::Dip => "partial outage: far below that time of every other day, once",
            Self::Spike => "spike: far above every other day, and over again",
        }
    }
}

/// Finds outages and one-off spikes. `values` hold NaN where nothing was observed, and nothing below
/// zero.
///
/// A spike that reaches the end may be a new level and is left alone; an outage that does is one, with
/// the chance of [`comes_back`].
pub(crate) fn find(values: &[f64], calendar: &Calendar) -> Vec<Repair> {
    let seen: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let mean = seen.iter().sum::<f64>() / seen.len().max(1) as f64;
    if mean <= 0.0 {
        return Vec::new();
    }
    let past = Past::new(values, calendar, mean);
    let reasons: Vec<Option<Reason>> = (0..values.len()).map(|index| past.judge(index)).collect();
    let hour = past.hour;
    let mut repairs = Vec::new();
    for (reason, most, counted) in [
        (Reason::Outage, OUTAGE_MOST, MOST_COUNTED_HOURS * hour),
        (Reason::Spike, SPIKE_MOST, usize::MAX),
    ] {
        let empty = |index: usize| reason == Reason::Outage && past.empty(index);
        let runs = runs(&reasons, reason, hour, empty);
        let found = |run: &Repair| {
            let within = reasons[run.from..run.to].iter();
            within.filter(|found| **found == Some(reason)).count()
        };
        let count: usize = runs.iter().map(|run| found(run).min(counted)).sum();
        if count as f64 > most * values.len() as f64 + 3.0 * hour as f64 {
            continue;
        }
        for run in runs {
            let length = run.to - run.from;
            if reason == Reason::Spike {
                let short = length <= IMPOSSIBLE_HOURS * hour;
                let open = run.to + hour > values.len();
                let believed = open && !(short && impossible(values, &reasons, &run));
                if found(&run) <= SPIKE_HOURS * hour && !believed {
                    repairs.push(run);
                }
            } else {
                let days = if is_open(values, &run) {
                    GONE_DAYS
                } else {
                    CLOSED_DAYS
                };
                // Before there was anything, nothing was out.
                let begun = values[..run.from].iter().any(|value| *value > 0.0);
                if length <= days * calendar.per_day && begun {
                    join(&mut repairs, past.extended(run));
                }
            }
        }
    }
    repairs.sort_by_key(|run| run.from);
    repairs
}

/// Appends a run, or lengthens the last one where they meet.
fn join(repairs: &mut Vec<Repair>, run: Repair) {
    match repairs.last_mut() {
        Some(last) if run.from <= last.to => last.to = last.to.max(run.to),
        _ => repairs.push(run),
    }
}

/// Whether no more came after a run than within it.
pub(crate) fn is_open(values: &[f64], run: &Repair) -> bool {
    let most = values[run.from..run.to].iter().copied().fold(0.0, f64::max);
    let mut after = values[run.to..].iter();
    after.all(|value| value.is_nan() || *value <= most)
}

/// Chance that demand that has been gone for so many hours comes back: 1 in the first day and a half.
pub(crate) fn comes_back(hours: f64) -> f64 {
    let days = ((hours - SURE_HOURS) / 24.0).max(0.0);
    0.5_f64.powf(days / GONE_HALF_LIFE_DAYS)
}

/// Whether a run lies above everything else by a factor that no demand has: a counter that ran over.
fn impossible(values: &[f64], reasons: &[Option<Reason>], run: &Repair) -> bool {
    let others = values.iter().zip(reasons);
    let others = others.filter(|(_, reason)| **reason != Some(Reason::Spike));
    let highest = others.map(|(value, _)| *value).fold(0.0, f64::max);
    let run = &values[run.from..run.to];
    run.iter().copied().fold(f64::MAX, f64::min) > IMPOSSIBLE * highest
}

/// The past, with what it takes to judge a step by the others.
struct Past<'a> {
    values: &'a [f64],
    per_day: usize,
    /// Steps of an hour.
    hour: usize,
    mean: f64,
    /// Of each step, the first one of the stretch of next to nothing that it is in; its own place
    /// where there was demand. What lies in the same stretch cannot tell what should have been.
    stretch: Vec<usize>,
}

impl<'a> Past<'a> {
    fn new(values: &'a [f64], calendar: &Calendar, mean: f64) -> Self {
        let mut stretch: Vec<usize> = (0..values.len()).collect();
        for index in 1..values.len() {
            // A gap ends no stretch.
            let empty = |at: usize| values[at].is_nan() || values[at] <= OUTAGE_PART * mean;
            if empty(index) && empty(index - 1) {
                stretch[index] = stretch[index - 1];
            }
        }
        Self {
            values,
            per_day: calendar.per_day,
            hour: (calendar.per_day / 24).max(1),
            mean,
            stretch,
        }
    }

    /// Whether next to nothing was observed.
    fn empty(&self, index: usize) -> bool {
        self.values[index] <= OUTAGE_PART * self.mean
    }

    /// Whether one step is out of all proportion to the same time on the days around it.
    fn judge(&self, index: usize) -> Option<Reason> {
        let (value, mean) = (self.values[index], self.mean);
        // Most steps are neither near zero nor far above the mean: spare them the sorting.
        if value.is_nan() || (value > OUTAGE_PART * mean * 4.0 && value < SPIKE_FACTOR * 0.5 * mean)
        {
            return None;
        }
        let mut around = self.around(index, self.per_day, (REACH_DAYS, 1));
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
            !self.always_empty(index)
        } else {
            self.closed(index)
        };
        found.then_some(Reason::Outage)
    }

    /// Whether that time of the week has next to nothing in the other weeks as well.
    fn always_empty(&self, index: usize) -> bool {
        let mut around = self.around(index, 7 * self.per_day, (REACH_WEEKS, 0));
        around.len() >= 2 && median(&mut around) <= OUTAGE_PART * self.mean
    }

    /// Whether there is next to nothing at a time of the week that has demand in all weeks around.
    fn closed(&self, index: usize) -> bool {
        if self.values[index] > OUTAGE_PART * self.mean * 4.0 {
            return false;
        }
        let mut around = self.around(index, 7 * self.per_day, (REACH_WEEKS, 0));
        if around.len() < LEAST_WEEKS {
            return false;
        }
        let usual = median(&mut around);
        around.sort_by(f64::total_cmp);
        let low = around[around.len() / 5];
        self.values[index] <= OUTAGE_PART * usual && low >= OUTAGE_LEAST * self.mean
    }

    /// An outage with the empty steps beside it: quiet hours alone would not give it away.
    fn extended(&self, run: Repair) -> Repair {
        let lost = |index: usize| {
            let mut around = self.around(index, self.per_day, (REACH_DAYS, self.hour));
            let usual = median(&mut around);
            self.empty(index) && usual > 0.0 && self.values[index] <= OUTAGE_PART * usual
        };
        let (mut from, mut to) = (run.from, run.to);
        while from > 0 && lost(from - 1) {
            from -= 1;
        }
        while to < self.values.len() && lost(to) {
            to += 1;
        }
        Repair { from, to, ..run }
    }

    /// What was observed in the `most` periods before and after `index`, and up to so many steps beside,
    /// without the periods that lie in the same stretch of next to nothing.
    fn around(&self, index: usize, period: usize, (most, beside): (usize, usize)) -> Vec<f64> {
        let mut around = Vec::with_capacity(2 * most * (2 * beside + 1));
        let own = |place: usize| self.stretch[place] == self.stretch[index];
        let mut side = |next: &dyn Fn(usize) -> Option<usize>| {
            let (mut place, mut taken) = (index, 0);
            while taken < most
                && let Some(there) = next(place).filter(|there| *there < self.values.len())
            {
                place = there;
                if own(place) {
                    continue;
                }
                taken += 1;
                let last = (place + beside).min(self.values.len() - 1);
                let near = place.saturating_sub(beside)..=last;
                let known = near
                    .filter(|near| !own(*near))
                    .map(|near| self.values[near]);
                around.extend(known.filter(|value| !value.is_nan()));
            }
        };
        side(&|place| place.checked_sub(period));
        side(&|place| place.checked_add(period));
        around
    }
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
        let mut values = open.clone();
        values[24 * 35..].fill(0.0);
        let found = find(&values, &calendar);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(is_open(&values, &found[0]));
        let mut values = open;
        values[24 * 10..].fill(0.0);
        assert_eq!(find(&values, &calendar), []);
    }

    #[test]
    fn an_outage_is_found_with_its_quiet_hours_however_long_it_was() {
        let wave = |i: usize| 100.0 * (1.1 - (i as f64 / 24.0 * std::f64::consts::TAU).cos());
        let (_, calendar) = self::wave(42);
        for (from, to) in [(400, 408), (480, 492), (500, 538), (500, 740), (1000, 1008)] {
            let mut values: Vec<f64> = (0..24 * 42).map(wave).collect();
            values[from..to].fill(0.0);
            let reason = Reason::Outage;
            assert_eq!(find(&values, &calendar), [Repair { from, to, reason }]);
        }
    }

    #[test]
    fn the_longer_demand_is_gone_the_less_it_is_waited_for() {
        assert_eq!(comes_back(36.0), 1.0);
        assert!((comes_back(36.0 + 24.0 * 7.0) - 0.5).abs() < 1e-12);
        assert!(comes_back(24.0 * 28.0) < 0.1);
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
        values[24 * 8..].iter_mut().for_each(|value| *value *= 0.1);
        assert_eq!(find(&values, &calendar), []);
        // A hundredth is no level but as good as nothing: an outage that is not over, which the less is
        // waited for the longer it lasts.
        let (mut values, calendar) = wave(28);
        values[24 * 20..]
            .iter_mut()
            .for_each(|value| *value *= 0.01);
        let found = find(&values, &calendar);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to == values.len() && is_open(&values, &found[0]));
        assert_eq!(find(&[f64::NAN; 200], &calendar), []);
    }
}
