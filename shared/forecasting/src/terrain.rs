use crate::calendar::Calendar;
use crate::scale::LogScale;

/// What all members read: the window in both scales, its usual profile and how far demand lay
/// from it. It can be extended day by day with forecasts, to forecast beyond one day.
#[derive(Debug, Clone)]
pub(crate) struct Terrain<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) scale: LogScale,
    /// Demand up to the cutoff, then medians of the days forecast so far.
    pub(crate) values: Vec<f64>,
    /// The same in log scale.
    pub(crate) logs: Vec<f64>,
    /// Usual log demand of each step by the days before it, one day further than `values`. It
    /// reads lags of at least a day, so it never sees the day that is forecast.
    pub(crate) usual: Vec<f64>,
    /// What a day of the other kind (working day, weekend) counts against one of the same kind, where
    /// few days are known.
    other_kind: f64,
    /// Running sums of `logs - usual`: entry `i` holds the steps before `i`.
    gaps: Vec<f64>,
    /// Running sums of `logs`, likewise.
    sums: Vec<f64>,
}

/// Weight of a week against the week after it in the usual profile: with 0.7, half of the weight
/// lies in the last two weeks.
const WEEKLY_MEMORY: f64 = 0.7;
/// The same by days, where there are less than two weeks.
const DAILY_MEMORY: f64 = 0.75;
/// The least that a day of the other kind counts, for it may be all there is.
const LEAST_OTHER: f64 = 0.01;
/// Days from which on weeks tell what is usual.
const MANY_DAYS: usize = 21;
/// From here on working days and weekends are taken for different.
const DIFFERENT: f64 = 0.5;
/// Squared differences of logarithms over a day that are but rounding.
const ROUNDING: f64 = 1e-9;

impl<'a> Terrain<'a> {
    /// The terrain of a training window.
    pub(crate) fn new(values: &[f64], calendar: &'a Calendar) -> Self {
        let scale = LogScale::of(values);
        let mut terrain = Self {
            calendar,
            scale,
            values: Vec::with_capacity(calendar.slot.len()),
            logs: Vec::with_capacity(calendar.slot.len()),
            usual: Vec::with_capacity(calendar.slot.len()),
            other_kind: Kinds::of(values, scale, calendar).share,
            gaps: vec![0.0],
            sums: vec![0.0],
        };
        for day in values.chunks(calendar.per_day) {
            terrain.extend(day);
        }
        terrain.see_ahead();
        terrain
    }

    /// Appends values: observed ones or the medians of a forecast day.
    pub(crate) fn extend(&mut self, values: &[f64]) {
        self.values.extend_from_slice(values);
        self.logs
            .extend(values.iter().map(|value| self.scale.to(*value)));
        self.see_ahead();
    }

    /// Brings `usual` one day beyond the values and `gaps` up to them.
    fn see_ahead(&mut self) {
        let to = (self.values.len() + self.calendar.per_day).min(self.calendar.slot.len());
        for index in self.usual.len()..to {
            self.usual.push(self.usual_at(index));
        }
        for index in self.gaps.len() - 1..self.values.len() {
            let sum = self.gaps[index] + self.logs[index] - self.usual[index];
            self.gaps.push(sum);
            self.sums.push(self.sums[index] + self.logs[index]);
        }
    }

    fn usual_at(&self, index: usize) -> f64 {
        let (sum, weight, weeks) = self.weighted(index, 7, 8, WEEKLY_MEMORY);
        if weeks >= 2 {
            return sum / weight;
        }
        let (sum, weight, days) = self.weighted(index, 1, 7, DAILY_MEMORY);
        if days > 0 {
            return sum / weight;
        }
        self.logs.iter().sum::<f64>() / self.logs.len().max(1) as f64
    }

    /// Sum of log demand `1..=most` periods of `days` back with geometric weights, the sum of the
    /// weights, and how many there were.
    fn weighted(&self, index: usize, days: usize, most: usize, memory: f64) -> (f64, f64, usize) {
        let (mut sum, mut total, mut count, mut weight) = (0.0, 0.0, 0, 1.0);
        for back in 1..=most {
            let Some(past) = self.calendar.back(index, days * back, self.logs.len()) else {
                break;
            };
            let same = self.calendar.weekend(past) == self.calendar.weekend(index);
            let kind = if same { 1.0 } else { self.other_kind };
            sum += kind * weight * self.logs[past];
            total += kind * weight;
            count += 1;
            weight *= memory;
        }
        (sum, total, count)
    }

