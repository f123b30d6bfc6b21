use config::{Config, Target};
use control::band_alarm_name;
use diagnosis::Alarm;

/// The targets that `alarm` concerns: those with a name pattern that matches it, or one of the alarms
/// behind a composite one, or whose band it is about; else those whose group or demand metric its
/// dimensions name.
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
    let demand = &target.demand.dimensions;
    has("AutoScalingGroupName", &target.group)
        || (!demand.is_empty() && demand.iter().all(|(name, value)| has(name, value)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

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
