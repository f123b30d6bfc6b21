//! The SDK's time and ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// `at` as the SDK writes it.
pub(crate) fn to_sdk(at: Timestamp) -> DateTime {
    DateTime::from_nanos(at.as_nanosecond()).unwrap_or_else(|_| DateTime::from_secs(at.as_second()))
}

/// `at` as the SDK read it; `None` outside jiff's years, -9999 to 9999.
pub(crate) fn from_sdk(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(at.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_there_and_back() {
        for text in [
            "1969-12-31T23:59:59.75Z",
            "2026-03-29T01:00:00Z",
            "2026-11-22T01:23:45.123Z",
        ] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(from_sdk(&to_sdk(at)), Some(at), "{text}");
        }
    }

    #[test]
    fn refuses_what_no_calendar_has() {
        assert_eq!(from_sdk(&DateTime::from_secs(i64::MAX)), None);
    }
}
