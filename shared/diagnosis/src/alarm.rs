use jiff::Timestamp;
use serde_json::Value;

use crate::AlarmError;

/// How an alarm arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The alarm's own Lambda action.
    Direct,
    /// An EventBridge rule.
    EventBridge,
    /// A subscription to an SNS topic.
    Sns,
}

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// Something is wrong.
    Alarm,
    /// Nothing is.
    Ok,
    /// CloudWatch cannot tell.
    InsufficientData,
}

/// One change of state of one alarm, whatever way it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// How it arrived.
    pub delivery: Delivery,
    /// Name of the alarm.
    pub name: String,
    /// ARN, where the delivery carries one (old SNS messages do not).
    pub arn: Option<String>,
    /// Its new state.
    pub state: AlarmState,
    /// When it changed.
    pub changed_at: Timestamp,
    /// CloudWatch's sentence about why.
    pub reason: String,
    /// Dimensions of its metrics as `(name, value)`, for finding the target.
    pub dimensions: Vec<(String, String)>,
    /// Who or what muted or suppressed it, if anybody did: such an alarm is not acted on.
    pub silenced_by: Option<String>,
}

impl Alarm {
    /// Every alarm in an event; more than one only where SNS batches records.
    ///
    /// Tolerant on purpose: metric-math alarms have no `metricStat`, composite ones no metrics,
    /// descriptions and reason data may be null or absent. Only name, state and time are needed.
    /// Source of the shapes: Amazon CloudWatch user guide, "Using alarm actions" (Lambda) and "Alarm
    /// events and EventBridge".
    ///
    /// # Errors
    /// [`AlarmError`] naming what is missing.
    pub fn parse(event: &Value) -> Result<Vec<Self>, AlarmError> {
        if let Some(records) = event.get("Records").and_then(Value::as_array) {
            return records.iter().map(from_sns_record).collect();
        }
        if let Some(data) = event.get("alarmData") {
            return from_direct(event, data).map(|alarm| vec![alarm]);
        }
        let detail_type = event.get("detail-type").and_then(Value::as_str);
        match (detail_type, event.get("detail")) {
            (Some("CloudWatch Alarm State Change"), Some(detail)) => {
                from_eventbridge(event, detail).map(|alarm| vec![alarm])
            }
            _ => Err(AlarmError::NotAnAlarm {
                fields: fields(event),
            }),
        }
    }

    /// What makes two deliveries the same event: the alarm and the moment of its change.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.changed_at)
    }
}

