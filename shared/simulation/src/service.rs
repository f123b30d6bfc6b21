//! A service on a simulated group, as its metrics show it: what servers do under load, and what
//! goes wrong with them.
//!
//! Every minute demand is spread over the servers in service. A server's CPU follows its load; its
//! response time grows as in a queue with so many workers until it is full; what it cannot carry
//! fails. Something behind the service takes part in each request and fails what is above its
//! limit. Source of the queue: Sakasegawa, "An approximation formula Lq = a rho^b / (1 - rho)",
//! Annals of the Institute of Statistical Mathematics 29, 1977.

use std::collections::BTreeMap;

use fleet::{Group, Lifecycle};
use jiff::Timestamp;

use crate::{Random, SimulatedGroup};

/// How a healthy service behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSpec {
    /// Requests a minute that one server carries, above 0.
    pub throughput: f64,
    /// CPU in percent of a server without load, and what full load adds.
    pub cpu: (f64, f64),
    /// Memory in percent of a server without load, and what full load adds.
    pub memory: (f64, f64),
    /// Response time of an idle server, in seconds.
    pub response: f64,
    /// Requests that a server works on at a time, at least 1: few make responses slow early, many
    /// late and suddenly.
    pub workers: f64,
    /// Share of requests that fail anyway, 0 to 1.
    pub errors: f64,
    /// Requests a minute that what stands behind carries.
    pub behind: f64,
    /// Deviation of a metric's minutes, as a share of it.
    pub noise: f64,
}

/// What is wrong with the service, from a minute on.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Memory climbs by so many percent an hour on the given share of the servers, oldest first.
    Leak {
        /// Percent an hour.
        each_hour: f64,
        /// Share of the servers, above 0, at most 1.
        share: f64,
    },
    /// A release: this share of requests fails, and responses take so many times as long.
    Release {
        /// Share that fails, 0 to 1.
        errors: f64,
        /// Times as long.
        slower: f64,
    },
    /// What stands behind carries only so many requests a minute.
    Behind {
        /// Requests a minute.
        limit: f64,
    },
    /// The oldest server's CPU rises to a level, and so large a share of its requests fails.
    OneServer {
        /// CPU in percent.
        cpu: f64,
        /// Share that fails, 0 to 1.
        errors: f64,
    },
    /// So many of the oldest servers stay in service and serve nothing.
    Unhealthy {
        /// Servers.
        servers: u32,
    },
    /// Nothing works: this share of requests fails.
    Outage {
        /// Share that fails, 0 to 1.
        errors: f64,
        /// When it is over.
        until: Timestamp,
    },
}

/// The metrics of one minute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    /// Requests that arrived.
    pub demand: f64,
    /// Mean CPU in percent.
    pub cpu: f64,
    /// Mean memory in percent.
    pub memory: f64,
    /// Mean response time in seconds.
    pub response: f64,
    /// Requests that failed.
    pub errors: f64,
    /// Servers in service that serve nothing.
    pub unhealthy: f64,
    /// Servers in service.
    pub in_service: f64,
    /// What stands behind, in percent of what it carries.
    pub behind: f64,
    /// CPU, memory and failed requests of single servers, by instance id.
    pub servers: BTreeMap<String, [f64; 3]>,
}

/// A service in time.
#[derive(Debug, Clone)]
pub struct Service {
    spec: ServiceSpec,
    faults: Vec<(Timestamp, Fault)>,
    seed: u64,
}

/// What faults come to in one minute for one server.
#[derive(Debug, Clone, Copy)]
struct Effect {
    leaked: f64,
    errors: f64,
    slower: f64,
    cpu: Option<f64>,
    dead: bool,
}

impl Service {
    /// A service without faults.
    #[must_use]
    pub fn new(spec: ServiceSpec, seed: u64) -> Self {
        Self {
            spec,
            faults: Vec::new(),
            seed,
        }
    }

    /// The same with `fault` from `at` on.
    #[must_use]
    pub fn with(mut self, at: Timestamp, fault: Fault) -> Self {
        self.faults.push((at, fault));
        self
    }

