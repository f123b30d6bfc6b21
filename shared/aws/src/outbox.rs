use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::SignedDuration;
use ports::{Look, Message, Notifier, PortError, Reminder};
use serde_json::json;
use tracing::warn;

use crate::answer::{Call, chain};
use crate::{Environment, SnsNotifier};

/// Source and type of the events, for the rules of other tools.
const EVENT_SOURCE: &str = "forescale";
const EVENT_TYPE: &str = "Forescale Message";

/// Largest entry of PutEvents is 256 KiB with its names. Source: EventBridge quotas.
const LARGEST_DETAIL: usize = 240 * 1024;

/// Longest delay of one message. Source: SQS API reference, `SendMessage`, `DelaySeconds`.
const LONGEST_DELAY: i64 = 900;

/// What goes out: words and record to an SNS topic, the record as an EventBridge event, and looks
/// of the responder at itself through a delayed SQS message.
///
/// Each is left out where the environment does not name its place.
#[derive(Debug, Clone)]
pub struct Outbox {
    people: SnsNotifier,
    events: aws_sdk_eventbridge::Client,
    bus: Option<String>,
    looks: aws_sdk_sqs::Client,
    queue: Option<String>,
}

impl Outbox {
    /// An outbox to the places that `environment` names.
    #[must_use]
    pub fn new(sdk: &SdkConfig, environment: &Environment) -> Self {
        Self {
            people: SnsNotifier::new(sdk, environment.topic_arn.clone()),
            events: aws_sdk_eventbridge::Client::new(sdk),
            bus: environment.event_bus.clone(),
            looks: aws_sdk_sqs::Client::new(sdk),
            queue: environment.looks_url.clone(),
        }
    }

    async fn event(&self, bus: &str, message: &Message) -> Result<(), PortError> {
        let call = Call {
            operation: "send event",
            resource: bus,
        };
        let detail = json!({
            "subject": message.subject, "text": message.text, "record": message.record,
        })
        .to_string();
        if detail.len() > LARGEST_DETAIL {
            return Err(call.refused(format!("{} bytes are too many", detail.len())));
        }
        let entry = PutEventsRequestEntry::builder()
            .source(EVENT_SOURCE)
            .detail_type(EVENT_TYPE)
            .detail(detail)
            .event_bus_name(bus)
            .build();
        let answer = self
            .events
            .put_events()
            .entries(entry)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        // The call succeeds although an entry was not taken.
        match answer.entries().iter().find_map(|entry| {
            Some((
                entry.error_code()?,
                entry.error_message().unwrap_or_default(),
            ))
        }) {
            Some((code, words)) => Err(call.refused(format!("{code}: {words}"))),
            None => Ok(()),
        }
    }
}

impl Notifier for Outbox {
    /// People first; an event that cannot be sent is only logged, since people have heard.
    async fn notify(&self, message: &Message) -> Result<(), PortError> {
        let told = self.people.notify(message).await;
        if let Some(bus) = &self.bus
            && let Err(error) = self.event(bus, message).await
        {
            warn!(error = %chain(&error), "event not sent");
        }
        told
    }
}

impl Reminder for Outbox {
    fn reminds(&self) -> bool {
        self.queue.is_some()
    }

    async fn remind(&self, look: &Look, span: SignedDuration) -> Result<(), PortError> {
        let Some(queue) = &self.queue else {
            warn!(
                target_name = look.target,
                "no queue for the next look: the planner's hour is next"
            );
            return Ok(());
        };
        let call = Call {
            operation: "ask for the next look",
            resource: &look.target,
        };
        let seconds = i32::try_from(span.as_secs().clamp(0, LONGEST_DELAY)).unwrap_or(0);
        self.looks
            .send_message()
            .queue_url(queue)
            .message_body(json!({ "forescaleLook": look }).to_string())
            .delay_seconds(seconds)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
    use aws_sdk_eventbridge::types::PutEventsResultEntry;
    use aws_sdk_sns::operation::publish::PublishOutput;
    use aws_sdk_sqs::operation::send_message::SendMessageOutput;
    use aws_smithy_mocks::{mock, mock_client};

    use super::*;

    fn look() -> Look {
        Look {
            target: "web".to_owned(),
            number: 7,
            incident: "2026-11-22T10:00:00Z".parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn a_look_comes_back_after_its_delay_and_the_words_go_with_their_record() {
        let people = mock!(aws_sdk_sns::Client::publish)
            .then_output(|| PublishOutput::builder().message_id("1").build());
        let events = mock!(aws_sdk_eventbridge::Client::put_events)
            .match_requests(|input| {
                let entry = &input.entries()[0];
                entry.source() == Some("forescale")
                    && entry.event_bus_name() == Some("default")
                    && entry
                        .detail()
                        .is_some_and(|detail| detail.contains(r#""hold":9"#))
            })
            .then_output(|| {
                let refused = PutEventsResultEntry::builder().error_code("ThrottlingException");
                PutEventsOutput::builder()
                    .entries(refused.build())
                    .failed_entry_count(1)
                    .build()
            });
        let looks = mock!(aws_sdk_sqs::Client::send_message)
            .match_requests(|input| {
                input.delay_seconds() == Some(120)
                    && input.queue_url() == Some("https://queue")
                    && input.message_body().is_some_and(|body| {
                        body.contains(r#""forescaleLook""#) && body.contains(r#""number":7"#)
                    })
            })
            .then_output(|| SendMessageOutput::builder().build());
        let topic = "arn:aws:sns:eu-west-1:1:t".to_owned();
        let outbox = Outbox {
            people: SnsNotifier::over(mock_client!(aws_sdk_sns, [&people]), Some(topic)),
            events: mock_client!(aws_sdk_eventbridge, [&events]),
            bus: Some("default".to_owned()),
            looks: mock_client!(aws_sdk_sqs, [&looks]),
            queue: Some("https://queue".to_owned()),
        };
        let message = Message {
            subject: "web".to_owned(),
            text: "raised".to_owned(),
            record: json!({ "hold": 9 }),
        };
        // An entry that EventBridge refuses keeps nobody from hearing.
        outbox.notify(&message).await.unwrap();
        outbox
            .remind(&look(), SignedDuration::from_mins(2))
            .await
            .unwrap();
        assert_eq!(
            (people.num_calls(), events.num_calls(), looks.num_calls()),
            (1, 1, 1)
        );
    }
}
