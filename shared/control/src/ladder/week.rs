//! Last week's pattern where no forecast covers now, and which events it holds already.

use config::{Occurrence, Target};
use documents::{History, PlanStep};
use forecasting::{Interval, apply_given, week_before as pattern};
use jiff::{SignedDuration, Timestamp, ToSpan};
use planning::{Rules, servers_for};
use timeseries::Series;

use super::occasion;
use crate::metrics::series_of;
use crate::settings::{Settings, occurrence_id};

/// What events mean for repeating last week.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WeekBefore {
    /// Spans of past events that do not come again a week later: not to be repeated.
    pub left_out: Vec<Interval>,
    /// Ids of coming events that last week held at the same time: repeating it repeats them.
    pub repeated: Vec<String>,
    /// The other coming ones.
    pub added: Vec<Occurrence>,
}

/// What events of `target` mean for repeating the weeks before `now` until `end`.
#[must_use]
pub fn week_before(
    settings: &Settings,
    target: &Target,
    now: Timestamp,
    end: Timestamp,
) -> WeekBefore {
    let fortnight = SignedDuration::from_hours(15 * 24);
    let begin = now.saturating_sub(fortnight).unwrap_or(Timestamp::MIN);
    let occurrences = settings.config.occurrences(target, now, begin, end);
    let comes_again = |past: &Occurrence, coming: &Occurrence| {
        let local = past.start.to_zoned(target.zone.clone());
        past.name == coming.name
            && [7, 14].into_iter().any(|days| {
                let later = local.checked_add(days.days());
                later.is_ok_and(|later| later.timestamp() == coming.start)
            })
    };
    let again = |one: &Occurrence| occurrences.iter().any(|other| comes_again(one, other));
    let (repeated, added) = occurrences
        .iter()
        .filter(|one| one.to() > now)
        .cloned()
        .partition::<Vec<_>, _>(|one| occurrences.iter().any(|past| comes_again(past, one)));
    WeekBefore {
        left_out: occurrences
            .iter()
            .filter(|one| one.from() < now && !again(one))
            .map(|one| Interval {
                start: one.from(),
                end: one.to(),
            })
            .collect(),
        repeated: repeated.iter().map(occurrence_id).collect(),
        added,
    }
}

/// The servers that last week's demand needed at the same local time of the week, the busiest minute
/// where it is known, with the events that last week did not have; `None` unless most of it was
/// observed.
pub(super) fn steps_of_last_week(
    history: &History,
    target: &Target,
    rules: &Rules,
    (now, end): (Timestamp, Timestamp),
    week: &WeekBefore,
    left_out: &[Interval],
) -> Option<Vec<PlanStep>> {
    let step = target.step;
    let start = step.floor(now);
    let busiest = busiest(history, target)?;
    let out: Vec<Interval> = left_out.iter().chain(&week.left_out).copied().collect();
    let steps = step.covering(end.duration_since(start));
    let demand = pattern(&busiest, start, steps, &target.zone, &out)?;
    let planned = demand.into_iter().enumerate().map(|(index, usual)| {
        let seconds = i64::try_from(index).unwrap_or(i64::MAX) * i64::from(step.seconds());
        let at = start.saturating_add(SignedDuration::from_secs(seconds));
        let from = at.unwrap_or(Timestamp::MAX);
        let during = Interval {
            start: from,
            end: from.saturating_add(step.duration()).unwrap_or(from),
        };
        let mut demand = [usual];
        let mut reason = format!("as a week before: {}/min", planning::rate(usual));
        for event in &week.added {
            if apply_given(&occasion(event), during, &mut demand, &[0.5], 0.0) {
                reason.push_str(&format!(
                    "; event {}: {}/min",
                    event.name,
                    planning::rate(demand[0])
                ));
            }
        }
        PlanStep {
            start: from,
            servers: servers_for(demand[0], rules.throughput).max(rules.min_servers),
            reason,
        }
    });
    Some(planned.collect())
}

/// By the target's steps: the busiest minute, the mean where minutes were not kept.
fn busiest(history: &History, target: &Target) -> Option<Series> {
    let demand = series_of(history, &history.demand).ok()?;
    let peak = series_of(history, &history.peak).ok()?;
    let step = target.step;
    let start = step.floor(demand.start());
    let length = step.covering(demand.end().duration_since(start));
    let most = |series: &Series, from: Timestamp, to: Timestamp| {
        let part = series.between(from, to);
        let known = part.values().iter().copied().filter(|v| !v.is_nan());
        known.reduce(f64::max)
    };
    let mut from = start;
    let values = (0..length).map(|_| {
        let to = from.saturating_add(step.duration()).unwrap_or(from);
        let value = most(&peak, from, to).or_else(|| most(&demand, from, to));
        from = to;
        value.unwrap_or(f64::NAN)
    });
    Series::new(start, step, values.collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(event: &str) -> Settings {
        let text = format!(
            "[defaults]\ntime_zone = \"UTC\"\n\n[[target]]\nname = \"web\"\ngroup = \"web\"\n\
             load_balancer = \"app/a/50dc6c495c0c9188\"\nmin_servers = 2\nmax_servers = 40\n\
             throughput = 1000\nlead_time = \"5m\"\n\n[[event]]\nname = \"show\"\n{event}"
        );
        Settings {
            config: config::Config::parse("forescale.toml", &text).unwrap(),
            refused: Vec::new(),
            pause: None,
            notes: Vec::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn of(event: &str) -> WeekBefore {
        let settings = settings(event);
        let target = settings.config.target("web").unwrap().clone();
        let now = at("2026-11-16T06:00:00Z");
        week_before(
            &settings,
            &target,
            now,
            now + SignedDuration::from_hours(26),
        )
    }

    const TIMES: &str =
        "start = 2026-11-09T20:00:00\nend = 2026-11-09T22:00:00\nmultiplier = 3.0\n";

    #[test]
    fn what_comes_each_week_is_in_last_week_already() {
        let week = of(&format!("{TIMES}every = \"week\"\n"));
        assert_eq!(week.repeated, ["show at 2026-11-16T20:00:00Z"]);
        assert!(
            week.added.is_empty() && week.left_out.is_empty(),
            "{week:?}"
        );
    }

    #[test]
    fn what_was_last_week_only_is_not_repeated() {
        let week = of(TIMES);
        let span = Interval {
            start: at("2026-11-09T20:00:00Z"),
            end: at("2026-11-09T22:00:00Z"),
        };
        assert_eq!(week.left_out, [span]);
        assert!(week.added.is_empty() && week.repeated.is_empty());
    }

    #[test]
    fn what_comes_for_the_first_time_is_added() {
        let week = of(&TIMES.replace("11-09", "11-16"));
        assert_eq!(week.added.len(), 1);
        assert!(week.left_out.is_empty() && week.repeated.is_empty());
    }
}
