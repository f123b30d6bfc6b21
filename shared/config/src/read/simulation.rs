use std::ops::RangeInclusive;

use jiff::SignedDuration;

use super::field::Field;
use super::section::Section;
use super::target::{MOST_SERVERS, optional};
use crate::{LeadTime, ReactivePolicy, Simulation};

const BOOT: RangeInclusive<SignedDuration> = SignedDuration::ZERO..=SignedDuration::from_hours(6);

/// How the group behaves in a simulation. `lead_time` fills in for a boot that is not given.
pub(crate) fn read(section: &Section<'_>, lead_time: &LeadTime) -> Option<Simulation> {
    let lead_time = lead_time.assumed();
    let Some(section) = section.subsection("simulation", "a [target.simulation] table") else {
        return Some(Simulation {
            boot: lead_time,
            boot_spread: 0.0,
            reactive: None,
            initial_servers: None,
            seed: 1,
        });
    };
    let boot = optional(section.get("boot"), lead_time, |field| {
        field.duration(BOOT, "0s to 6h")
    });
    let boot_spread = optional(section.get("boot_spread"), 0.0, |field| {
        field.number(|value| (0.0..=2.0).contains(&value), "0 to 2")
    });
    let reactive = optional(section.get("reactive"), None, reactive);
    let initial_servers = optional(section.get("initial_servers"), None, |field| {
        field.whole(0..=MOST_SERVERS).map(Some)
    });
    let seed = optional(section.get("seed"), 1, |field| field.whole(0..=u32::MAX));
    section.finish();
    Some(Simulation {
        boot: boot?,
        boot_spread: boot_spread?,
        reactive: reactive?,
        initial_servers: initial_servers?,
        seed: u64::from(seed?),
    })
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
    let utilization = optional(section.get("utilization"), 0.6, |field| {
        let allowed = "above 0, at most 2 (a share of a server's throughput: 0.6 is 60 %)";
        field.number(|value| value > 0.0 && value <= 2.0, allowed)
    });
    let scales_in = optional(section.get("scales_in"), true, Field::flag);
    section.finish();
    Some(Some(ReactivePolicy {
        utilization: utilization?,
        scales_in: scales_in?,
    }))
}
