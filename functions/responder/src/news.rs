//! What people are told, and when: once a change of state, and no storm where it wavers. Pure.

use diagnosis::{Decision, Kind, Phase};
use documents::{Closed, Following, News, State};
use jiff::{SignedDuration, Timestamp};

/// A state that was told before is news again once it has lasted so long, and for each further time
/// twice as long: of causes that take turns people hear once each.
const LASTS: SignedDuration = SignedDuration::from_mins(10);
/// Most doublings of that.
const DOUBLED: u32 = 6;
/// What is found anew within so long, with nothing to be done about it, is no news.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// The state of an incident: what it is, where it stands, whether a cap binds, whether it is given up.
fn state(decision: &Decision, given_up: bool) -> String {
    let phase = match decision.phase {
        // Growing and holding take turns while a spike lasts, and what was too much of it is given
        // back before it ends.
        Phase::Growing | Phase::Holding if decision.hold.is_some() => "held",
        Phase::HandingBack if decision.kind == Kind::UnforecastDemand => "held",
        phase => phase.word(),
    };
    let capped = if decision.bound.is_some() {
        " capped"
    } else {
        ""
    };
    let given_up = if given_up { " given up" } else { "" };
    format!("{} {phase}{capped}{given_up}", decision.kind.word())
}

/// Whether people are to be told of `decision`, and what of it is to be remembered. `before` is the
/// last incident, where this one only begins.
pub(crate) fn news(
    following: &mut Following,
    decision: &Decision,
    given_up: bool,
    before: Option<&Closed>,
    now: Timestamp,
) -> bool {
    let over = decision.phase == Phase::Over;
    let fresh = following.look == 0;
    // One look that cannot tell does not take back what the looks before it found.
    let unsure = decision.kind == Kind::Unknown
        && decision.bound.is_none()
        && !given_up
        && !over
        && !following.told.is_empty();
    if unsure {
        return false;
    }
    let state = state(decision, given_up);
    let since = match &following.state {
        Some(known) if known.state == state => known.since,
        _ => now,
    };
    following.state = Some(State {
        state: state.clone(),
        since,
    });
    let harmless = matches!(decision.kind, Kind::Covered | Kind::PlannedRamp);
    // Ups and downs of what nobody has to see to are not told.
    let quiet = decision.hold.is_none() && harmless && !fresh && !over;
    // Steps down have pauses between them; a fault that comes meanwhile is told.
    let pausing = decision.phase == Phase::Holding
        && decision.bound.is_none()
        && (harmless || decision.kind == Kind::UnforecastDemand)
        && following.told.contains(Phase::HandingBack.word());
    // An alarm that comes and goes finds the same each time.
    let again = fresh
        && decision.hold.is_none()
        && before.is_some_and(|closed| {
            let same = closed.diagnosis == decision.diagnosis.kind.word();
            same && now.duration_since(closed.until) < AGAIN
        });
    if quiet || pausing || again || following.told == state {
        return false;
    }
    let known = following.news.iter_mut().find(|it| it.state == state);
    if let Some(known) = known {
        let doubled = known.times.saturating_sub(1).min(DOUBLED);
        let lasts = LASTS.saturating_mul(1 << doubled);
        if !over && !given_up && now.duration_since(since) < lasts {
            return false;
        }
        known.times = known.times.saturating_add(1);
    } else {
        following.news.push(News {
            state: state.clone(),
            times: 1,
        });
    }
    following.told = state;
    true
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use diagnosis::{Caps, Evidence, Fleet, Policy, decide};
    use documents::HeldBack;

    use super::*;

    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    fn begun() -> Following {
        let now = Timestamp::UNIX_EPOCH;
        Following {
            since: now,
            alarm: "web".to_owned(),
            alarm_name: None,
            region: None,
            look: 0,
            looked_at: now,
            diagnosis: String::new(),
            phase: String::new(),
            told: String::new(),
            calm: 0,
            changed: now,
            step: None,
            highest: 0.0,
            expected: None,
            refreshed: false,
            measured: None,
            due: None,
            news: Vec::new(),
            state: None,
            held_back: HeldBack::default(),
        }
    }

    /// A decision for `kind` that holds `hold`.
    fn decided(kind: Kind, hold: Option<u32>) -> Decision {
        let evidence = Evidence::bare(Timestamp::UNIX_EPOCH, Fleet::default(), 1000.0, MINUTE);
        let policy = Policy {
            caps: Caps::default(),
            people_within: MINUTE,
            refresh: false,
            share: 1.0,
        };
        let mut decision = decide(&evidence, None, &policy, Timestamp::UNIX_EPOCH);
        decision.kind = kind;
        decision.diagnosis.kind = kind;
        decision.hold = hold;
        decision.phase = match hold {
            Some(_) => Phase::Holding,
            None => Phase::Watching,
        };
        decision
    }

    /// Looks each minute at what `found` says of them; the minutes at which people are told.
    fn told(minutes: i32, found: impl Fn(i32) -> (Kind, Option<u32>)) -> Vec<i32> {
        let mut following = begun();
        let mut told = Vec::new();
        for minute in 0..minutes {
            let (kind, hold) = found(minute);
            let now = Timestamp::UNIX_EPOCH + MINUTE * minute;
            if news(&mut following, &decided(kind, hold), false, None, now) {
                told.push(minute);
            }
            following.look += 1;
        }
        told
    }

    #[test]
    fn causes_that_take_turns_are_told_once_each() {
        let kinds = [Kind::ResourceLeak, Kind::BadRelease, Kind::OneServer];
        let turns = |each: i32| told(600, |m| (kinds[(m / each % 3) as usize], None));
        assert_eq!(turns(1), [0, 1, 2]);
        assert_eq!(turns(4), [0, 4, 8]);
        // What comes back to stay is news, and less and less often.
        let slow = turns(30);
        assert!(
            slow.starts_with(&[0, 30, 60, 100]) && slow.len() <= 12,
            "{slow:?}"
        );
    }

    #[test]
    fn what_is_new_is_told_at_once_and_what_stays_is_not() {
        let found = |m: i32| match m {
            0..20 => (Kind::UnforecastDemand, Some(9)),
            20..40 => (Kind::BadRelease, Some(9)),
            _ => (Kind::UnforecastDemand, Some(9)),
        };
        assert_eq!(told(80, found), [0, 20, 50]);
        // A look that cannot tell takes nothing back.
        let unsure = |m: i32| match m % 3 {
            0 => (Kind::UnforecastDemand, Some(9)),
            _ => (Kind::Unknown, Some(9)),
        };
        assert_eq!(told(60, unsure), [0]);
    }

    #[test]
    fn an_alarm_that_comes_and_goes_finds_the_same_once_an_hour() {
        let closed = |minutes_ago: i32| Closed {
            since: Timestamp::UNIX_EPOCH - MINUTE * (minutes_ago + 5),
            until: Timestamp::UNIX_EPOCH - MINUTE * minutes_ago,
            diagnosis: Kind::Covered.word().to_owned(),
            highest: 0.0,
            expected: None,
            held_back: HeldBack::default(),
        };
        let tells = |kind, hold, before: &Closed| {
            let decision = decided(kind, hold);
            news(
                &mut begun(),
                &decision,
                false,
                Some(before),
                Timestamp::UNIX_EPOCH,
            )
        };
        assert!(!tells(Kind::Covered, None, &closed(10)));
        assert!(tells(Kind::Covered, None, &closed(70)));
        assert!(tells(Kind::OneServer, None, &closed(10)));
        assert!(tells(Kind::UnforecastDemand, Some(9), &closed(10)));
    }
}
