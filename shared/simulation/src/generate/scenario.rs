use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

use super::parts::minutes;
use super::{Bump, Outage, Shape, Shift};
use crate::{Random, SimulationError};

/// Most days one scenario may have: 4 MB of minutes a year.
const MOST_DAYS: u32 = 1_000;

const DAY_STREAM: u64 = 11;
const NOISE_STREAM: u64 = 12;
const BURST_STREAM: u64 = 13;
const COUNT_STREAM: u64 = 14;

/// How long a retry storm is followed.
const STORM: i64 = 240;

/// Half-lives after which a bump is over: a millionth is left.
const FADES: f64 = 20.0;

/// A service's demand over some days, with everything as a parameter.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// First minute.
    pub start: Timestamp,
    /// Days of 24 hours, 1 to 1000.
    pub days: u32,
    /// Zone that rules days and weeks.
    pub zone: TimeZone,
    /// Mean demand of a day of weight 1, requests per minute.
    pub base: f64,
    /// How a day runs.
    pub shape: Shape,
    /// Weight of each day of the week, Monday first.
    pub week: [f64; 7],
    /// Growth in a week, 0.01 is one percent.
    pub growth_per_week: f64,
    /// Spread of whole days (standard deviation of the logarithm).
    pub day_spread: f64,
    /// Spread of minutes (standard deviation of the logarithm), with memory.
    pub noise: f64,
    /// Correlation of a minute's noise with the minute before, 0 to below 1.
    pub noise_memory: f64,
    /// Further spread of minutes, without memory.
    pub burstiness: f64,
    /// Whether minutes are whole counts, drawn around their mean as independent arrivals are.
    pub counts: bool,
    /// Campaigns and spikes by name.
    pub bumps: Vec<Bump>,
    /// Outages.
    pub outages: Vec<Outage>,
    /// Lasting changes of level.
    pub shifts: Vec<Shift>,
    /// Spikes that nobody announced, a week on average, at random.
    pub spikes_per_week: f64,
    /// Outages a week on average, at random.
    pub outages_per_week: f64,
    /// Seed of all chance.
    pub seed: u64,
}

/// What came of a scenario.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Requests per minute, by the minute.
    pub demand: Series,
    /// Every campaign and spike, the random ones included, by start.
    pub bumps: Vec<Bump>,
    /// Every outage, the random ones included, by start.
    pub outages: Vec<Outage>,
}

impl Scenario {
    /// A steady consumer site of `base` requests per minute over `days` from `start` on, in UTC.
    #[must_use]
    pub fn new(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        Self {
            start,
            days,
            zone: TimeZone::UTC,
            base,
            shape: Shape::Web,
            week: [1.0, 1.0, 1.0, 1.0, 1.05, 0.9, 0.85],
            growth_per_week: 0.0,
            day_spread: 0.04,
            noise: 0.045,
            noise_memory: 0.7,
            burstiness: 0.0,
            counts: true,
            bumps: Vec::new(),
            outages: Vec::new(),
            shifts: Vec::new(),
            spikes_per_week: 0.0,
            outages_per_week: 0.0,
            seed,
        }
    }

    /// The demand.
    ///
    /// # Errors
    /// [`SimulationError::Value`] for a parameter outside its range.
    pub fn generate(&self) -> Result<Generated, SimulationError> {
        self.check()?;
        let mut bumps = self.bumps.clone();
        bumps.extend(self.random_spikes());
        bumps.sort_by_key(|bump| bump.start);
        let mut outages = self.outages.clone();
        outages.extend(self.random_outages());
        outages.sort_by_key(|outage| outage.start);
        let mut values = self.rhythm();
        self.shift(&mut values);
        self.raise(&mut values, &bumps);
        self.interrupt(&mut values, &outages);
        self.roughen(&mut values);
        let demand = Series::new(self.start, Step::MINUTE, values);
        Ok(Generated {
            demand: demand.map_err(|_| self.wrong("start", self.start, "a whole minute"))?,
            bumps,
            outages,
        })
    }

    /// Days, weeks, growth and what each day is like.
    fn rhythm(&self) -> Vec<f64> {
        let shape = self.shape.by_minute();
        let mut values = Vec::with_capacity(self.minutes());
        let mut level = 0.0;
        let mut of_day = 0_usize;
        for minute in 0..self.minutes() {
            let at = self.time_at(minute);
            // Zones change by quarter hours at the finest.
            if minute % 15 == 0 || at.as_second() % 900 == 0 {
                let local = at.to_zoned(self.zone.clone());
                let days = local.date().since(jiff::civil::date(1970, 1, 1));
                let day = days.map_or(0, |span| i64::from(span.get_days()));
                let luck = Random::keyed(self.seed, &[DAY_STREAM, day.cast_unsigned()])
                    .lognormal(1.0, self.day_spread);
                let weekday = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
                let weeks = minute as f64 / 10_080.0;
                let growth = libm::pow(1.0 + self.growth_per_week, weeks);
                level = self.base * self.week[weekday % 7] * growth * luck;
                of_day = usize::from(local.hour().unsigned_abs()) * 60
                    + usize::from(local.minute().unsigned_abs());
            }
            values.push(level * shape[of_day % shape.len()]);
            of_day += 1;
        }
        values
    }

