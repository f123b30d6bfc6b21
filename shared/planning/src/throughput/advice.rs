//! What was learnt, in plain sentences.

use super::{Learnt, Limit, Met, SignalKind};

/// From one of EC2's families to the next memory per CPU doubles: 2, 4 and 8 GiB per vCPU for
/// compute-optimised, general-purpose and memory-optimised ones. Headroom of less than that is no
/// reason to change. Source: Amazon EC2 instance types.
const NEXT_FAMILY: f64 = 2.0;
/// Share of a limit that is in use without demand from which on the size of a server matters more
/// than its family: half of what is paid for is then there before the first request.
const MOSTLY_AT_REST: f64 = 0.5;

/// A typed-in throughput against what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// More than one server sustains, beyond doubt.
    TooMuch,
    /// Within what is seen, or nothing speaks against it.
    Fits,
    /// Less than half of what one server sustains, beyond doubt.
    TooLittle,
}

impl Learnt {
    /// What was learnt: where throughput comes from, how far the other limits are, what changed,
    /// what cannot be told, and what to do about it.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if let (Some(per_server), Some(binding)) = (self.per_server(), self.binding()) {
            sentences.push(self.source(per_server, binding));
            let others = self.limits.iter().enumerate();
            let others = others.filter(|(index, _)| Some(*index) != self.tightest);
            sentences.extend(others.map(|(_, limit)| other(limit, binding)));
        } else {
            sentences.extend(self.limits.iter().map(alone));
        }
        sentences.extend(self.limits.iter().filter_map(drifted));
        sentences.extend(self.limits.iter().filter_map(passing));
        sentences.extend(self.advice());
        sentences
    }

    fn source(&self, per_server: f64, binding: &Limit) -> String {
        let range = match binding.met {
            Met::At { low, high, .. } if high.is_finite() => {
                format!(" ({low:.0} to {high:.0})")
            }
            Met::At { low, .. } => format!(" ({low:.0} or more)"),
            Met::Above(_) | Met::Unknown(_) => String::new(),
        };
        let beyond = match binding.met {
            Met::At { beyond: true, .. } => format!(
                ", beyond the {:.0}/min ever seen, so that the lower end is taken",
                self.highest_seen
            ),
            _ => String::new(),
        };
        format!(
            "throughput of {per_server:.0}/min a server{range} measured on {} points: {} reaches {} \
             first{beyond}",
            self.points,
            binding.label,
            amount(binding)
        )
    }

    /// What the limits say of size and family of the servers; `None` where they say nothing.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let binding = self.binding()?;
        let Met::At { per_server, .. } = binding.met else {
            return None;
        };
        // How many times the binding demand the other one allows, at the least.
        let room = |kind| {
            let mut of = self.limits.iter().filter(|limit| limit.kind == kind);
            of.find_map(|limit| match limit.met {
                Met::At { per_server: at, .. } | Met::Above(at) => Some(at / per_server),
                Met::Unknown(_) => None,
            })
        };
        let wide = |kind| room(kind).filter(|room| *room >= NEXT_FAMILY);
        match binding.kind {
            SignalKind::Cpu => wide(SignalKind::Memory).map(|room| {
                format!(
                    "CPU binds and memory would do for {room:.1} times the demand: a \
                     compute-optimised family has half the memory per CPU"
                )
            }),
            SignalKind::Memory => {
                let at_rest = binding.at_rest.map(|rest| rest / binding.limit);
                if let Some(share) = at_rest.filter(|share| *share >= MOSTLY_AT_REST) {
                    return Some(format!(
                        "memory binds and {:.0} % of its limit is in use without demand: fewer, \
                         larger servers waste less",
                        share * 100.0
                    ));
                }
                wide(SignalKind::Cpu).map(|room| {
                    format!(
                        "memory binds and CPU would do for {room:.1} times the demand: a \
                         memory-optimised family has twice the memory per CPU"
                    )
                })
            }
            SignalKind::ResponseTime | SignalKind::Errors | SignalKind::Queue => wide(
                SignalKind::Cpu,
            )
            .map(|room| {
                format!(
                    "{} binds while CPU would do for {room:.1} times the demand: larger servers \
                         will not help; look at workers, locks and what stands behind",
                    binding.label
                )
            }),
            SignalKind::Level => None,
        }
    }

    /// A typed-in throughput against what is seen, with a sentence where there is something to
    /// say.
    #[must_use]
    pub fn compared(&self, typed: f64) -> (Compared, Option<String>) {
        let Some(binding) = self.binding() else {
            return (Compared::Fits, None);
        };
        let Met::At {
            per_server,
            low,
            high,
            ..
        } = binding.met
        else {
            return (Compared::Fits, None);
        };
        let seen = format!(
            "{} reaches {} at {per_server:.0}/min a server ({low:.0} to {high:.0}), measured on {} \
             points",
            binding.label,
            amount(binding),
            self.points
        );
        if typed > high {
            let text =
                format!("throughput of {typed}/min as configured is more than is seen: {seen}");
            return (Compared::TooMuch, Some(text));
        }
        if typed < low / 2.0 {
            let text = format!(
                "throughput of {typed}/min as configured is less than half of what is seen: {seen}"
            );
            return (Compared::TooLittle, Some(text));
        }
        let text = format!("throughput of {typed}/min as configured fits what is seen: {seen}");
        (Compared::Fits, Some(text))
    }
}

/// A limit with its unit, where it has one.
fn amount(limit: &Limit) -> String {
    let value = limit.limit;
    if !value.is_finite() {
        return "its limit".to_owned();
    }
    match limit.kind {
        SignalKind::Cpu | SignalKind::Memory => format!("{value} %"),
        SignalKind::Level | SignalKind::ResponseTime => format!("{value}"),
        SignalKind::Errors => format!("{} % of demand", value * 100.0),
        SignalKind::Queue => format!("{value} waiting a server"),
    }
}

fn other(limit: &Limit, binding: &Limit) -> String {
    match (&limit.met, &binding.met) {
        (Met::At { per_server, .. }, Met::At { per_server: at, .. }) => format!(
            "{} reaches {} at {per_server:.0}/min, {:.1} times as much",
            limit.label,
            amount(limit),
            per_server / at
        ),
        _ => alone(limit),
    }
}

fn alone(limit: &Limit) -> String {
    let label = &limit.label;
    let amount = amount(limit);
    match &limit.met {
        Met::At { per_server, .. } => format!("{label} reaches {amount} at {per_server:.0}/min"),
        Met::Above(seen) => {
            format!("{label} does not reach {amount} within the {seen:.0}/min a server seen")
        }
        Met::Unknown(why) => format!("where {label} reaches {amount} cannot be told: {why}"),
    }
}

fn passing(limit: &Limit) -> Option<String> {
    let load = limit.passing?;
    Some(format!(
        "{} was at {} at {load:.0}/min a server while most of the time with more it was not: something \
         else than demand moves it there, a job perhaps, and that does not count",
        limit.label,
        amount(limit)
    ))
}

fn drifted(limit: &Limit) -> Option<String> {
    let drift = limit.drift.as_ref()?;
    let label = &limit.label;
    let before = drift.before.map_or(String::new(), |before| {
        format!(" (before: {before:.0}/min a server)")
    });
    Some(if drift.followed {
        format!(
            "{label} follows demand otherwise since {}{before}: only what came since counts",
            drift.since
        )
    } else {
        format!(
            "{label} seems to follow demand otherwise since {}{before}, too short to measure",
            drift.since
        )
    })
}
