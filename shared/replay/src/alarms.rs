//! The two alarms that call the responder, as CloudWatch would evaluate them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Datapoints in a row that it takes to change state.
const DATAPOINTS: usize = 2;
/// Demand against capacity at which the load alarm fires. A plan lets a few single minutes be above
/// capacity, which is the risk that people asked for; an alarm that fires on them would buy it back.
pub(crate) const OVERLOAD: f64 = 1.1;
/// From the start of a minute until an alarm has its datapoint: the minute itself, and one until
/// CloudWatch shows it.
const VISIBLE_AFTER: i64 = 2;

/// One alarm: `DATAPOINTS` of `DATAPOINTS` minutes above its threshold.
#[derive(Debug)]
pub(crate) struct Watch {
    name: String,
    breaching: usize,
    calm: usize,
    firing: bool,
}

impl Watch {
    /// An alarm called `name`, in OK.
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            breaching: 0,
            calm: 0,
            firing: false,
        }
    }

    /// Takes one datapoint; a missing threshold or value leaves the state as it is. Returns the
    /// event where the alarm goes off: an alarm acts once, on its change of state.
    /// Source: Amazon CloudWatch user guide, "Alarm actions".
    pub(crate) fn see(
        &mut self,
        value: f64,
        threshold: Option<f64>,
        now: Timestamp,
    ) -> Option<Value> {
        let threshold = threshold.filter(|_| value.is_finite())?;
        if value > threshold {
            (self.breaching, self.calm) = (self.breaching + 1, 0);
        } else {
            (self.breaching, self.calm) = (0, self.calm + 1);
        }
        if self.firing {
            self.firing = self.calm < DATAPOINTS;
            return None;
        }
        self.firing = self.breaching >= DATAPOINTS;
        self.firing.then(|| self.event(value, threshold, now))
    }

    fn event(&self, value: f64, threshold: f64, now: Timestamp) -> Value {
        json!({
            "source": "aws.cloudwatch",
            "alarmData": {
                "alarmName": self.name,
                "state": {
                    "value": "ALARM",
                    "reason": format!("Threshold Crossed: {DATAPOINTS} datapoints up to {value:.0} were greater than {threshold:.0}"),
                    "timestamp": now.to_string(),
                },
                "previousState": { "value": "OK" },
                "configuration": { "metrics": [] },
            }
        })
    }
}

/// The minute whose datapoint alarms have at `now`.
pub(crate) fn visible(now: Timestamp) -> Timestamp {
    now.saturating_sub(SignedDuration::from_mins(VISIBLE_AFTER))
        .unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_goes_off_once_until_it_was_calm() {
        let mut watch = Watch::new("a".to_owned());
        let now = Timestamp::UNIX_EPOCH;
        let fired: Vec<bool> = [9.0, 11.0, 11.0, 12.0, 9.0, 12.0, 9.0, 9.0, 12.0, 12.0]
            .iter()
            .map(|value| watch.see(*value, Some(10.0), now).is_some())
            .collect();
        assert_eq!(fired.iter().positions_of_true(), [2, 9]);
        assert!(watch.see(99.0, None, now).is_none());
    }

    trait Positions {
        fn positions_of_true(self) -> Vec<usize>;
    }

    impl<'a, I: Iterator<Item = &'a bool>> Positions for I {
        fn positions_of_true(self) -> Vec<usize> {
            self.enumerate()
                .filter(|(_, fired)| **fired)
                .map(|(index, _)| index)
                .collect()
        }
    }
}