    /// The metrics of the minute `at`, in which `demand` arrives and `group` is as given.
    #[must_use]
    pub fn minute(&self, at: Timestamp, demand: f64, group: &Group) -> Metrics {
        let spec = &self.spec;
        let minute = at.as_second().div_euclid(60).unsigned_abs();
        let mut random = Random::keyed(self.seed, &[7, minute]);
        let servers: Vec<&str> = group
            .instances
            .iter()
            .filter(|instance| instance.lifecycle == Lifecycle::InService)
            .map(|instance| instance.id.as_str())
            .collect();
        let count = servers.len();
        let effects: Vec<Effect> = (0..count)
            .map(|rank| self.effect(at, rank, count))
            .collect();
        let alive = effects.iter().filter(|effect| !effect.dead).count();
        let limit = self.behind(at);
        let reaching = demand.min(alive as f64 * spec.throughput);
        let refused = if reaching > limit {
            1.0 - limit / reaching
        } else {
            0.0
        };
        // Requests wait for what is saturated.
        let waiting = 1.0 + 4.0 * (reaching / limit - 0.9).clamp(0.0, 0.5);
        let mut metrics = Metrics {
            demand,
            in_service: count as f64,
            behind: 100.0 * (reaching / limit).min(1.0),
            ..Metrics::default()
        };
        let mut shake = |value: f64| value * (1.0 + spec.noise * random.normal());
        let share = demand / alive.max(1) as f64;
        let mut response = 0.0;
        for (id, effect) in servers.iter().zip(&effects) {
            let arriving = if effect.dead { 0.0 } else { share };
            let load = arriving / spec.throughput;
            let over = if load > 1.0 { 1.0 - 1.0 / load } else { 0.0 };
            let failing =
                1.0 - (1.0 - over) * (1.0 - effect.errors) * (1.0 - refused) * (1.0 - spec.errors);
            let busy = spec.cpu.0 + spec.cpu.1 * load.min(1.0);
            let cpu = shake(effect.cpu.unwrap_or(busy)).clamp(0.0, 100.0);
            let used = spec.memory.0 + spec.memory.1 * load.min(1.5) + effect.leaked;
            let memory = shake(used).clamp(0.0, 100.0);
            let errors = shake(arriving * failing).max(0.0);
            let queue = queue(load.min(0.95), spec.workers);
            response += arriving * queue * effect.slower * waiting;
            metrics.cpu += cpu / count as f64;
            metrics.memory += memory / count as f64;
            metrics.errors += errors;
            metrics.unhealthy += f64::from(u8::from(effect.dead));
            metrics
                .servers
                .insert((*id).to_owned(), [cpu, memory, errors]);
        }
        if alive == 0 {
            metrics.errors = demand;
        }
        metrics.response = shake(spec.response * (response / demand.max(1e-9)).max(1.0));
        metrics.behind = shake(metrics.behind).clamp(0.0, 100.0);
        metrics
    }

    fn behind(&self, at: Timestamp) -> f64 {
        let limits = self.faults.iter().filter(|(from, _)| *from <= at);
        limits
            .filter_map(|(_, fault)| match fault {
                Fault::Behind { limit } => Some(*limit),
                _ => None,
            })
            .fold(self.spec.behind, f64::min)
            .max(1e-9)
    }

    fn effect(&self, at: Timestamp, rank: usize, count: usize) -> Effect {
        let mut effect = Effect {
            leaked: 0.0,
            errors: 0.0,
            slower: 1.0,
            cpu: None,
            dead: false,
        };
        for (from, fault) in self.faults.iter().filter(|(from, _)| *from <= at) {
            let hours = from.duration_until(at).as_secs_f64() / 3600.0;
            match *fault {
                Fault::Leak { each_hour, share } => {
                    if (rank as f64) < libm::ceil(share * count as f64) {
                        effect.leaked += each_hour * hours;
                    }
                }
                Fault::Release { errors, slower } => {
                    effect.errors = effect.errors.max(errors);
                    effect.slower *= slower;
                }
                Fault::OneServer { cpu, errors } if rank == 0 => {
                    effect.cpu = Some(cpu);
                    effect.errors = effect.errors.max(errors);
                }
                Fault::Unhealthy { servers } => effect.dead |= rank < servers as usize,
                Fault::Outage { errors, until } if at < until => {
                    effect.errors = effect.errors.max(errors);
                }
                Fault::OneServer { .. } | Fault::Outage { .. } | Fault::Behind { .. } => {}
            }
        }
        effect
    }
}

