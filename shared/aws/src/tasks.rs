use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use jiff::SignedDuration;
use ports::{DeadLetter, PortError, TaskQueue, Unsent};

use crate::TasksEnvironment;
use crate::answer::{Call, chain};

/// Longest time a message may be hidden. Source: SQS API reference, `ChangeMessageVisibility`.
const LONGEST_HIDDEN: i64 = 12 * 3600;

/// Longest reason: far below the largest message, long enough for every finding about a target.
const LONGEST_REASON: usize = 16 * 1024;

/// Tasks in one SQS queue, what is given up in another.
#[derive(Debug, Clone)]
pub struct SqsTasks {
    client: Client,
    queues: Option<Queues>,
}

#[derive(Debug, Clone)]
struct Queues {
    tasks: String,
    dead_letters: String,
}

impl SqsTasks {
    /// The queues that `environment` names.
    #[must_use]
    pub fn new(sdk: &SdkConfig, environment: Option<&TasksEnvironment>) -> Self {
        Self {
            client: Client::new(sdk),
            queues: environment.map(|environment| Queues {
                tasks: environment.url.clone(),
                dead_letters: environment.dead_letters_url.clone(),
            }),
        }
    }

    fn queues(&self, call: Call<'_>) -> Result<&Queues, PortError> {
        let none = || call.refused("there is no queue of tasks");
        self.queues.as_ref().ok_or_else(none)
    }
}

impl TaskQueue for SqsTasks {
    fn is_open(&self) -> bool {
        self.queues.is_some()
    }

    async fn send(&self, bodies: &[String]) -> Result<Vec<Unsent>, PortError> {
        let call = Call {
            operation: "send tasks",
            resource: "the queue of tasks",
        };
        let queues = self.queues(call)?;
        let entries = bodies.iter().enumerate().map(|(place, body)| {
            SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(body)
                .build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>();
        let entries = entries.map_err(|error| call.refused(chain(&error)))?;
        let answer = self
            .client
            .send_message_batch()
            .queue_url(&queues.tasks)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        // The call succeeds although a message was not taken.
        answer
            .failed()
            .iter()
            .map(|failed| {
                let place = failed.id().parse().map_err(|_| {
                    call.unanswered(format!("message {:?} is none of ours", failed.id()))
                })?;
                let words = failed.message().unwrap_or_default();
                let reason = format!("{}: {words}", failed.code());
                Ok(Unsent { place, reason })
            })
            .collect()
    }

    async fn give_up(&self, letter: &DeadLetter) -> Result<(), PortError> {
        let call = Call {
            operation: "send dead letter",
            resource: &letter.target,
        };
        let queues = self.queues(call)?;
        let mut message = self
            .client
            .send_message()
            .queue_url(&queues.dead_letters)
            .message_body(text(&letter.body));
        for (name, value) in [
            ("target", &letter.target),
            ("code", &letter.code),
            ("reason", &letter.reason),
        ] {
            let attribute = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(text(value))
                .build()
                .map_err(|error| call.refused(chain(&error)))?;
            message = message.message_attributes(name, attribute);
        }
        message.send().await.map_err(|error| call.failed(&error))?;
        Ok(())
    }

    async fn hide(&self, receipt: &str, span: SignedDuration) -> Result<(), PortError> {
        let call = Call {
            operation: "hide task",
            resource: "the queue of tasks",
        };
        let queues = self.queues(call)?;
        let seconds = span.as_secs().clamp(0, LONGEST_HIDDEN);
        self.client
            .change_message_visibility()
            .queue_url(&queues.tasks)
            .receipt_handle(receipt)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(0))
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(())
    }
}

/// What SQS takes: not empty, no control characters but tabs and line breaks, and short.
///
/// Source: SQS API reference, `SendMessage`, the characters of a message.
fn text(wanted: &str) -> String {
    if wanted.is_empty() {
        return "-".to_owned();
    }
    let wanted = &wanted[..wanted.floor_char_boundary(LONGEST_REASON)];
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => c,
        _ => '?',
    };
    wanted.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::operation::change_message_visibility::ChangeMessageVisibilityOutput;
    use aws_sdk_sqs::operation::send_message::SendMessageOutput;
    use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
    use aws_sdk_sqs::types::BatchResultErrorEntry;
    use aws_smithy_mocks::{mock, mock_client};

