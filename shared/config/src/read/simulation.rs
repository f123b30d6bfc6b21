use std::ops::RangeInclusive;

use jiff::SignedDuration;

use super::field::Field;
use super::section::Section;
use super::target::MOST_SERVERS;
use crate::{LeadTime, ReactivePolicy, Simulation};

const BOOT: RangeInclusive<SignedDuration> = SignedDuration::ZERO..=SignedDuration::from_hours(6);

/// How the group behaves in a simulation. `lead_time` fills in for a boot that is not given.
pub(crate) fn read(section: &Section<'_>, lead_time: &LeadTime) -> Option<Simulation> {
    let mut simulation = Simulation {
        boot: match lead_time {
            LeadTime::Given(span) | LeadTime::Measured { initial: span } => *span,
        },
        boot_spread: 0.0,
        reactive: None,
        initial_servers: None,
        seed: 1,
    };
    let Some(section) = section.subsection("simulation", "a [target.simulation] table") else {
        return Some(simulation);
    };
    if let Some(field) = section.get("boot") {
        simulation.boot = field.duration(BOOT, "0s to 6h")?;
    }
    if let Some(field) = section.get("boot_spread") {
        let holds = |value| (0.0..=2.0).contains(&value);
        simulation.boot_spread = field.number(holds, "0 to 2")?;
    }
    if let Some(field) = section.get("reactive") {
        simulation.reactive = reactive(&field)?;
    }
    if let Some(field) = section.get("initial_servers") {
        simulation.initial_servers = Some(field.whole(0..=MOST_SERVERS)?);
    }
    if let Some(field) = section.get("seed") {
        simulation.seed = u64::from(field.whole(0..=u32::MAX)?);
    }
    section.finish();
    Some(simulation)
}

/// A policy, or `false` where `[defaults]` has one and this target none.
fn reactive(field: &Field<'_>) -> Option<Option<ReactivePolicy>> {
    let allowed = "false, or a table { utilization = 0.6, scales_in = true }";
    let Some(section) = field.as_section() else {
        return match field.value.get_ref() {
            toml::de::DeValue::Boolean(false) => Some(None),
            toml::de::DeValue::Boolean(true) => {
                field.refuse("says nothing about the policy", allowed);
                None
            }
            _ => field.wrong_type(allowed),
        };
    };
    let mut policy = ReactivePolicy {
        utilization: 0.6,
        scales_in: true,
    };
    if let Some(field) = section.get("utilization") {
        let allowed = "above 0, at most 2 (a share of a server's throughput: 0.6 is 60 %)";
        policy.utilization = field.number(|value| value > 0.0 && value <= 2.0, allowed)?;
    }
    if let Some(field) = section.get("scales_in") {
        policy.scales_in = field.flag()?;
    }
    section.finish();
    Some(Some(policy))
}
