use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::TimeSeriesError;

/// The distance between two values of a series: whole seconds, 1 minute to 1 hour, and a divisor
/// of the hour, so that steps never straddle an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(u32);

impl Step {
    /// One minute, the finest step.
    pub const MINUTE: Self = Self(60);
    /// Five minutes.
    pub const FIVE_MINUTES: Self = Self(300);
    /// One hour, the coarsest step.
    pub const HOUR: Self = Self(3600);

    /// A step of `seconds`.
    ///
    /// # Errors
    /// [`TimeSeriesError::Step`] unless `seconds` is within 60..=3600 and divides 3600.
    pub fn from_seconds(seconds: i64) -> Result<Self, TimeSeriesError> {
        match u32::try_from(seconds) {
            Ok(value) if (60..=3600).contains(&value) && 3600 % value == 0 => Ok(Self(value)),
            _ => Err(TimeSeriesError::Step { seconds }),
        }
    }

    /// A step of `minutes`.
    ///
    /// # Errors
    /// As [`Step::from_seconds`].
    pub fn from_minutes(minutes: i64) -> Result<Self, TimeSeriesError> {
        Self::from_seconds(minutes.saturating_mul(60))
    }

    /// Length in seconds, 60..=3600.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// Length in minutes, possibly a fraction.
    #[must_use]
    pub fn minutes(self) -> f64 {
        f64::from(self.0) / 60.0
    }

    /// Length as a duration.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.0))
    }

    /// Steps in 24 hours.
    #[must_use]
    pub fn per_day(self) -> usize {
        86_400 / self.0 as usize
    }

    /// Steps that cover `span`, rounded up; zero for a span that is not positive.
    #[must_use]
    pub fn covering(self, span: SignedDuration) -> usize {
        let seconds = span.as_secs() + i64::from(span.subsec_nanos() > 0);
        usize::try_from(seconds.max(0))
            .unwrap_or(0)
            .div_ceil(self.0 as usize)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            3600 => f.write_str("1h"),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

impl FromStr for Step {
    type Err = TimeSeriesError;

    /// Reads `5m`, `300s`, `1h` or any other duration `jiff` reads.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let span: SignedDuration = text.parse().map_err(|_| TimeSeriesError::StepText {
            text: text.to_owned(),
        })?;
        if span.subsec_nanos() != 0 {
            return Err(TimeSeriesError::StepText {
                text: text.to_owned(),
            });
        }
        Self::from_seconds(span.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_spellings() {
        for (text, seconds) in [
            ("1m", 60),
            ("5m", 300),
            ("300s", 300),
            ("1h", 3600),
            ("15min", 900),
        ] {
            assert_eq!(text.parse::<Step>().unwrap().seconds(), seconds, "{text}");
        }
    }

    #[test]
    fn refuses_what_does_not_divide_an_hour() {
        for text in ["7m", "2h", "30s", "0m", "-5m", "1.5s", "soon"] {
            assert!(text.parse::<Step>().is_err(), "{text}");
        }
    }

    #[test]
    fn covers_rounds_up() {
        let step = Step::FIVE_MINUTES;
        assert_eq!(step.covering(SignedDuration::from_mins(7)), 2);
        assert_eq!(step.covering(SignedDuration::from_mins(10)), 2);
        assert_eq!(step.covering(SignedDuration::from_mins(-1)), 0);
    }
}