    use super::*;

    fn over(client: Client) -> SqsTasks {
        let queues = Queues {
            tasks: "https://tasks".to_owned(),
            dead_letters: "https://dead".to_owned(),
        };
        SqsTasks {
            client,
            queues: Some(queues),
        }
    }

    #[test]
    fn a_long_reason_is_cut_short_by_its_bytes() {
        let cut = text(&"ü".repeat(LONGEST_REASON));
        assert_eq!(cut.len(), LONGEST_REASON);
        assert!(cut.chars().all(|c| c == 'ü'));
        assert_eq!(text("a\u{1}b"), "a?b");
    }

    #[tokio::test]
    async fn what_was_not_taken_of_a_batch_is_named() {
        let rule = mock!(Client::send_message_batch)
            .match_requests(|input| {
                let bodies = input.entries().iter().map(|entry| entry.message_body());
                input.queue_url() == Some("https://tasks") && bodies.eq(["a", "b", "c"])
            })
            .then_output(|| {
                let failed = BatchResultErrorEntry::builder()
                    .id("1")
                    .code("InternalError")
                    .sender_fault(false)
                    .build()
                    .unwrap();
                SendMessageBatchOutput::builder()
                    .set_successful(Some(Vec::new()))
                    .failed(failed)
                    .build()
                    .unwrap()
            });
        let tasks = over(mock_client!(aws_sdk_sqs, [&rule]));
        let bodies = ["a", "b", "c"].map(str::to_owned);
        let unsent = tasks.send(&bodies).await.unwrap();
        assert_eq!(unsent.len(), 1);
        assert_eq!(unsent[0].place, 1);
        assert!(unsent[0].reason.contains("InternalError"));
    }

    #[tokio::test]
    async fn a_dead_letter_has_its_reason_beside_it() {
        let letter = mock!(Client::send_message)
            .match_requests(|input| {
                let value = |name: &str| {
                    let attributes = input.message_attributes()?;
                    attributes.get(name)?.string_value()
                };
                input.queue_url() == Some("https://dead")
                    && input.message_body() == Some("{}")
                    && value("target") == Some("-")
                    && value("code") == Some("NotFound")
                    && value("reason") == Some("group g?\u{e9} is gone")
            })
            .then_output(|| SendMessageOutput::builder().build());
        let hidden = mock!(Client::change_message_visibility)
            .match_requests(|input| {
                input.queue_url() == Some("https://tasks") && input.visibility_timeout() == Some(43)
            })
            .then_output(|| ChangeMessageVisibilityOutput::builder().build());
        let tasks = over(mock_client!(aws_sdk_sqs, [&letter, &hidden]));
        let dead = DeadLetter {
            body: "{}".to_owned(),
            target: String::new(),
            code: "NotFound".to_owned(),
            reason: "group g\u{1}\u{e9} is gone".to_owned(),
        };
        tasks.give_up(&dead).await.unwrap();
        let span = SignedDuration::from_millis(43_700);
        tasks.hide("receipt", span).await.unwrap();
        assert_eq!((letter.num_calls(), hidden.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn without_a_queue_nothing_is_sent() {
        let rule = mock!(Client::send_message_batch)
            .then_output(|| unreachable!("there is no queue to send to"));
        let closed = SqsTasks {
            client: mock_client!(aws_sdk_sqs, [&rule]),
            queues: None,
        };
        assert!(!closed.is_open());
        let error = closed.send(&["a".to_owned()]).await.unwrap_err();
        assert_eq!(error.code(), "Refused");
    }
}
