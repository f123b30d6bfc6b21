//! The services' words and ours.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};
use aws_sdk_cloudwatch::types::{CompositeAlarm, Metric, MetricAlarm, MetricStat};
use ports::{AlarmListing, LaunchTemplate, Listing, MetricName, PortError};

use crate::answer::Call;

pub(super) fn listing(call: Call<'_>, group: &AutoScalingGroup) -> Result<Listing, PortError> {
    let size = |what: &str, value: Option<i32>| {
        value
            .and_then(|value| u32::try_from(value).ok())
            .ok_or_else(|| call.unanswered(format!("a group without {what}")))
    };
    let name = group.auto_scaling_group_name();
    let name = name.ok_or_else(|| call.unanswered("a group without name"))?;
    let tags = group.tags().iter();
    let types: BTreeSet<String> = (group.instances().iter())
        .filter_map(|instance| instance.instance_type().map(str::to_owned))
        .collect();
    Ok(Listing {
        name: name.to_owned(),
        arn: group
            .auto_scaling_group_arn()
            .unwrap_or_default()
            .to_owned(),
        min_size: size("MinSize", group.min_size())?,
        max_size: size("MaxSize", group.max_size())?,
        desired_capacity: size("DesiredCapacity", group.desired_capacity())?,
        tags: tags
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or("").to_owned())))
            .collect(),
        collected: (group.enabled_metrics().iter())
            .filter_map(|metric| metric.metric().map(str::to_owned))
            .collect(),
        target_groups: group.target_group_arns().to_vec(),
        instance_types: types.into_iter().collect(),
        launch_templates: launch_templates(group),
    })
}

/// Its own, or those of its mixed instances: one for all of them, and one for each type that has its own.
fn launch_templates(group: &AutoScalingGroup) -> Vec<LaunchTemplate> {
    let mixed = group.mixed_instances_policy();
    let mixed = mixed.and_then(|policy| policy.launch_template());
    let of_types = mixed.map_or(&[][..], |template| template.overrides());
    let of_types = of_types.iter();
    let specified = (group.launch_template().into_iter())
        .chain(mixed.and_then(|template| template.launch_template_specification()))
        .chain(of_types.filter_map(|kind| kind.launch_template_specification()));
    let each: BTreeSet<LaunchTemplate> = specified.map(launch_template).collect();
    each.into_iter().collect()
}

fn launch_template(given: &LaunchTemplateSpecification) -> LaunchTemplate {
    LaunchTemplate {
        id: given.launch_template_id().unwrap_or_default().to_owned(),
        name: given.launch_template_name().unwrap_or_default().to_owned(),
        // What a group takes that names none. Source: Auto Scaling API reference,
        // LaunchTemplateSpecification.
        version: given.version().unwrap_or("$Default").to_owned(),
    }
}

pub(super) fn alarm(alarm: &MetricAlarm) -> Option<AlarmListing> {
    let own = metric_of_alarm(alarm);
    let within = alarm.metrics().iter().filter_map(|query| {
        let metric = query.metric_stat().and_then(MetricStat::metric);
        metric.and_then(metric_name)
    });
    Some(AlarmListing {
        name: alarm.alarm_name()?.to_owned(),
        actions_enabled: alarm.actions_enabled().unwrap_or(false),
        actions: alarm.alarm_actions().to_vec(),
        metrics: own.into_iter().chain(within).collect(),
    })
}

pub(super) fn composite(alarm: &CompositeAlarm) -> Option<AlarmListing> {
    Some(AlarmListing {
        name: alarm.alarm_name()?.to_owned(),
        actions_enabled: alarm.actions_enabled().unwrap_or(false),
        actions: alarm.alarm_actions().to_vec(),
        metrics: Vec::new(),
    })
}

fn metric_of_alarm(alarm: &MetricAlarm) -> Option<MetricName> {
    let dimensions = alarm.dimensions().iter();
    Some(MetricName {
        namespace: alarm.namespace()?.to_owned(),
        name: alarm.metric_name()?.to_owned(),
        dimensions: dimensions
            .filter_map(|it| Some((it.name()?.to_owned(), it.value()?.to_owned())))
            .collect(),
    })
}

fn metric_name(metric: &Metric) -> Option<MetricName> {
    let dimensions = metric.dimensions().iter();
    Some(MetricName {
        namespace: metric.namespace()?.to_owned(),
        name: metric.metric_name()?.to_owned(),
        dimensions: dimensions
            .filter_map(|it| Some((it.name()?.to_owned(), it.value()?.to_owned())))
            .collect(),
    })
}