/// Response time over that of an idle server.
fn queue(load: f64, workers: f64) -> f64 {
    let workers = workers.max(1.0);
    let power = libm::sqrt(2.0 * (workers + 1.0)) - 1.0;
    1.0 + libm::pow(load, power) / (workers * (1.0 - load))
}

/// Runs `group` and `service` together over `demand` (requests per minute, one a minute from
/// `start`); `hand` is called before each minute, for whatever happens to the group in it.
///
/// # Errors
/// [`crate::SimulationError`] where the group is gone.
pub fn observe(
    group: &mut SimulatedGroup,
    service: &Service,
    start: Timestamp,
    demand: &[f64],
    mut hand: impl FnMut(usize, &mut SimulatedGroup),
) -> Result<Vec<Metrics>, crate::SimulationError> {
    let mut metrics = Vec::with_capacity(demand.len());
    for (index, value) in demand.iter().enumerate() {
        let minutes = i64::try_from(index).unwrap_or(i64::MAX);
        let at = start
            .saturating_add(jiff::SignedDuration::from_mins(minutes))
            .unwrap_or(Timestamp::MAX);
        hand(index, group);
        group.advance(at, *value, service.spec.throughput);
        metrics.push(service.minute(at, *value, &group.group()?));
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GroupSpec;

    fn spec() -> ServiceSpec {
        ServiceSpec {
            throughput: 1000.0,
            cpu: (5.0, 70.0),
            memory: (30.0, 20.0),
            response: 0.1,
            workers: 1.0,
            errors: 0.0,
            behind: 1e9,
            noise: 0.0,
        }
    }

    fn metrics(service: &Service, demand: f64) -> Metrics {
        let start = Timestamp::UNIX_EPOCH;
        let mut group = SimulatedGroup::new(GroupSpec::new("web", 1, 4, 9), start).unwrap();
        let all = observe(&mut group, service, start, &[demand; 61], |_, _| {}).unwrap();
        all.last().unwrap().clone()
    }

    #[test]
    fn load_shows_in_cpu_response_and_errors() {
        let service = Service::new(spec(), 1);
        let half = metrics(&service, 2000.0);
        assert_eq!((half.cpu, half.memory, half.errors), (40.0, 40.0, 0.0));
        assert!((half.response - 0.2).abs() < 1e-9);
        let over = metrics(&service, 8000.0);
        assert!((over.errors - 4000.0).abs() < 1e-6 && over.cpu == 75.0);
        assert!(over.response > 1.9);
    }

    #[test]
    fn faults_show_where_they_are() {
        let start = Timestamp::UNIX_EPOCH;
        let with = |fault: Fault| metrics(&Service::new(spec(), 1).with(start, fault), 2000.0);
        let leak = with(Fault::Leak {
            each_hour: 6.0,
            share: 0.5,
        });
        let memory: Vec<f64> = leak.servers.values().map(|server| server[1]).collect();
        assert_eq!(memory, [46.0, 46.0, 40.0, 40.0]);
        let behind = with(Fault::Behind { limit: 1000.0 });
        assert!((behind.errors - 1000.0).abs() < 1e-6 && behind.behind == 100.0);
        let dead = with(Fault::Unhealthy { servers: 3 });
        assert_eq!((dead.unhealthy, dead.errors), (3.0, 1000.0));
        let release = with(Fault::Release {
            errors: 0.25,
            slower: 3.0,
        });
        assert!((release.errors - 500.0).abs() < 1e-6 && (release.response - 0.6).abs() < 1e-9);
    }
}