    /// Mean of log demand less usual log demand in the `steps` before `origin`.
    pub(crate) fn gap(&self, origin: usize, steps: usize) -> f64 {
        let from = origin.saturating_sub(steps);
        let count = (origin - from).max(1) as f64;
        (self.gaps[origin] - self.gaps[from]) / count
    }

    /// Mean log demand of the day before `origin`.
    pub(crate) fn level(&self, origin: usize) -> f64 {
        let from = origin.saturating_sub(self.calendar.per_day);
        (self.sums[origin] - self.sums[from]) / (origin - from).max(1) as f64
    }

    /// The same local time on the last day before `origin` of the same kind (working day, weekend), at most
    /// a week back; on the last day where there is none or the kinds do not differ.
    pub(crate) fn last_alike(&self, index: usize, origin: usize) -> Option<usize> {
        self.alike(index, origin)
            .next()
            .or_else(|| self.calendar.back(index, 1, origin))
    }

    /// The same local time on the days of the week before `origin` that are of the same kind, the latest
    /// first; on all of them where the kinds do not differ.
    pub(crate) fn alike(&self, index: usize, origin: usize) -> impl Iterator<Item = usize> {
        let calendar = self.calendar;
        let different = self.other_kind < DIFFERENT;
        (1..=7)
            .map_while(move |days| calendar.back(index, days, origin))
            .filter(move |past| !different || calendar.weekend(*past) == calendar.weekend(index))
    }

    /// Log demand at the same local time `days` before `index`, if there was any before `origin`.
    pub(crate) fn log_back(&self, index: usize, days: usize, origin: usize) -> Option<f64> {
        self.calendar
            .back(index, days, origin)
            .map(|past| self.logs[past])
    }
}

/// How working days and weekends differ, where few days are known.
pub(crate) struct Kinds {
    /// Part of the difference that is but what days of one kind differ by: 1 where nothing speaks for a
    /// difference, near 0 where they surely differ. 1 as well where weeks tell.
    pub(crate) share: f64,
    /// The difference as a logarithm, in the root mean square over the times of the day.
    pub(crate) difference: f64,
}

impl Kinds {
    /// Source: the shrinkage of James & Stein 1961, as the ratio of the variance that the difference of
    /// two means has by chance to its square, both over all times of the day.
    pub(crate) fn of(values: &[f64], scale: LogScale, calendar: &Calendar) -> Self {
        let alike = Self {
            share: 1.0,
            difference: 0.0,
        };
        if values.len() >= MANY_DAYS * calendar.per_day {
            return alike;
        }
        let mut cells = [0, 1].map(|_| vec![[0.0; 3]; calendar.per_day]);
        for (index, value) in values.iter().enumerate() {
            let cell = &mut cells[usize::from(calendar.weekend(index))][calendar.slot[index]];
            let log = scale.to(*value);
            for (sum, power) in cell.iter_mut().zip([1.0, log, log * log]) {
                *sum += power;
            }
        }
        let (mut noise, mut square, mut count) = (0.0, 0.0, 0.0);
        for (one, other) in cells[0].iter().zip(&cells[1]) {
            let freedom = one[0] + other[0] - 2.0;
            if one[0] < 1.0 || other[0] < 1.0 || freedom < 1.0 {
                continue;
            }
            let within: f64 = [one, other].map(|c| c[2] - c[1] * c[1] / c[0]).iter().sum();
            noise += within.max(0.0) / freedom * (1.0 / one[0] + 1.0 / other[0]);
            square += (one[1] / one[0] - other[1] / other[0]).powi(2);
            count += 1.0;
        }
        if square <= noise.max(ROUNDING) {
            return alike;
        }
        Self {
            share: (noise / square).max(LEAST_OTHER),
            difference: f64::sqrt(square / count),
        }
    }

    /// Whether they are taken for different.
    pub(crate) fn differ(&self) -> bool {
        self.share < DIFFERENT
    }
}
