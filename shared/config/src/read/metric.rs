use std::collections::BTreeMap;

use super::field::Field;
use super::section::Section;
use crate::DemandMetric;

const STATISTICS: [(&str, &str); 9] = [
    ("Sum", "Sum"),
    ("Average", "Average"),
    ("Maximum", "Maximum"),
    ("Minimum", "Minimum"),
    ("SampleCount", "SampleCount"),
    ("p50", "p50"),
    ("p90", "p90"),
    ("p95", "p95"),
    ("p99", "p99"),
];

/// CloudWatch takes at most so many dimensions of a metric.
const MOST_DIMENSIONS: usize = 30;

const LOAD_BALANCER: &str = "such as \"app/my-alb/50dc6c495c0c9188\", or its ARN";
const TARGET_GROUP: &str = "such as \"targetgroup/my-targets/73e2d6bc24d8a067\", or its ARN";

/// Where demand is measured: `demand`, or the short form for a load balancer.
pub(crate) fn demand(section: &Section<'_>) -> Option<DemandMetric> {
    let (metric, balancer) = (section.own("demand"), section.own("load_balancer"));
    let group = section.own("target_group");
    match (metric, balancer) {
        (Some(metric), None) => {
            if let Some(group) = group {
                group.refuse("goes with load_balancer only", "nothing beside demand");
            }
            read(&metric, "Sum")
        }
        (None, Some(balancer)) => load_balancer(&balancer, group),
        (Some(_), Some(balancer)) => {
            balancer.refuse("stands beside demand", "one of demand and load_balancer");
            None
        }
        (None, None) => {
            section.refuse("demand", "is missing", "one of demand and load_balancer");
            None
        }
    }
}

/// A metric as a table; `statistic` is its default one.
pub(crate) fn read(field: &Field<'_>, statistic: &str) -> Option<DemandMetric> {
    let section = field.section("a table { namespace, name, dimensions, statistic }")?;
    read_section(section, statistic)
}

/// As [`read`], of a table whose other keys were read already.
pub(crate) fn read_section(section: Section<'_>, statistic: &str) -> Option<DemandMetric> {
    let word = |key, allowed| {
        section
            .required(key, allowed)?
            .word(255, |c| !c.is_control(), allowed)
    };
    let namespace = word("namespace", "1 to 255 characters, such as AWS/EC2");
    let name = word("name", "1 to 255 characters, such as CPUUtilization");
    let statistic = match section.get("statistic") {
        Some(field) => field.choice(&STATISTICS),
        None => Some(statistic),
    };
    let dimensions = match section.get("dimensions") {
        Some(field) => dimensions(&field),
        None => Some(BTreeMap::new()),
    };
    section.finish();
    Some(DemandMetric {
        namespace: namespace?,
        name: name?,
        dimensions: dimensions?,
        statistic: statistic?.to_owned(),
    })
}

fn dimensions(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let entries = field
        .section("a table such as { Service = \"web\" }")?
        .entries();
    if entries.len() > MOST_DIMENSIONS {
        let problem = format!("has {} dimensions", entries.len());
        field.refuse(problem, format!("at most {MOST_DIMENSIONS}"));
        return None;
    }
    let read: Vec<Option<(String, String)>> = entries
        .into_iter()
        .map(|(name, field)| {
            let value = field.word(1024, |c| !c.is_control(), "1 to 1024 characters")?;
            Some((name, value))
        })
        .collect();
    read.into_iter().collect()
}

fn load_balancer(balancer: &Field<'_>, group: Option<Field<'_>>) -> Option<DemandMetric> {
    let balancer = resource(balancer, ":loadbalancer/", "app/", LOAD_BALANCER);
    let group = match group {
        Some(group) => Some(resource(&group, ":", "targetgroup/", TARGET_GROUP)?),
        None => None,
    };
    let balancer = ("LoadBalancer".to_owned(), balancer?);
    let group = group.map(|group| ("TargetGroup".to_owned(), group));
    Some(DemandMetric {
        namespace: "AWS/ApplicationELB".to_owned(),
        name: "RequestCount".to_owned(),
        dimensions: std::iter::once(balancer).chain(group).collect(),
        statistic: "Sum".to_owned(),
    })
}

/// `kind/name/hex` from itself or from the end of an ARN.
fn resource(field: &Field<'_>, before: &str, kind: &str, allowed: &str) -> Option<String> {
    let text = field.text(allowed)?;
    let short = match text.strip_prefix("arn:") {
        Some(rest) => rest.rsplit_once(before).map_or("", |(_, short)| short),
        None => &text,
    };
    let parts: Vec<&str> = short.split('/').collect();
    let good = short.starts_with(kind)
        && matches!(parts[..], [_, name, id] if !name.is_empty() && id.len() == 16
            && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if good {
        return Some(short.to_owned());
    }
    field.refuse("is not a name of that shape", allowed);
    None
}
