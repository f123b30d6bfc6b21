use jiff::{SignedDuration, Timestamp};

use super::{Bump, Scenario, Shape, Shift};

/// What `forescale demo` replays: eight weeks of history, then eight days with a campaign that is
/// announced the day before, a spike that nobody knew of, and servers that boot in 6 to 8 minutes.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The demand, history and replay.
    pub scenario: Scenario,
    /// Start of the replay.
    pub from: Timestamp,
    /// End of the replay.
    pub to: Timestamp,
    /// Requests a minute that one server carries.
    pub throughput: f64,
    /// Median boot.
    pub boot: SignedDuration,
    /// Spread of the boots.
    pub boot_spread: f64,
}

const HISTORY_DAYS: u32 = 56;
const REPLAY_DAYS: u32 = 8;

/// Name that all of the demo's campaigns share.
const CAMPAIGN: &str = "evening-sale";

impl Demo {
    /// The demo of `seed`. Its first campaign of the replay comes on the fourth evening, its spike
    /// on the sixth afternoon; two campaigns of the same name lie in the history.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // 2026-03-02T00:00:00Z, a Monday.
        let start = Timestamp::from_second(1_772_409_600).unwrap_or(Timestamp::UNIX_EPOCH);
        let at = |day: i64, hour: i64, minute: i64| {
            let minutes = (day * 24 + hour) * 60 + minute;
            start
                .saturating_add(SignedDuration::from_mins(minutes))
                .unwrap_or(Timestamp::MAX)
        };
        let first = i64::from(HISTORY_DAYS);
        let mut scenario = Scenario::new(start, HISTORY_DAYS + REPLAY_DAYS, 3_000.0, seed);
        scenario.growth_per_week = 0.01;
        let campaign = |day: i64, multiplier: f64| Bump {
            name: CAMPAIGN.to_owned(),
            start: at(day, 19, 0),
            announced_at: Some(at(day - 1, 15, 0)),
            multiplier,
            announced_multiplier: Some(2.5),
            ramp: SignedDuration::from_mins(10),
            hold: SignedDuration::from_mins(60),
            half_life: SignedDuration::from_mins(25),
        };
        let spike = Bump {
            name: "spike".to_owned(),
            start: at(first + 5, 14, 20),
            announced_at: None,
            multiplier: 2.2,
            announced_multiplier: None,
            ramp: SignedDuration::from_mins(8),
            hold: SignedDuration::from_mins(12),
            half_life: SignedDuration::from_mins(25),
        };
        scenario.bumps = vec![
            campaign(first - 25, 2.4),
            campaign(first - 11, 2.7),
            campaign(first + 3, 2.6),
            spike,
        ];
        Self {
            scenario,
            from: at(first, 0, 0),
            to: at(first + i64::from(REPLAY_DAYS), 0, 0),
            throughput: 250.0,
            boot: SignedDuration::from_secs(6 * 60 + 30),
            boot_spread: 0.06,
        }
    }

    /// The campaign of the replay.
    #[must_use]
    pub fn campaign(&self) -> Option<&Bump> {
        let mut bumps = self.scenario.bumps.iter();
        bumps.find(|bump| bump.name == CAMPAIGN && bump.start >= self.from)
    }
}

impl Scenario {
    /// Business hours with a sharp morning and quiet weekends.
    #[must_use]
    pub fn office(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        let mut scenario = Self::new(start, days, base, seed);
        scenario.shape = Shape::Office;
        scenario.week = [1.0, 1.05, 1.0, 1.0, 0.9, 0.15, 0.12];
        scenario
    }

    /// A consumer site that grows by a tenth a week.
    #[must_use]
    pub fn growing(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        let mut scenario = Self::new(start, days, base, seed);
        scenario.growth_per_week = 0.10;
        scenario
    }

    /// A small service with large swings from minute to minute and day to day.
    #[must_use]
    pub fn noisy(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        let mut scenario = Self::new(start, days, base, seed);
        (scenario.noise, scenario.burstiness, scenario.day_spread) = (0.10, 0.10, 0.10);
        scenario
    }

    /// A consumer site with random outages, each followed by a storm of retries.
    #[must_use]
    pub fn with_outages(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        let mut scenario = Self::new(start, days, base, seed);
        scenario.outages_per_week = 1.0;
        scenario
    }

    /// A consumer site with a spike a day that nobody announced.
    #[must_use]
    pub fn with_spikes(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        let mut scenario = Self::new(start, days, base, seed);
        scenario.spikes_per_week = 7.0;
        scenario
    }

    /// A consumer site whose level rises by three fifths at three fifths of the time and falls by
    /// a third at four fifths.
    #[must_use]
    pub fn shifting(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        let mut scenario = Self::new(start, days, base, seed);
        let at = |fifths: i64| {
            let hours = i64::from(days) * 24 * fifths / 5;
            start
                .saturating_add(SignedDuration::from_hours(hours))
                .unwrap_or(Timestamp::MAX)
        };
        scenario.shifts = vec![
            Shift {
                at: at(3),
                factor: 1.6,
            },
            Shift {
                at: at(4),
                factor: 2.0 / 3.0,
            },
        ];
        scenario
    }

    /// A consumer site with an announced broadcast every week: four to eight times the demand
    /// within two minutes, and an announcement that is off by a quarter.
    #[must_use]
    pub fn with_broadcasts(start: Timestamp, days: u32, base: f64, seed: u64) -> Self {
        let mut scenario = Self::new(start, days, base, seed);
        scenario.bumps = (0..u64::from(days / 7))
            .map(|week| {
                let mut chance = crate::Random::keyed(seed, &[21, week]);
                let multiplier = chance.between(4.0, 8.0);
                let minute = (week as i64 * 7 + 3) * 1440 + 20 * 60 + 30 + chance.below(60) as i64;
                let start = start
                    .saturating_add(SignedDuration::from_mins(minute))
                    .unwrap_or(Timestamp::MAX);
                Bump {
                    name: "broadcast".to_owned(),
                    start,
                    announced_at: start.checked_sub(SignedDuration::from_hours(7 * 24)).ok(),
                    multiplier,
                    announced_multiplier: Some(chance.lognormal(multiplier, 0.25)),
                    ramp: SignedDuration::from_mins(2),
                    hold: SignedDuration::ZERO,
                    half_life: SignedDuration::from_mins(15),
                }
            })
            .collect();
        scenario
    }
}