    fn shift(&self, values: &mut [f64]) {
        for shift in &self.shifts {
            let from = self.minute_of(shift.at).max(0);
            let from = usize::try_from(from).unwrap_or(0).min(values.len());
            values[from..].iter_mut().for_each(|v| *v *= shift.factor);
        }
    }

    fn raise(&self, values: &mut [f64], bumps: &[Bump]) {
        let mut factors = vec![1.0_f64; values.len()];
        for bump in bumps {
            let start = self.minute_of(bump.start);
            let from = usize::try_from(start.max(0))
                .unwrap_or(0)
                .min(factors.len());
            let span = minutes(bump.ramp) + minutes(bump.hold) + FADES * minutes(bump.half_life);
            for (index, factor) in factors.iter_mut().enumerate().skip(from) {
                let since = index as f64 - start as f64;
                if since > span {
                    break;
                }
                let now = 1.0 + (bump.multiplier - 1.0) * bump.height(since);
                // A multiplier below 1 is a lull.
                *factor = if bump.multiplier >= 1.0 {
                    factor.max(now)
                } else {
                    factor.min(now)
                };
            }
        }
        values.iter_mut().zip(&factors).for_each(|(v, f)| *v *= f);
    }

    fn interrupt(&self, values: &mut [f64], outages: &[Outage]) {
        for outage in outages {
            let start = self.minute_of(outage.start);
            let end = start + minutes(outage.length) as i64;
            let half_life = minutes(outage.storm_half_life).max(1e-9);
            for index in start.max(0)..(end + STORM).max(0) {
                let Some(value) = usize::try_from(index).ok().and_then(|i| values.get_mut(i))
                else {
                    break;
                };
                *value *= if index < end {
                    outage.left
                } else {
                    1.0 + (outage.storm - 1.0) * libm::exp2(-((index - end) as f64) / half_life)
                };
            }
        }
    }

    /// Minute noise. Each factor has a mean of 1.
    fn roughen(&self, values: &mut [f64]) {
        let mut chance = Random::keyed(self.seed, &[NOISE_STREAM]);
        let fresh = libm::sqrt(1.0 - self.noise_memory * self.noise_memory);
        let mut state = chance.normal();
        for (index, value) in values.iter_mut().enumerate() {
            let factor = libm::exp(self.noise * state - 0.5 * self.noise * self.noise);
            state = self.noise_memory * state + fresh * chance.normal();
            let mut mean = *value * factor;
            let minute = index as u64;
            if self.burstiness > 0.0 {
                let spread = self.burstiness;
                let burst = Random::keyed(self.seed, &[BURST_STREAM, minute]).normal();
                mean *= libm::exp(spread * burst - 0.5 * spread * spread);
            }
            *value = if self.counts {
                Random::keyed(self.seed, &[COUNT_STREAM, minute]).poisson(mean)
            } else {
                mean
            };
        }
    }

    fn minutes(&self) -> usize {
        self.days as usize * 1440
    }

    pub(super) fn time_at(&self, minute: usize) -> Timestamp {
        let by = SignedDuration::from_mins(i64::try_from(minute).unwrap_or(0));
        self.start.saturating_add(by).unwrap_or(Timestamp::MAX)
    }

    /// Minutes from the start, negative before it.
    fn minute_of(&self, at: Timestamp) -> i64 {
        self.start.duration_until(at).as_secs().div_euclid(60)
    }

    fn check(&self) -> Result<(), SimulationError> {
        if !(1..=MOST_DAYS).contains(&self.days) {
            return Err(self.wrong("days", self.days, "1 to 1000"));
        }
        if !(0.0..1.0).contains(&self.noise_memory) {
            return Err(self.wrong("noise_memory", self.noise_memory, "0 to below 1"));
        }
        if self.growth_per_week.is_nan() || self.growth_per_week <= -1.0 {
            return Err(self.wrong("growth_per_week", self.growth_per_week, "above -1"));
        }
        let plain = [
            ("base", self.base),
            ("day_spread", self.day_spread),
            ("noise", self.noise),
            ("burstiness", self.burstiness),
            ("spikes_per_week", self.spikes_per_week),
            ("outages_per_week", self.outages_per_week),
        ];
        let weights = self.week.iter().map(|weight| ("week", *weight));
        let shifts = self
            .shifts
            .iter()
            .map(|shift| ("shifts.factor", shift.factor));
        let bumps = self
            .bumps
            .iter()
            .map(|bump| ("bumps.multiplier", bump.multiplier));
        let all = plain.into_iter().chain(weights).chain(shifts).chain(bumps);
        for (field, value) in all {
            if !(value.is_finite() && value >= 0.0) {
                return Err(self.wrong(field, value, "0 or more"));
            }
        }
        Ok(())
    }

    fn wrong<T: std::fmt::Display>(
        &self,
        field: &'static str,
        value: T,
        allowed: &'static str,
    ) -> SimulationError {
        SimulationError::Value {
            field,
            value: value.to_string(),
            allowed,
        }
    }
}
