//! What the function can be called with.

use diagnosis::{Alarm, AlarmError};
use ports::Look;
use serde_json::{Value, json};

/// Why a target is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cause {
    /// An alarm changed its state.
    Alarm(Alarm),
    /// An earlier look asked for it.
    Look {
        /// Which.
        look: Look,
        /// Whether it was delivered before, and that delivery failed or was cut short.
        again: bool,
    },
}

impl Cause {
    /// What makes two deliveries the same.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Alarm(alarm) => alarm.id(),
            Self::Look { look, .. } => format!("look {} of {}", look.number, look.incident),
        }
    }

    /// Name of the alarm, without the series it is about.
    pub(crate) fn alarm_name(&self) -> Option<String> {
        match self {
            Self::Alarm(alarm) => Some(alarm.name.clone()),
            Self::Look { .. } => None,
        }
    }

    /// Region of the alarm, where its delivery tells.
    pub(crate) fn region(&self) -> Option<String> {
        let Self::Alarm(alarm) = self else {
            return None;
        };
        let region = alarm.arn.as_deref()?.split(':').nth(3)?;
        (!region.is_empty()).then(|| region.to_owned())
    }

    /// In words, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Alarm(alarm) if alarm.reason.is_empty() => format!("Alarm {}", alarm.name),
            Self::Alarm(alarm) => format!("Alarm {} ({})", alarm.name, alarm.reason),
            Self::Look { look, .. } => format!("Look {} since {}", look.number, look.incident),
        }
    }
}

/// Everything in `event`: alarms and looks, and the parts that are neither. Each record by itself:
/// one that cannot be read does not keep the others of a batch from theirs.
pub(crate) fn causes(event: &Value) -> (Vec<Cause>, Vec<AlarmError>) {
    let (mut causes, mut refused) = (Vec::new(), Vec::new());
    for part in single_records(event) {
        if let Some(look) = look(&part) {
            let again = received(&part) > 1;
            causes.push(Cause::Look { look, again });
            continue;
        }
        match Alarm::parse(&part) {
            Ok(found) => causes.extend(found.into_iter().map(Cause::Alarm)),
            Err(error) => refused.push(error),
        }
    }
    (causes, refused)
}

/// A look, bare or as the body of an SQS record.
fn look(event: &Value) -> Option<Look> {
    if let Some(body) = event.pointer("/Records/0/body").and_then(Value::as_str) {
        let body: Value = serde_json::from_str(body).ok()?;
        return look(&body);
    }
    serde_json::from_value(event.get("forescaleLook")?.clone()).ok()
}

/// How often SQS has delivered a record, this time included; 1 where it does not say so.
fn received(event: &Value) -> u64 {
    event
        .pointer("/Records/0/attributes/ApproximateReceiveCount")
        .and_then(Value::as_str)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

/// The records of an SNS or SQS event as events of one record each; any other event as it is.
fn single_records(event: &Value) -> Vec<Value> {
    match event.get("Records").and_then(Value::as_array) {
        Some(records) if records.len() > 1 => {
            let single = |record: &Value| json!({ "Records": [record] });
            records.iter().map(single).collect()
        }
        _ => vec![event.clone()],
    }
}
