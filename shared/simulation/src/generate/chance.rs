use jiff::{SignedDuration, Timestamp};

use super::parts::whole_minutes;
use super::{Bump, Outage, Scenario};
use crate::Random;

const SPIKE_STREAM: u64 = 15;
const OUTAGE_STREAM: u64 = 16;

impl Scenario {
    /// Spikes that nobody announced: twofold to fivefold, up within 3 to 12 minutes.
    pub(super) fn random_spikes(&self) -> Vec<Bump> {
        self.at_random(SPIKE_STREAM, self.spikes_per_week, |start, chance| Bump {
            name: "spike".to_owned(),
            start,
            announced_at: None,
            multiplier: chance.between(2.0, 5.0),
            announced_multiplier: None,
            ramp: whole_minutes(chance.between(3.0, 12.0)),
            hold: whole_minutes(chance.between(0.0, 10.0)),
            half_life: whole_minutes(chance.between(15.0, 60.0)),
        })
    }

    /// Outages of 20 minutes to 2.5 hours that leave up to a tenth and come back half as high again.
    pub(super) fn random_outages(&self) -> Vec<Outage> {
        self.at_random(OUTAGE_STREAM, self.outages_per_week, |start, chance| {
            Outage {
                start,
                length: whole_minutes(chance.between(20.0, 150.0)),
                left: chance.between(0.0, 0.1),
                storm: 1.5,
                storm_half_life: SignedDuration::from_mins(10),
            }
        })
    }

    /// As many as come by themselves, each day on its own.
    fn at_random<T>(
        &self,
        stream: u64,
        per_week: f64,
        make: impl Fn(Timestamp, &mut Random) -> T,
    ) -> Vec<T> {
        (0..u64::from(self.days))
            .flat_map(|day| {
                let mut chance = Random::keyed(self.seed, &[stream, day]);
                let count = chance.poisson(per_week / 7.0) as u64;
                let of = |_, chance: &mut Random| {
                    let minute = day * 1440 + chance.below(1440);
                    make(self.time_at(usize::try_from(minute).unwrap_or(0)), chance)
                };
                (0..count).map(|n| of(n, &mut chance)).collect::<Vec<_>>()
            })
            .collect()
    }
}
