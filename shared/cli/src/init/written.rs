//! A configuration in words that people go on with; pure.

use std::collections::BTreeSet;
use std::fmt::Write;

use fleet::{PolicyKind, Tracked};
use toml_edit::Value;

use super::gather::Found;

/// What was written.
pub(super) struct Written {
    pub(super) text: String,
    /// Targets in it.
    pub(super) targets: usize,
    /// Groups it tells of, those as comments too.
    pub(super) groups: usize,
}

const HEAD: &str = "# Written by `forescale init` from what was in the account.\n\
# Look at each line that says \"unknown\", then: forescale config push --bucket s3://BUCKET\n\
# Every target is in shadow mode: what would be done is written down, nothing is done.\n";

/// Longest name of a target.
const LONGEST: usize = 64;

/// A target for each group whose demand is known, the others as comments. `zone` is what people gave.
pub(super) fn write(found: &[Found], zone: Option<&str>) -> Written {
    let mut written = Written {
        text: HEAD.to_owned(),
        targets: 0,
        groups: found.len(),
    };
    let mut names = BTreeSet::new();
    for group in found {
        let name = name(&group.listing.name, &mut names);
        let lines = lines(group, &name, zone);
        let known = group.balancers.as_ref().is_ok_and(|all| !all.is_empty());
        written.targets += usize::from(known);
        written.text.push('\n');
        for line in lines {
            // One whose demand is unknown would be refused: it waits as a comment.
            let mark = if known || line.starts_with('#') {
                ""
            } else {
                "# "
            };
            // Writing to a string cannot fail.
            let _ = writeln!(written.text, "{mark}{line}");
        }
    }
    written
}

fn name(group: &str, taken: &mut BTreeSet<String>) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let plain: String = group
        .chars()
        .map(|c| if good(c) { c } else { '-' })
        .collect();
    let plain: String = plain.chars().take(LONGEST - 4).collect();
    let plain = if plain.is_empty() {
        "group".to_owned()
    } else {
        plain
    };
    let mut name = plain.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{plain}-{number}");
        number += 1;
    }
    name
}

fn text(value: &str) -> String {
    Value::from(value).to_string()
}

fn lines(found: &Found, name: &str, zone: Option<&str>) -> Vec<String> {
    let group = &found.listing;
    let tag = |key: &str| {
        group
            .tags
            .get(&format!("forescale:{key}"))
            .map(String::as_str)
    };
    let mut lines = vec![
        "[[target]]".to_owned(),
        format!("name = {}", text(name)),
        format!("group = {}", text(&group.name)),
    ];
    let name_it = "name its metric:\n\
         # demand = { namespace = \"Shop\", name = \"Requests\", dimensions = { Service = \"web\" } }";
    match found.balancers.as_deref() {
        // Not the same as none: there may be one, which the next run would write.
        Err(why) => lines.push(format!(
            "# demand unknown: its load balancers could not be looked at: {}; mend that and run init again, or {name_it}",
            one_line(why)
        )),
        Ok([]) => lines.push(format!(
            "# demand unknown: no application load balancer; {name_it}"
        )),
        Ok([(target_group, balancer), more @ ..]) => {
            lines.push(format!("load_balancer = {}", text(balancer)));
            lines.push(format!("target_group = {}", text(target_group)));
            for (target_group, balancer) in more {
                lines.push(format!("# it is also behind {balancer} with {target_group}: not counted"));
            }
        }
    }
    lines.push(
        match zone.or_else(|| tag("time-zone").filter(|zone| known_zone(zone))) {
            Some(zone) => format!("time_zone = {}", text(zone)),
            None => "# time_zone unknown: UTC rules days and weeks; such as \"Europe/Berlin\""
                .to_owned(),
        },
    );
    lines.push(format!("min_servers = {}", group.min_size));
    lines.push(format!(
        "max_servers = {}",
        group.max_size.max(group.min_size).max(1)
    ));
    lines.extend(throughput(found, tag("throughput")));
    lines.push(match &found.launches {
        Ok(measured) => format!(
            "# lead time: {:#}, measured on {} launches, and measured again each hour",
            measured.lead_time, measured.launches
        ),
        Err(why) => format!(
            "# lead time unknown: 5 minutes until it is measured: {}",
            one_line(why)
        ),
    });
    match &found.alarms {
        Ok(alarms) => lines.extend(
            (alarms.iter()).map(|alarm| format!("# alarm of its own: {}", one_line(&alarm.name))),
        ),
        Err(why) => lines.push(format!("# alarms unknown: {}", one_line(why))),
    }
    if let Err(why) = &found.policies {
        lines.push(format!("# policies unknown: {}", one_line(why)));
    }
    lines.push("mode = \"shadow\"".to_owned());
    // Each line by itself, so that a comment stays one.
    lines
        .iter()
        .flat_map(|line| line.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn throughput(found: &Found, tagged: Option<&str>) -> Vec<String> {
    let good = |value: &f64| value.is_finite() && *value > 0.0 && *value <= 1e9;
    if let Some(value) = tagged.and_then(|value| value.parse().ok()).filter(good) {
        return vec![format!(
            "throughput = {value}   # by the tag forescale:throughput"
        )];
    }
    let policies = found.policies.as_deref().unwrap_or_default();
    let tracking = policies
        .iter()
        .filter(|policy| policy.kind == PolicyKind::TargetTracking);
    for policy in tracking {
        if let Some(Tracked::RequestsPerServer(value)) = policy.tracks
            && good(&value)
        {
            return vec![format!(
                "throughput = {{ utilization = 60, initial = {value} }}   # until measured by CPU: what policy {} holds",
                one_line(&policy.name)
            )];
        }
    }
    vec![
        "# throughput unknown: a guess until it is measured by CPU".to_owned(),
        "throughput = { utilization = 60, initial = 1000 }".to_owned(),
    ]
}

fn known_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}

/// Without line breaks and other control characters, which would end a comment.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