fn fields(event: &Value) -> String {
    let names: Vec<&str> = event
        .as_object()
        .map(|object| object.keys().take(12).map(String::as_str).collect())
        .unwrap_or_default();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn from_direct(event: &Value, data: &Value) -> Result<Alarm, AlarmError> {
    const SHAPE: &str = "direct";
    Ok(Alarm {
        delivery: Delivery::Direct,
        name: text(data, "alarmName", SHAPE, "alarmData.alarmName")?,
        arn: event
            .get("alarmArn")
            .and_then(Value::as_str)
            .map(str::to_owned),
        state: state(data.pointer("/state/value"), SHAPE, "alarmData.state.value")?,
        changed_at: time(
            data.pointer("/state/timestamp"),
            SHAPE,
            "alarmData.state.timestamp",
        )?,
        reason: optional_text(data.pointer("/state/reason")),
        dimensions: metric_dimensions(data.pointer("/configuration/metrics")),
        silenced_by: suppressor(data),
    })
}

fn from_eventbridge(event: &Value, detail: &Value) -> Result<Alarm, AlarmError> {
    const SHAPE: &str = "EventBridge";
    let arn = event
        .pointer("/resources/0")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let muted_by = detail.get("muteDetail").map(|mute| {
        let rule = mute
            .get("mutedByArn")
            .and_then(Value::as_str)
            .unwrap_or("an alarm mute rule");
        format!("muted by {rule}")
    });
    Ok(Alarm {
        delivery: Delivery::EventBridge,
        name: text(detail, "alarmName", SHAPE, "detail.alarmName")?,
        arn,
        state: state(detail.pointer("/state/value"), SHAPE, "detail.state.value")?,
        changed_at: time(
            detail.pointer("/state/timestamp"),
            SHAPE,
            "detail.state.timestamp",
        )?,
        reason: optional_text(detail.pointer("/state/reason")),
        dimensions: metric_dimensions(detail.pointer("/configuration/metrics")),
        silenced_by: muted_by.or_else(|| suppressor(detail)),
    })
}

fn from_sns_record(record: &Value) -> Result<Alarm, AlarmError> {
    const SHAPE: &str = "SNS";
    let message = record
        .pointer("/Sns/Message")
        .and_then(Value::as_str)
        .ok_or(AlarmError::Field {
            delivery: SHAPE,
            field: "Records[].Sns.Message",
            expected: "a string",
        })?;
    let message: Value =
        serde_json::from_str(message).map_err(|source| AlarmError::SnsMessage { source })?;
    let own = message.pointer("/Trigger/Dimensions");
    let metrics = message
        .pointer("/Trigger/Metrics")
        .and_then(Value::as_array);
    let nested = metrics
        .into_iter()
        .flatten()
        .filter_map(|m| m.pointer("/MetricStat/Metric/Dimensions"));
    let dimensions = own
        .into_iter()
        .chain(nested)
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|pair| {
            Some((
                pair.get("name")?.as_str()?.to_owned(),
                pair.get("value")?.as_str()?.to_owned(),
            ))
        })
        .collect();
    Ok(Alarm {
        delivery: Delivery::Sns,
        name: text(&message, "AlarmName", SHAPE, "AlarmName")?,
        arn: message
            .get("AlarmArn")
            .and_then(Value::as_str)
            .map(str::to_owned),
        state: state(message.get("NewStateValue"), SHAPE, "NewStateValue")?,
        changed_at: time(message.get("StateChangeTime"), SHAPE, "StateChangeTime")?,
        reason: optional_text(message.get("NewStateReason")),
        dimensions,
        silenced_by: None,
    })
}

/// Dimensions in the JSON shapes: an object by name, per metric; entries without `metricStat` are
/// expressions and have none.
fn metric_dimensions(metrics: Option<&Value>) -> Vec<(String, String)> {
    metrics
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|metric| metric.pointer("/metricStat/metric/dimensions")?.as_object())
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn suppressor(data: &Value) -> Option<String> {
    let by = data.pointer("/state/actionsSuppressedBy")?.as_str()?;
    let reason = data
        .pointer("/state/actionsSuppressedReason")
        .and_then(Value::as_str);
    Some(format!(
        "suppressed by {by}{}",
        reason.map(|r| format!(": {r}")).unwrap_or_default()
    ))
}

fn text(
    value: &Value,
    key: &str,
    delivery: &'static str,
    field: &'static str,
) -> Result<String, AlarmError> {
    match value.get(key).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(AlarmError::Field {
            delivery,
            field,
            expected: "a non-empty string",
        }),
    }
}

fn optional_text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn state(
    value: Option<&Value>,
    delivery: &'static str,
    field: &'static str,
) -> Result<AlarmState, AlarmError> {
    match value.and_then(Value::as_str) {
        Some("ALARM") => Ok(AlarmState::Alarm),
        Some("OK") => Ok(AlarmState::Ok),
        Some("INSUFFICIENT_DATA") => Ok(AlarmState::InsufficientData),
        _ => {
            let expected = "one of ALARM, OK, INSUFFICIENT_DATA";
            Err(AlarmError::Field {
                delivery,
                field,
                expected,
            })
        }
    }
}

