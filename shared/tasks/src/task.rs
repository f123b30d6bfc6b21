use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One target's part of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The function that is to do it.
    pub function: String,
    /// The run: when it was due.
    pub run: Timestamp,
    /// The target.
    pub target: String,
    /// Whether what is there already is made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// A message around a task, so that it is told from every other message.
#[derive(Serialize, Deserialize)]
struct Body<T> {
    #[serde(rename = "forescaleTask")]
    task: T,
}

impl Task {
    /// As a message.
    #[must_use]
    pub fn body(&self) -> String {
        // Names, a time and a flag: nothing that could not be written.
        serde_json::to_string(&Body { task: self }).unwrap_or_default()
    }

    /// The task in a message.
    ///
    /// # Errors
    /// What is wrong with it, in plain words.
    pub(crate) fn read(body: &str) -> Result<Self, String> {
        match serde_json::from_str::<Body<Self>>(body) {
            Ok(body) if is_part_of_a_key(&body.task.target) => Ok(body.task),
            Ok(body) => Err(format!("{:?} cannot be a target", body.task.target)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Whether `target` may stand in a document's key. Names have letters, digits, `-` and `_`; a target
/// that is wrong may be known by its place, such as `target.7`.
fn is_part_of_a_key(target: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=80).contains(&target.len()) && target.bytes().all(plain) && !target.starts_with('.')
}

/// A message as a queue delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which message.
    pub id: String,
    /// Which delivery of it, for the queue.
    pub receipt: String,
    /// What it says.
    pub body: String,
    /// How often it was delivered, this time included.
    pub receives: u32,
}

/// The messages in `event`, if that is what SQS delivers to a function.
///
/// Source: Lambda developer guide, "Using Lambda with Amazon SQS", the standard queue's event.
#[must_use]
pub fn deliveries(event: &Value) -> Option<Vec<Delivery>> {
    let records = event.get("Records")?.as_array()?;
    records.iter().map(delivery).collect()
}

fn delivery(record: &Value) -> Option<Delivery> {
    let text = |key: &str| Some(record.get(key)?.as_str()?.to_owned());
    if record.get("eventSource").and_then(Value::as_str) != Some("aws:sqs") {
        return None;
    }
    let receives = record
        .pointer("/attributes/ApproximateReceiveCount")
        .and_then(Value::as_str)
        .and_then(|count| count.parse().ok());
    Some(Delivery {
        id: text("messageId").filter(|id| !id.is_empty())?,
        receipt: text("receiptHandle")?,
        body: text("body")?,
        receives: receives.unwrap_or(1),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task() -> Task {
        Task {
            function: "planner".to_owned(),
            run: "2026-11-22T12:40:00Z".parse().unwrap(),
            target: "web".to_owned(),
            again: false,
        }
    }

    #[test]
    fn a_task_comes_back_as_it_was_sent() {
        let body = task().body();
        assert_eq!(
            body,
            r#"{"forescaleTask":{"function":"planner","run":"2026-11-22T12:40:00Z","target":"web"}}"#
        );
        assert_eq!(Task::read(&body), Ok(task()));
        let again = Task {
            again: true,
            ..task()
        };
        assert_eq!(Task::read(&again.body()), Ok(again));
    }

    #[test]
    fn what_is_no_task_is_said() {
        for (target, said) in [
            ("../lease", "cannot be a target"),
            ("", "cannot be a target"),
        ] {
            let target = target.to_owned();
            let error = Task::read(&Task { target, ..task() }.body()).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        for body in [
            "",
            "{}",
            "[1]",
            r#"{"forescaleLook":{}}"#,
            r#"{"forescaleTask":{}}"#,
        ] {
            assert!(Task::read(body).is_err(), "{body}");
        }
    }

    #[test]
    fn only_what_sqs_delivers_is_a_delivery() {
        let record = json!({
            "messageId": "059f36b4", "receiptHandle": "AQEB", "body": "x",
            "attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1545082649183"},
            "messageAttributes": {}, "md5OfBody": "e4e6", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-2:1:q", "awsRegion": "us-east-2",
        });
        let found = deliveries(&json!({ "Records": [record] })).unwrap();
        assert_eq!((found[0].id.as_str(), found[0].receives), ("059f36b4", 3));
        for other in [
            json!({}),
            json!({"targets": ["web"]}),
            json!({"Records": [{"Sns": {"Message": "{}"}}]}),
            json!({"Records": [{"eventSource": "aws:sqs", "body": "no id"}]}),
        ] {
            assert_eq!(deliveries(&other), None, "{other}");
        }
    }
}
