//! Times as logs write them, into minutes since 1970.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The years whose times are believed.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// The number that `digits` write, where all are digits.
pub(crate) fn number(digits: &[u8]) -> Option<i16> {
    digits.iter().try_fold(0_i16, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| i16::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Whether two bytes are the seconds of a minute; a leap second is the 60th.
pub(crate) fn seconds(digits: &[u8]) -> bool {
    number(digits).is_some_and(|seconds| seconds <= 60)
}

/// The minute of a date and a time of day in UTC, with the offset taken off.
pub(crate) fn minute(date: (i16, i16, i16), time: (i16, i16), offset_minutes: i64) -> Option<i64> {
    let ((year, month, day), (hour, minute)) = (date, time);
    if !YEARS.contains(&year) {
        return None;
    }
    let small = |value: i16| i8::try_from(value).ok();
    let at = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        0,
        0,
    );
    let at = TimeZone::UTC.to_timestamp(at.ok()?).ok()?;
    Some(at.as_second().div_euclid(60) - offset_minutes)
}

/// Month by its English short name, 1 to 12.
pub(crate) fn month(name: &[u8]) -> Option<i16> {
    const NAMES: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut names = NAMES.chunks_exact(3);
    let index = names.position(|month| month.eq_ignore_ascii_case(name))?;
    i16::try_from(index + 1).ok()
}

/// Minutes east of UTC of an offset such as `-0700`.
pub(crate) fn offset(text: &[u8]) -> Option<i64> {
    let [sign, h1, h2, m1, m2] = text else {
        return None;
    };
    let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    if hours > 18 || minutes > 59 {
        return None;
    }
    let size = i64::from(hours) * 60 + i64::from(minutes);
    match sign {
        b'+' => Some(size),
        b'-' => Some(-size),
        _ => None,
    }
}

/// Minute of an instant, where its year is believed.
pub(crate) fn of_seconds(seconds: i64) -> Option<i64> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    let year = TimeZone::UTC.to_datetime(at).year();
    YEARS.contains(&year).then(|| seconds.div_euclid(60))
}