/// CloudWatch writes offsets as `+0000`, which is not RFC 3339.
fn time(
    value: Option<&Value>,
    delivery: &'static str,
    field: &'static str,
) -> Result<Timestamp, AlarmError> {
    let expected = "a time such as 2026-11-22T09:40:00.123+0000";
    value
        .and_then(Value::as_str)
        .and_then(|text| {
            text.parse()
                .or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text))
                .ok()
        })
        .ok_or(AlarmError::Field {
            delivery,
            field,
            expected,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn direct() -> Value {
        json!({
            "source": "aws.cloudwatch",
            "alarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:web",
            "alarmData": {
                "alarmName": "web",
                "state": {"value": "ALARM", "reason": "r", "timestamp": "2026-11-22T09:36:15.490+0000"},
                "configuration": {"description": null, "metrics": [
                    {"id": "e", "expression": "m1/2", "returnData": true},
                    {"id": "m1", "metricStat": {"metric": {"namespace": "n", "name": "c",
                        "dimensions": {"LoadBalancer": "app/x/1"}}, "period": 60, "stat": "Sum"}}]}
            }
        })
    }

    fn eventbridge() -> Value {
        json!({
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "resources": ["arn:aws:cloudwatch:us-east-1:1:alarm:web"],
            "detail": {
                "alarmName": "web",
                "state": {"value": "ALARM", "reason": "r", "timestamp": "2026-11-22T09:36:15.490+0000"},
                "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": {
                    "namespace": "n", "name": "c", "dimensions": {"LoadBalancer": "app/x/1"}}}}]}
            }
        })
    }

    fn sns() -> Value {
        let message = json!({
            "AlarmName": "web", "AlarmDescription": null,
            "NewStateValue": "ALARM", "NewStateReason": "r",
            "StateChangeTime": "2026-11-22T09:36:15.490+0000",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:web",
            "Trigger": {"Dimensions": [{"value": "app/x/1", "name": "LoadBalancer"}]}
        });
        json!({"Records": [{"Sns": {"Message": message.to_string()}}]})
    }

    #[test]
    fn all_three_shapes_are_the_same_alarm() {
        let mut seen = Vec::new();
        for (event, delivery) in [
            (direct(), Delivery::Direct),
            (eventbridge(), Delivery::EventBridge),
            (sns(), Delivery::Sns),
        ] {
            let alarms = Alarm::parse(&event).unwrap();
            assert_eq!(alarms.len(), 1);
            assert_eq!(alarms[0].delivery, delivery);
            assert_eq!(alarms[0].state, AlarmState::Alarm);
            assert_eq!(
                alarms[0].dimensions,
                [("LoadBalancer".to_owned(), "app/x/1".to_owned())]
            );
            seen.push(alarms[0].id());
        }
        assert!(
            seen.iter().all(|id| id == "web@2026-11-22T09:36:15.49Z"),
            "{seen:?}"
        );
    }

    #[test]
    fn silenced_alarms_say_by_whom() {
        let mut muted = eventbridge();
        muted["detail"]["muteDetail"] = json!({"mutedByArn": "arn:mute"});
        assert_eq!(
            Alarm::parse(&muted).unwrap()[0].silenced_by.as_deref(),
            Some("muted by arn:mute")
        );
        let mut suppressed = direct();
        suppressed["alarmData"]["state"]["actionsSuppressedBy"] = json!("WaitPeriod");
        assert!(Alarm::parse(&suppressed).unwrap()[0].silenced_by.is_some());
    }

    #[test]
    fn missing_fields_are_named() {
        let refuse = |event: Value| Alarm::parse(&event).unwrap_err().to_string();
        assert!(refuse(json!({})).ends_with("its fields are: none"));
        assert!(
            refuse(json!({"detail-type": "CloudWatch Alarm Configuration Change", "detail": {}}))
                .contains("not a CloudWatch alarm")
        );
        for (pointer, field) in [
            ("/alarmData/alarmName", "alarmData.alarmName"),
            ("/alarmData/state/value", "alarmData.state.value"),
            ("/alarmData/state/timestamp", "alarmData.state.timestamp"),
        ] {
            let mut event = direct();
            *event.pointer_mut(pointer).unwrap() = Value::Null;
            assert!(refuse(event).contains(field), "{field}");
        }
        assert!(
            refuse(json!({"Records": [{"Sns": {"Message": "not json"}}]})).contains("not JSON")
        );
        assert!(refuse(json!({"Records": [{}]})).contains("Records[].Sns.Message"));
        assert!(refuse(json!("text")).contains("none"));
    }
}
