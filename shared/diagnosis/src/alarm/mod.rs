mod dimensions;

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
    /// Which time series of an alarm with several, where the delivery is of one of them.
    pub contributor: Option<String>,
    /// Dimensions of its metrics as `(name, value)`, for finding the target.
    pub dimensions: Vec<(String, String)>,
    /// Names of the alarms that made a composite one go off; where it does not say which (a test by
    /// SetAlarmState does not), those that its rule names.
    pub behind: Vec<String>,
    /// Who or what muted or suppressed it, if anybody did: such an alarm is not acted on.
    pub silenced_by: Option<String>,
}

impl Alarm {
    /// Every alarm in an event; more than one only where records are batched.
    ///
    /// Tolerant on purpose: metric-math alarms, those of Metrics Insights and anomaly bands have
    /// expressions without a `metricStat`, composite ones no metrics but the alarms behind them,
    /// descriptions and reason data may be null or absent (a test by SetAlarmState has none). Only
    /// name, state and time are needed. Each shape may lie in a record of SNS or SQS, as rules and
    /// topics hand them on.
    /// Source of the shapes: Amazon CloudWatch user guide, "Using alarm actions" (Lambda) and "Alarm
    /// events and EventBridge".
    ///
    /// # Errors
    /// [`AlarmError`] naming what is missing.
    pub fn parse(event: &Value) -> Result<Vec<Self>, AlarmError> {
        match event.get("Records").and_then(Value::as_array) {
            Some(records) if !records.is_empty() => records.iter().map(from_record).collect(),
            _ => from_event(event).map(|alarm| vec![alarm]),
        }
    }

    /// The alarm, and which of its time series: two of them change by themselves.
    #[must_use]
    pub fn source(&self) -> String {
        match &self.contributor {
            None => self.name.clone(),
            Some(contributor) => format!("{}[{contributor}]", self.name),
        }
    }

    /// What makes two deliveries the same event: the alarm and the moment of its change.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.source(), self.changed_at)
    }
}

/// The fields of what is no alarm, and what it calls itself.
fn fields(event: &Value) -> String {
    let told = |(name, value): (&String, &Value)| match (name.as_str(), value.as_str()) {
        ("detail-type" | "source", Some(text)) => {
            let text: String = text.chars().take(80).collect();
            format!("{name} \"{text}\"")
        }
        _ => name.chars().take(80).collect(),
    };
    let names: Vec<String> = event
        .as_object()
        .map(|object| object.iter().take(12).map(told).collect())
        .unwrap_or_default();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// One of the shapes, not in a record.
fn from_event(event: &Value) -> Result<Alarm, AlarmError> {
    if let Some(data) = event.get("alarmData") {
        return from_direct(event, data);
    }
    let detail_type = event.get("detail-type").and_then(Value::as_str);
    match (detail_type, event.get("detail")) {
        (Some("CloudWatch Alarm State Change"), Some(detail)) => from_eventbridge(event, detail),
        _ => Err(AlarmError::NotAnAlarm {
            fields: fields(event),
        }),
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
        contributor: contributor(data),
        dimensions: dimensions::of_alarm(data),
        behind: dimensions::behind(data),
        silenced_by: muted(data).or_else(|| suppressor(data)),
    })
}

fn from_eventbridge(event: &Value, detail: &Value) -> Result<Alarm, AlarmError> {
    const SHAPE: &str = "EventBridge";
    let arn = event
        .pointer("/resources/0")
        .and_then(Value::as_str)
        .map(str::to_owned);
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
        contributor: contributor(detail),
        dimensions: dimensions::of_alarm(detail),
        behind: dimensions::behind(detail),
        silenced_by: muted(detail).or_else(|| suppressor(detail)),
    })
}

/// An alarm in a record of SNS, or of an SQS queue behind a topic or a rule.
fn from_record(record: &Value) -> Result<Alarm, AlarmError> {
    const FIELD: &str = "Records[].Sns.Message";
    let message = record
        .pointer("/Sns/Message")
        .or_else(|| record.get("body"));
    from_text(message.and_then(Value::as_str), FIELD)
}

fn from_text(text: Option<&str>, field: &'static str) -> Result<Alarm, AlarmError> {
    let text = text.ok_or(AlarmError::Field {
        delivery: "SNS",
        field,
        expected: "a string",
    })?;
    let message: Value =
        serde_json::from_str(text).map_err(|source| AlarmError::SnsMessage { source })?;
    if message.get("alarmData").is_some() || message.get("detail-type").is_some() {
        return from_event(&message);
    }
    match message.get("Message") {
        // What a topic sends to a queue has its envelope around it.
        Some(inner) if message.get("AlarmName").is_none() => from_text(inner.as_str(), "Message"),
        _ => from_sns(&message),
    }
}

fn from_sns(message: &Value) -> Result<Alarm, AlarmError> {
    const SHAPE: &str = "SNS";
    Ok(Alarm {
        delivery: Delivery::Sns,
        name: text(message, "AlarmName", SHAPE, "AlarmName")?,
        arn: message
            .get("AlarmArn")
            .and_then(Value::as_str)
            .map(str::to_owned),
        state: state(message.get("NewStateValue"), SHAPE, "NewStateValue")?,
        changed_at: time(message.get("StateChangeTime"), SHAPE, "StateChangeTime")?,
        reason: optional_text(message.get("NewStateReason")),
        contributor: message
            .get("AlarmContributorId")
            .and_then(Value::as_str)
            .map(str::to_owned),
        dimensions: dimensions::of_message(message),
        behind: dimensions::children(message),
        silenced_by: suppressed(message, "/ActionsSuppressedBy", "/ActionsSuppressedReason"),
    })
}

/// The time series that a delivery is about, of an alarm with several: Metrics Insights with a
/// `GROUP BY` calls for each of them.
fn contributor(data: &Value) -> Option<String> {
    let id = data.pointer("/alarmContributor/id")?.as_str()?;
    Some(id.to_owned())
}

/// The rule that mutes it at the moment: the event comes all the same.
fn muted(data: &Value) -> Option<String> {
    let mute = data.get("muteDetail").filter(|mute| !mute.is_null())?;
    let rule = mute.get("mutedByArn").and_then(Value::as_str);
    Some(format!("muted by {}", rule.unwrap_or("an alarm mute rule")))
}

fn suppressor(data: &Value) -> Option<String> {
    suppressed(
        data,
        "/state/actionsSuppressedBy",
        "/state/actionsSuppressedReason",
    )
}

fn suppressed(data: &Value, by: &str, reason: &str) -> Option<String> {
    let by = data.pointer(by)?.as_str()?;
    let reason = data.pointer(reason).and_then(Value::as_str);
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
            // Samples of AWS's own have blanks in it.
            let text: String = text.split_whitespace().collect();
            text.parse()
                .or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &text))
                .ok()
        })
        .ok_or(AlarmError::Field {
            delivery,
            field,
            expected,
        })
}
