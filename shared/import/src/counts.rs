use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The most different minutes that one import holds: four years. Lines whose times are noise would
/// otherwise fill the memory.
pub const MOST_MINUTES: usize = 4 * 366 * 1440;

/// Requests by minute since 1970, in UTC.
///
/// Neighbouring lines mostly share their minute, so that the newest one is kept apart and costs an
/// addition.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, f64)>", into = "Vec<(i64, f64)>")]
pub struct Counts {
    minutes: BTreeMap<i64, f64>,
    newest: Option<(i64, f64)>,
}

impl Counts {
    /// Adds `count` to `minute`; `false` where there is no room for another minute.
    #[must_use]
    pub fn add(&mut self, minute: i64, count: f64) -> bool {
        if let Some((at, sum)) = &mut self.newest
            && *at == minute
        {
            *sum += count;
            return true;
        }
        self.settle();
        if self.minutes.len() >= MOST_MINUTES && !self.minutes.contains_key(&minute) {
            return false;
        }
        self.newest = Some((minute, count));
        true
    }

    /// Adds all of `other`; `false` where there is no room for all of it.
    #[must_use]
    pub fn merge(&mut self, other: &Self) -> bool {
        other.all().all(|(minute, count)| self.add(minute, count))
    }

    /// Every minute that was seen, in order.
    pub fn all(&self) -> impl Iterator<Item = (i64, f64)> {
        let mut newest = self.newest.filter(|(at, _)| !self.minutes.contains_key(at));
        let more = self.newest.map_or((i64::MIN, 0.0), |newest| newest);
        let mut settled = self.minutes.iter().map(move |(minute, count)| {
            let more = if *minute == more.0 { more.1 } else { 0.0 };
            (*minute, count + more)
        });
        let mut next = settled.next();
        std::iter::from_fn(move || {
            let from_newest = match (next, newest) {
                (Some((settled, _)), Some((at, _))) => at < settled,
                (None, Some(_)) => true,
                _ => false,
            };
            if from_newest {
                return newest.take();
            }
            std::mem::replace(&mut next, settled.next())
        })
    }

    /// The sum of all minutes.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.all().map(|(_, count)| count).sum()
    }

    fn settle(&mut self) {
        if let Some((minute, count)) = self.newest.take() {
            *self.minutes.entry(minute).or_default() += count;
        }
    }
}

impl PartialEq for Counts {
    fn eq(&self, other: &Self) -> bool {
        self.all().eq(other.all())
    }
}

impl From<Vec<(i64, f64)>> for Counts {
    fn from(pairs: Vec<(i64, f64)>) -> Self {
        Self {
            minutes: pairs.into_iter().collect(),
            newest: None,
        }
    }
}

impl From<Counts> for Vec<(i64, f64)> {
    fn from(counts: Counts) -> Self {
        counts.all().collect()
    }
}
