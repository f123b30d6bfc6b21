//! Which stretches of incidents must not teach the model.

use documents::Incident;
use forecasting::Interval;
use jiff::{SignedDuration, Timestamp};

/// Of one incident no more than this is kept from the model: what lasts longer is demand.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// Holds no further apart belong to one incident.
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);
/// More than so much of incidents within the last week is what demand is like now.
const USUAL: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What of the holds of `incident` before `now` is kept from the model: the first six hours of each incident,
/// and nothing of the last week where incidents took more than a day of it, with a note of that.
#[must_use]
pub fn unlearnt(incident: &Incident, now: Timestamp) -> (Vec<Interval>, Option<String>) {
    let holds = incident.past.iter().chain(&incident.hold);
    let holds = holds.map(|hold| Interval {
        start: hold.since,
        end: hold.until.min(now),
    });
    of_holds(holds.collect(), now)
}

fn of_holds(mut holds: Vec<Interval>, now: Timestamp) -> (Vec<Interval>, Option<String>) {
    holds.retain(|hold| hold.start < hold.end);
    holds.sort_unstable();
    let mut incidents: Vec<Interval> = Vec::new();
    for hold in holds {
        match incidents.last_mut() {
            Some(last) if hold.start.duration_since(last.end) <= TOGETHER => {
                last.end = last.end.max(hold.end);
            }
            _ => incidents.push(hold),
        }
    }
    let week_ago = now.saturating_sub(WEEK).unwrap_or(Timestamp::MIN);
    let lately: SignedDuration = incidents
        .iter()
        .filter(|incident| incident.end > week_ago)
        .map(|incident| incident.end.duration_since(incident.start.max(week_ago)))
        .sum();
    let usual = lately > USUAL;
    let note = usual.then(|| {
        format!(
            "incidents took {} of the last 168 hours: that counts as what demand is like now",
            lately.as_hours()
        )
    });
    let kept_out = |mut incident: Interval| {
        let longest = incident.start.saturating_add(LONGEST);
        incident.end = incident.end.min(longest.unwrap_or(incident.end));
        if usual {
            incident.end = incident.end.min(week_ago);
        }
        Some(incident).filter(|incident| incident.start < incident.end)
    };
    (incidents.into_iter().filter_map(kept_out).collect(), note)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From and to in hours before now.
    fn hold(from: i64, to: i64) -> Interval {
        let ago = |hours: i64| Timestamp::UNIX_EPOCH - SignedDuration::from_hours(hours);
        Interval {
            start: ago(from),
            end: ago(to),
        }
    }

    fn of(holds: &[Interval]) -> (Vec<Interval>, bool) {
        let (unlearnt, note) = of_holds(holds.to_vec(), Timestamp::UNIX_EPOCH);
        (unlearnt, note.is_some())
    }

    #[test]
    fn a_short_incident_teaches_nothing() {
        assert_eq!(of(&[hold(30, 28)]), (vec![hold(30, 28)], false));
    }

    #[test]
    fn of_a_long_one_only_the_beginning_is_kept_out() {
        // Holds that follow each other are one incident.
        let holds = [hold(40, 36), hold(36, 31), hold(30, 25)];
        assert_eq!(of(&holds), (vec![hold(40, 34)], false));
    }

    #[test]
    fn a_rise_that_stays_is_learnt() {
        let old = hold(400, 398);
        let (unlearnt, told) = of(&[old, hold(30, 0)]);
        assert_eq!(unlearnt, [old]);
        assert!(told);
        // As well as one that comes every night.
        let nightly: Vec<Interval> = (1..7).map(|day| hold(24 * day + 5, 24 * day)).collect();
        assert_eq!(of(&nightly), (vec![], true));
    }
}
