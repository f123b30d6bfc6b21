//! How long an event goes on after its end: people leave a programme bit by bit, whatever its times say.

use forecasting::{Interval, by_minute};
use jiff::{SignedDuration, Timestamp};
use timeseries::Series;

/// Before an event: what is usual on that day.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// What is looked at by turns after it: long enough that single minutes decide nothing.
const TURN: SignedDuration = SignedDuration::from_mins(15);
/// Demand is back once a turn is no further above the usual than forecasts of a quarter of an hour may
/// be wrong by themselves.
const BACK: f64 = 1.25;
/// What has not come back by then is no aftermath: the level has changed.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// `event` with the time after it in which demand came back to what it was, against the medians forecast
/// for these days without events, within six hours. As it is where demand came back at once, where it
/// never did, and where nothing was seen.
///
/// `demand` is by the minute, in requests per minute, as the `medians` are by their step.
#[must_use]
pub fn with_aftermath(event: Interval, demand: &Series, medians: &Series) -> Interval {
    let later = |at: Timestamp, span| at.saturating_add(span).unwrap_or(Timestamp::MAX);
    // A little more than asked for on both sides, since a step has to lie within whole.
    let around = |from: Timestamp, to| {
        let step = medians.step().duration();
        medians.between(from.saturating_sub(step).unwrap_or(from), later(to, step))
    };
    let whole = later(event.end, LONGEST);
    let from = event.start.saturating_sub(BEFORE).unwrap_or(event.start);
    let usual = by_minute(&around(from, whole));
    let above = |from: Timestamp, span| {
        let to = later(from, span);
        let seen = demand.between(from, to);
        let pairs = seen
            .values()
            .iter()
            .enumerate()
            .filter_map(|(minute, seen)| {
                let at = later(from, SignedDuration::from_mins(minute as i64));
                let usual = usual.at(at)?;
                seen.is_finite().then_some((*seen, usual))
            });
        let (mut seen, mut expected, mut minutes) = (0.0, 0.0, 0);
        for (one, usual) in pairs {
            (seen, expected, minutes) = (seen + one, expected + usual, minutes + 1);
        }
        let enough = 2 * minutes >= span.as_mins();
        (enough && expected > 0.0).then(|| seen / expected)
    };
    let Some(before) = above(from, BEFORE) else {
        return event;
    };
    let mut end = event.end;
    while end < whole {
        match above(end, TURN) {
            Some(now) if now > BACK * before => end = later(end, TURN),
            Some(_) => return Interval { end, ..event },
            None => return event,
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use timeseries::Step;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + minute * 60).unwrap()
    }

    /// A day of 1,000 a minute, in hours of the same medians.
    fn day(value: impl Fn(i64) -> f64) -> (Series, Series) {
        let demand = (0..1440).map(value).collect();
        let medians = vec![1000.0; 24];
        (
            Series::new(at(0), Step::MINUTE, demand).unwrap(),
            Series::new(at(0), Step::HOUR, medians).unwrap(),
        )
    }

    const EVENT: (i64, i64) = (600, 630);

    fn end(value: impl Fn(i64) -> f64) -> i64 {
        let (demand, medians) = day(value);
        let event = Interval {
            start: at(EVENT.0),
            end: at(EVENT.1),
        };
        let found = with_aftermath(event, &demand, &medians);
        assert_eq!(found.start, event.start);
        found.end.duration_since(at(0)).as_mins()
    }

    #[test]
    fn what_fades_belongs_to_the_event_until_demand_is_back() {
        // Eight times as much, half as much more every twenty minutes later.
        let fading = |minute: i64| {
            let since = (minute - EVENT.0) as f64;
            let more = if since < 0.0 {
                0.0
            } else {
                7.0 * 0.5_f64.powf(since / 20.0)
            };
            1000.0 * (1.0 + more)
        };
        // In the mean of the quarter of an hour from 675 on 7 / 2^4.1 = 0.40 above, from 690 on 0.24.
        assert_eq!(end(fading), 690);
        // Of a day that is half as busy too.
        assert_eq!(end(|minute| 0.5 * fading(minute)), 690);
    }

    #[test]
    fn what_is_back_at_once_never_comes_back_or_is_not_seen_ends_as_announced() {
        let event = |minute: i64| (EVENT.0..EVENT.1).contains(&minute);
        assert_eq!(
            end(|minute| if event(minute) { 8000.0 } else { 1000.0 }),
            630
        );
        let shifted = |minute: i64| if minute >= EVENT.0 { 8000.0 } else { 1000.0 };
        assert_eq!(end(shifted), 630, "a level that stays is no aftermath");
        let unseen = |minute: i64| if minute >= EVENT.1 { f64::NAN } else { 1000.0 };
        assert_eq!(end(unseen), 630);
        assert_eq!(end(|_| f64::NAN), 630);
    }
}
