use std::collections::BTreeMap;

use fleet::ScalableTarget;
use jiff::SignedDuration;

use super::field::Field;
use super::metric;
use super::section::Section;
use super::target::{MOST_SERVERS, optional};
use crate::{DemandMetric, Level, MissingBand, Response, Signals};

/// Most metrics of one list.
const MOST_LEVELS: usize = 20;

/// `[target.response]`, for the group called `group`.
pub(crate) fn read(section: &Section<'_>, group: &str) -> Option<Response> {
    let Some(section) = section.subsection("response", "a [target.response] table") else {
        return Some(Response {
            most_per_step: None,
            most_per_day: None,
            monthly_budget: None,
            band_missing: MissingBand::default(),
            instance_refresh: false,
            people_within: SignedDuration::from_hours(1),
            signals: Signals {
                cpu: Some(cpu(group)),
                response_time: None,
                errors: None,
                unhealthy: None,
                in_service: Some(in_service(group)),
                exhaustible: Vec::new(),
                behind: Vec::new(),
                per_server: Some("InstanceId".to_owned()),
            },
        });
    };
    // Every field is read before any is missed, so that all that is wrong is found.
    let step = optional(section.get("most_per_step"), None, servers);
    let day = optional(section.get("most_per_day"), None, servers);
    let budget = optional(section.get("monthly_budget"), None, |field| {
        let fits = |money: f64| (0.0..=1e9).contains(&money);
        field.number(fits, "0 to 1000000000").map(Some)
    });
    let treatments = [
        ("breaching", MissingBand::Breaching),
        ("not-breaching", MissingBand::NotBreaching),
        ("ignore", MissingBand::Ignore),
        ("missing", MissingBand::Missing),
    ];
    let band = optional(
        section.get("band_missing"),
        MissingBand::default(),
        |field| field.choice(&treatments),
    );
    let refresh = optional(section.get("instance_refresh"), false, Field::flag);
    let within = optional(
        section.get("people_within"),
        SignedDuration::from_hours(1),
        |field| {
            field.duration(
                SignedDuration::ZERO..=SignedDuration::from_hours(24),
                "0s to 24h",
            )
        },
    );
    let signals = signals(&section, group);
    section.finish();
    Some(Response {
        most_per_step: step?,
        most_per_day: day?,
        monthly_budget: budget?,
        band_missing: band?,
        instance_refresh: refresh?,
        people_within: within?,
        signals: signals?,
    })
}

fn servers(field: &Field<'_>) -> Option<Option<u32>> {
    field.whole(0..=MOST_SERVERS).map(Some)
}

fn signals(section: &Section<'_>, group: &str) -> Option<Signals> {
    let (cpu, count) = (cpu(group), in_service(group));
    let cpu = optional(section.get("cpu"), Some(cpu), |f| measured(f, "Average"));
    let response = optional(section.get("response_time"), None, |f| {
        measured(f, "Average")
    });
    let errors = optional(section.get("errors"), None, |f| measured(f, "Sum"));
    let unhealthy = optional(section.get("unhealthy"), None, |f| measured(f, "Maximum"));
    let in_service = optional(section.get("in_service"), Some(count), |f| {
        measured(f, "Average")
    });
    let exhaustible = optional(section.get("exhaustible"), Vec::new(), levels);
    let behind = optional(section.get("behind"), Vec::new(), levels);
    let instance = Some("InstanceId".to_owned());
    let per_server = optional(section.get("per_server"), instance, |field| {
        if let toml::de::DeValue::Boolean(false) = field.value.get_ref() {
            return Some(None);
        }
        let allowed = "false, or the name of a dimension of 1 to 255 characters";
        field.word(255, |c| !c.is_control(), allowed).map(Some)
    });
    Some(Signals {
        cpu: cpu?,
        response_time: response?,
        errors: errors?,
        unhealthy: unhealthy?,
        in_service: in_service?,
        exhaustible: exhaustible?,
        behind: behind?,
        per_server: per_server?,
    })
}

/// A metric, or `false` where there is none.
fn measured(field: &Field<'_>, statistic: &str) -> Option<Option<DemandMetric>> {
    if let toml::de::DeValue::Boolean(false) = field.value.get_ref() {
        return Some(None);
    }
    metric::read(field, statistic).map(Some)
}

/// A metric with a value at which it is full.
pub(crate) fn level(field: &Field<'_>) -> Option<Level> {
    let section =
        field.section("a table { label, full, namespace, name, dimensions, statistic }")?;
    let label = section
        .required("label", "1 to 100 characters")
        .and_then(|field| field.word(100, |c| !c.is_control(), "1 to 100 characters"));
    let full = optional(section.get("full"), 100.0, |field| {
        let allowed = "above 0, at most 1000000000000";
        field.number(|value| value > 0.0 && value <= 1e12, allowed)
    });
    let metric = metric::read_section(section, "Average");
    Some(Level {
        label: label?,
        full: full?,
        metric: metric?,
    })
}

fn levels(field: &Field<'_>) -> Option<Vec<Level>> {
    let allowed = "a list of tables { label, full, namespace, name, dimensions, statistic }";
    let levels = field.list(allowed, level)?;
    if levels.len() > MOST_LEVELS {
        let problem = format!("has {} of them", levels.len());
        field.refuse(problem, format!("at most {MOST_LEVELS}"));
        return None;
    }
    Some(levels)
}

/// CPU of the group in percent.
pub(crate) fn cpu(group: &str) -> DemandMetric {
    of_group(group, ("AWS/EC2", "AWS/ECS"), "CPUUtilization")
}

/// Servers in service; for an ECS service its tasks, which Container Insights counts.
fn in_service(group: &str) -> DemandMetric {
    let ecs = ecs(group).is_some();
    let name = if ecs {
        "RunningTaskCount"
    } else {
        "GroupInServiceInstances"
    };
    of_group(group, ("AWS/AutoScaling", "ECS/ContainerInsights"), name)
}

/// Cluster and service, where the group is an ECS service.
fn ecs(group: &str) -> Option<[(String, String); 2]> {
    let target = ScalableTarget::parse(group)?;
    let (cluster, service) = target.ecs()?;
    Some([
        ("ClusterName".to_owned(), cluster.to_owned()),
        ("ServiceName".to_owned(), service.to_owned()),
    ])
}

fn of_group(group: &str, (namespace, of_ecs): (&str, &str), name: &str) -> DemandMetric {
    let (namespace, dimensions) = match ecs(group) {
        Some(dimensions) => (of_ecs, BTreeMap::from(dimensions)),
        None => {
            let group = ("AutoScalingGroupName".to_owned(), group.to_owned());
            (namespace, BTreeMap::from([group]))
        }
    };
    DemandMetric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions,
        statistic: "Average".to_owned(),
    }
}
