use thiserror::Error;

/// Why an event is not an alarm that can be acted on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AlarmError {
    /// None of the three shapes.
    #[error(
        "event is not a CloudWatch alarm: it has none of alarmData (direct action), detail-type \"CloudWatch Alarm State Change\" (EventBridge), Records[].Sns (SNS); its fields are: {fields}"
    )]
    NotAnAlarm {
        /// Fields that the event does have.
        fields: String,
    },
    /// One of the shapes without something every alarm has.
    #[error("{delivery} alarm event: field {field} is missing or not {expected}")]
    Field {
        /// Which shape.
        delivery: &'static str,
        /// The field.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// An SNS message that is not JSON.
    #[error("SNS alarm event: Message is not JSON")]
    SnsMessage {
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}
