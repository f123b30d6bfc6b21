use config::{Config, DemandMetric, Signals, Target};
use control::band_alarm_name;
use diagnosis::Alarm;

/// The targets that `alarm` concerns: those with a name pattern that matches it, or one of the alarms
/// behind a composite one, or whose band it is about; else those whose group, demand or another
/// metric of their configuration its dimensions name.
#[must_use]
pub fn concerned<'c>(config: &'c Config, alarm: &Alarm) -> Vec<&'c Target> {
    let matching = |target: &&Target| {
        let mut names = std::iter::once(&alarm.name).chain(&alarm.behind);
        names.any(|name| target.answers(name) || *name == band_alarm_name(target))
    };
    let by_name: Vec<&Target> = config.targets.iter().filter(matching).collect();
    if !by_name.is_empty() {
        return by_name;
    }
    config
        .targets
        .iter()
        .filter(|target| by_dimensions(target, alarm))
        .collect()
}

fn by_dimensions(target: &Target, alarm: &Alarm) -> bool {
    let has = |name: &str, value: &str| {
        alarm
            .dimensions
            .iter()
            .any(|(n, v)| n == name && v == value)
    };
    let names = |metric: &DemandMetric| {
        let dimensions = &metric.dimensions;
        !dimensions.is_empty() && dimensions.iter().all(|(name, value)| has(name, value))
    };
    has("AutoScalingGroupName", &target.group)
        || names(&target.demand)
        || measured(&target.response.signals).any(names)
}

/// Every other metric that a configuration names.
fn measured(signals: &Signals) -> impl Iterator<Item = &DemandMetric> {
    let single = [
        &signals.cpu,
        &signals.response_time,
        &signals.errors,
        &signals.unhealthy,
        &signals.in_service,
    ];
    let levels = signals.exhaustible.iter().chain(&signals.behind);
    let single = single.into_iter().flatten();
    single.chain(levels.map(|level| &level.metric))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn alarm(dimensions: &[(&str, &str)]) -> Alarm {
        let named: std::collections::BTreeMap<_, _> = dimensions.iter().copied().collect();
        let event = serde_json::json!({ "alarmData": {
            "alarmName": "anything",
            "state": { "value": "ALARM", "timestamp": "2026-11-22T09:36:15.490+0000" },
            "configuration": { "metrics": [{ "metricStat": { "metric": { "dimensions": named } } }] },
        }});
        Alarm::parse(&event).unwrap().remove(0)
    }

    #[test]
    fn targets_are_found_by_group_demand_and_every_metric_of_theirs() {
        let text = r#"
[[target]]
name = "web"
group = "web-asg"
demand = { namespace = "Shop", name = "Requests", dimensions = { Service = "web" } }
max_servers = 9
throughput = 100
[target.response]
response_time = { namespace = "Shop", name = "Latency", dimensions = { Front = "a", Zone = "b" } }
behind = [{ label = "database", namespace = "AWS/RDS", name = "CPUUtilization", dimensions = { DBInstanceIdentifier = "shop" } }]

[[target]]
name = "jobs"
group = "jobs-asg"
demand = { namespace = "Shop", name = "Jobs" }
max_servers = 9
throughput = 100
"#;
        let config = Config::parse("forescale.toml", text).unwrap();
        let found = |dimensions: &[(&str, &str)]| -> Vec<String> {
            let targets = concerned(&config, &alarm(dimensions));
            targets.iter().map(|target| target.name.clone()).collect()
        };
        assert_eq!(found(&[("AutoScalingGroupName", "web-asg")]), ["web"]);
        assert_eq!(found(&[("AutoScalingGroupName", "jobs-asg")]), ["jobs"]);
        assert_eq!(found(&[("Service", "web"), ("Zone", "b")]), ["web"]);
        assert_eq!(found(&[("Front", "a"), ("Zone", "b")]), ["web"]);
        assert_eq!(found(&[("DBInstanceIdentifier", "shop")]), ["web"]);
        // A part of a metric's dimensions is another metric; one without any is nobody's.
        for none in [&[("Zone", "b")][..], &[("Service", "jobs")], &[]] {
            assert!(found(none).is_empty(), "{none:?}");
        }
    }

    /// The alarm that `forescale alarms` makes for a target whose patterns have no star.
    #[test]
    fn the_bands_alarm_is_its_targets_whatever_the_patterns() {
        let text = "[[target]]\nname = \"web\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n\
                    max_servers = 9\nthroughput = 100\nalarms = [\"checkout-errors\"]\n";
        let config = Config::parse("forescale.toml", text).unwrap();
        let event = serde_json::json!({ "alarmData": {
            "alarmName": "forescale-web-band",
            "state": { "value": "ALARM", "timestamp": "2026-11-22T09:36:15.490+0000" },
        }});
        let mut alarm = Alarm::parse(&event).unwrap().remove(0);
        assert_eq!(concerned(&config, &alarm).len(), 1);
        // A composite alarm is about what the alarms behind it are about.
        alarm.name = "everything".to_owned();
        assert!(concerned(&config, &alarm).is_empty());
        alarm.behind = vec!["checkout-errors".to_owned()];
        assert_eq!(concerned(&config, &alarm).len(), 1);
    }
}
