use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use ports::{Message, Notifier, PortError};
use tracing::info;

use crate::answer::{Call, chain};

/// Longest subject. Source: SNS API reference, `Publish`.
const LONGEST_SUBJECT: usize = 100;

/// Largest message with its attributes is 256 KiB (source: SNS quotas); 16 KiB of that stay free
/// for names, types and the subject.
const LARGEST_MESSAGE: usize = (256 - 16) * 1024;

/// Largest text: whatever is left for the record, people get to read most of it.
const LARGEST_TEXT: usize = 64 * 1024;

/// Messages to an SNS topic.
///
/// The text is the message, so that mail and chat show plain words. The record travels beside it
/// as the String attribute `record`, which programs subscribed through SQS or Lambda read; where
/// it is too large the attribute `record_bytes` says how large it would have been, and the
/// documents in the store hold what it said. Without a topic, messages are only logged.
#[derive(Debug, Clone)]
pub struct SnsNotifier {
    client: Client,
    topic_arn: Option<String>,
}

impl SnsNotifier {
    #[cfg(test)]
    pub(crate) fn over(client: Client, topic_arn: Option<String>) -> Self {
        Self { client, topic_arn }
    }

    /// A notifier of the topic at `topic_arn`.
    #[must_use]
    pub fn new(sdk: &SdkConfig, topic_arn: Option<String>) -> Self {
        Self {
            client: Client::new(sdk),
            topic_arn,
        }
    }
}

impl Notifier for SnsNotifier {
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        let Some(topic) = &self.topic_arn else {
            info!(subject = message.subject, text = message.text, record = %message.record,
                "message without a topic to send it to");
            return Ok(());
        };
        let call = Call {
            operation: "send message",
            resource: topic,
        };
        let text = text(&message.text);
        let record = message.record.to_string();
        let (name, data_type, value) = if text.len() + record.len() <= LARGEST_MESSAGE {
            ("record", "String", record)
        } else {
            ("record_bytes", "Number", record.len().to_string())
        };
        let attribute = MessageAttributeValue::builder()
            .data_type(data_type)
            .string_value(value)
            .build()
            .map_err(|error| call.refused(chain(&error)))?;
        self.client
            .publish()
            .topic_arn(topic)
            .subject(subject(&message.subject))
            .message(text)
            .message_attributes(name, attribute)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }
}

/// What SNS takes: ASCII without control characters, not empty, at most 100 characters.
fn subject(wanted: &str) -> String {
    let one_line: String = wanted
        .trim()
        .chars()
        .map(|c| match c {
            ' '..='~' => c,
            c if c.is_whitespace() || c.is_control() => ' ',
            _ => '?',
        })
        .take(LONGEST_SUBJECT)
        .collect();
    if one_line.trim().is_empty() {
        "Forescale".to_owned()
    } else {
        one_line
    }
}

/// What SNS takes: not empty, and short enough.
fn text(wanted: &str) -> String {
    if wanted.trim().is_empty() {
        return "(no text)".to_owned();
    }
    let end = wanted.floor_char_boundary(LARGEST_TEXT);
    wanted.get(..end).unwrap_or(wanted).to_owned()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sns::operation::publish::{PublishInput, PublishOutput};
    use aws_smithy_mocks::{mock, mock_client};
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:forescale";

    fn message(record: serde_json::Value) -> Message {
        Message {
            subject: "shop: demand\nleft the forecast – 3×".to_owned(),
            text: "Servers were raised from 4 to 9.".to_owned(),
            record,
        }
    }

    async fn sent(record: serde_json::Value, fits: fn(&PublishInput) -> bool) -> usize {
        let rule = mock!(Client::publish)
            .match_requests(fits)
            .then_output(|| PublishOutput::builder().message_id("1").build());
        let client = mock_client!(aws_sdk_sns, [&rule]);
        let notifier = SnsNotifier {
            client,
            topic_arn: Some(TOPIC.to_owned()),
        };
        notifier.notify(&message(record)).await.unwrap();
        rule.num_calls()
    }

    #[tokio::test]
    async fn sends_words_and_record() {
        let calls = sent(json!({"raised_to": 9}), |input| {
            let record = input.message_attributes().and_then(|all| all.get("record"));
            input.subject() == Some("shop: demand left the forecast ? 3?")
                && input.message() == Some("Servers were raised from 4 to 9.")
                && record.and_then(|it| it.string_value()) == Some(r#"{"raised_to":9}"#)
        });
        assert_eq!(calls.await, 1);
    }

    #[tokio::test]
    async fn leaves_out_a_record_that_does_not_fit() {
        let calls = sent(json!("x".repeat(LARGEST_MESSAGE)), |input| {
            let size = input
                .message_attributes()
                .and_then(|all| all.get("record_bytes"));
            size.and_then(|it| it.string_value()) == Some("245762")
        });
        assert_eq!(calls.await, 1);
    }

    #[test]
    fn keeps_a_subject_within_bounds() {
        assert_eq!(subject(&"é".repeat(300)), "?".repeat(100));
        assert_eq!(subject(" \n "), "Forescale");
        assert_eq!(text(""), "(no text)");
        assert!(text(&"é".repeat(LARGEST_TEXT)).len() <= LARGEST_TEXT);
    }
}
