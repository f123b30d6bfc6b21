//! What became of a group since Forescale acts on it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use timeseries::{Series, Step};

/// Weeks that are shown before and after the change.
pub const WEEKS: i64 = 4;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Weeks before and since a target is active.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Since when Forescale acts on the group.
    pub since: Timestamp,
    /// The weeks, oldest first: up to four before, and the newest four since.
    pub weeks: Vec<Week>,
    /// All weeks before in one; none where nothing was measured.
    pub before: Option<Means>,
    /// All shown weeks since in one.
    pub after: Option<Means>,
}

/// One week.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// Its start.
    pub from: Timestamp,
    /// Whether Forescale acted then.
    pub active: bool,
    /// What was measured.
    pub means: Means,
}

/// Means over the hours of which both demand and servers are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means {
    /// Requests per minute.
    pub demand: f64,
    /// Servers in service.
    pub servers: f64,
    /// Percent of CPU, where it is known.
    pub cpu: Option<f64>,
}

impl Means {
    /// Requests per minute that one server had.
    #[must_use]
    pub fn demand_per_server(&self) -> f64 {
        self.demand / self.servers
    }
}

/// The hours that metrics have to be read of, for an effect as of `now`.
#[must_use]
pub fn hours(since: Timestamp, now: Timestamp) -> (Timestamp, Timestamp) {
    let begin = since.saturating_sub(four_weeks());
    (Step::HOUR.floor(begin.unwrap_or(Timestamp::MIN)), now)
}

fn four_weeks() -> SignedDuration {
    SignedDuration::from_hours(WEEKS * 7 * 24)
}

/// The effect as of `now`, of demand in requests per minute and of hourly means of servers and CPU by
/// the start of their hour. `None` where no week since has both demand and servers.
#[must_use]
pub fn effect(
    since: Timestamp,
    now: Timestamp,
    demand: &Series,
    servers: &[(Timestamp, f64)],
    cpu: &[(Timestamp, f64)],
) -> Option<Effect> {
    let demand = demand.resample(Step::HOUR).ok()?;
    let cpu: BTreeMap<Timestamp, f64> = cpu.iter().copied().collect();
    let mut sums: BTreeMap<i64, Sums> = BTreeMap::new();
    for (at, servers) in servers {
        let known = demand.at(*at).filter(|value| value.is_finite());
        let Some(demand) = known.filter(|_| *servers > 0.0 && *at < now) else {
            continue;
        };
        // Weeks before count down from the change, weeks since up from it.
        let week = at
            .duration_since(since)
            .as_secs()
            .div_euclid(WEEK.as_secs());
        let sum = sums.entry(week).or_default();
        sum.add(demand, *servers, cpu.get(at).copied());
    }
    let newest = *sums.keys().next_back().filter(|week| **week >= 0)?;
    let shown = |week: i64| (-WEEKS..0).contains(&week) || week > newest - WEEKS;
    sums.retain(|week, _| shown(*week));
    let all = |active: bool| {
        let some = sums.iter().filter(|(week, _)| (**week >= 0) == active);
        some.fold(Sums::default(), |all, (_, sum)| all.with(sum))
            .means()
    };
    let weeks = sums.iter().filter_map(|(week, sum)| {
        let away = SignedDuration::from_secs(week.checked_mul(WEEK.as_secs())?);
        Some(Week {
            from: since.checked_add(away).ok()?,
            active: *week >= 0,
            means: sum.means()?,
        })
    });
    Some(Effect {
        since,
        before: all(false),
        after: all(true),
        weeks: weeks.collect(),
    })
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    hours: f64,
    demand: f64,
    servers: f64,
    cpu_hours: f64,
    cpu: f64,
}

impl Sums {
    fn add(&mut self, demand: f64, servers: f64, cpu: Option<f64>) {
        self.hours += 1.0;
        self.demand += demand;
        self.servers += servers;
        if let Some(cpu) = cpu {
            self.cpu_hours += 1.0;
            self.cpu += cpu;
        }
    }

    fn with(self, other: &Self) -> Self {
        Self {
            hours: self.hours + other.hours,
            demand: self.demand + other.demand,
            servers: self.servers + other.servers,
            cpu_hours: self.cpu_hours + other.cpu_hours,
            cpu: self.cpu + other.cpu,
        }
    }

    fn means(&self) -> Option<Means> {
        (self.hours > 0.0).then(|| Means {
            demand: self.demand / self.hours,
            servers: self.servers / self.hours,
            cpu: (self.cpu_hours > 0.0).then(|| self.cpu / self.cpu_hours),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hourly(from: Timestamp, hours: i64, value: impl Fn(i64) -> f64) -> Vec<(Timestamp, f64)> {
        let at = |hour| from + SignedDuration::from_hours(hour);
        (0..hours).map(|hour| (at(hour), value(hour))).collect()
    }

    #[test]
    fn fewer_servers_for_the_same_demand_are_seen_by_the_week() {
        let begin: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let weeks = 12;
        let since = begin + WEEK * 6;
        let hours = weeks * 168;
        let demand =
            Series::new(begin, Step::FIVE_MINUTES, vec![1200.0; 12 * hours as usize]).unwrap();
        let servers = hourly(begin, hours, |hour| if hour < 6 * 168 { 4.0 } else { 3.0 });
        // No CPU before.
        let cpu = hourly(since, 6 * 168, |_| 50.0);
        let now = begin + WEEK * 12;
        let found = effect(since, now, &demand, &servers, &cpu).unwrap();
        let active: Vec<bool> = found.weeks.iter().map(|week| week.active).collect();
        assert_eq!(active, [false, false, false, false, true, true, true, true]);
        assert_eq!(found.weeks[0].from, begin + WEEK * 2);
        assert_eq!(found.weeks[7].from, begin + WEEK * 11);
        let (before, after) = (found.before.unwrap(), found.after.unwrap());
        assert!((before.demand_per_server() - 300.0).abs() < 1e-9);
        assert!((after.demand_per_server() - 400.0).abs() < 1e-9);
        assert_eq!((before.cpu, after.cpu), (None, Some(50.0)));
    }

    #[test]
    fn without_servers_or_demand_there_is_no_effect() {
        let begin: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let now = begin + WEEK * 2;
        let since = begin + WEEK;
        let demand = Series::new(begin, Step::HOUR, vec![f64::NAN; 336]).unwrap();
        let servers = hourly(begin, 336, |_| 3.0);
        assert_eq!(effect(since, now, &demand, &servers, &[]), None);
        let demand = Series::new(begin, Step::HOUR, vec![10.0; 336]).unwrap();
        assert_eq!(effect(since, now, &demand, &[], &[]), None);
        assert_eq!(
            effect(since, now, &demand, &hourly(begin, 336, |_| 0.0), &[]),
            None
        );
        // Only before.
        assert_eq!(effect(since, now, &demand, &servers[..100], &[]), None);
        assert!(
            effect(since, now, &demand, &servers[200..], &[])
                .unwrap()
                .before
                .is_none()
        );
    }
}
