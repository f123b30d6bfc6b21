//! How much of a plan a canary applies: more on good evidence, less on bad, by itself.

use config::{Mode, Target};
use documents::{Canary, Hold};
use jiff::{SignedDuration, Timestamp};

/// What a run saw of how the group does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evidence {
    /// Whether demand was above what the servers in service carry; `None` where that is unknown.
    pub short: Option<bool>,
    /// The guard metric over the value at which it is full; `None` without one.
    pub guard: Option<f64>,
    /// Whether a guard is configured and could not be read.
    pub blind: bool,
}

/// Good time before the share grows: a whole day, so that every hour of it was seen.
const PROBATION: SignedDuration = SignedDuration::from_hours(24);
/// Hours of it that must have been seen: some runs may be missed.
const LEAST_HOURS: u32 = 20;
/// At most one step back in this time: one incident is one piece of evidence.
const ONE_STEP: SignedDuration = SignedDuration::from_hours(1);

/// The state after this run, and what there is to say where it changed. `None` unless `target` is a
/// canary.
pub(crate) fn next(
    target: &Target,
    before: Option<&Canary>,
    evidence: Evidence,
    hold: Option<&Hold>,
    now: Timestamp,
) -> Option<(Canary, Option<String>)> {
    let Mode::Canary(configured) = target.mode else {
        return None;
    };
    let fresh = Canary {
        percent: configured,
        configured,
        since: now,
        hours: 0,
        seen_at: now,
    };
    // Another value in the configuration is a new beginning.
    let Some(before) = before.filter(|state| state.configured == configured) else {
        return Some((fresh, None));
    };
    if !target.control.canary_grows {
        let told = (before.percent != configured)
            .then(|| format!("canary at {configured} % again, as configured"));
        return Some((fresh, told));
    }
    let bad = bad(target, evidence, hold);
    let passed = now.duration_since(before.since);
    if let Some(why) = bad {
        let back = Canary {
            percent: (before.percent / 2)
                .max(configured.min(before.percent))
                .max(1),
            since: now,
            hours: 0,
            ..before.clone()
        };
        let told = back.percent < before.percent && passed >= ONE_STEP;
        if !told {
            // The day of good evidence begins anew in any case.
            let percent = before.percent;
            let since = if passed >= ONE_STEP {
                now
            } else {
                before.since
            };
            return Some((
                Canary {
                    percent,
                    since,
                    ..back
                },
                None,
            ));
        }
        let text = format!(
            "canary back from {} % to {} %: {why}",
            before.percent, back.percent
        );
        return Some((back, Some(text)));
    }
    let known = evidence.short.is_some() && !evidence.blind;
    let hour = |at: Timestamp| at.as_second().div_euclid(3600);
    let counts = known && hour(before.seen_at) != hour(now);
    let state = Canary {
        hours: before.hours.saturating_add(u32::from(counts)),
        seen_at: if known { now } else { before.seen_at },
        ..before.clone()
    };
    if passed < PROBATION || state.hours < LEAST_HOURS {
        return Some((state, None));
    }
    if before.percent >= 100 {
        let text = format!(
            "canary at 100 % for {} hours that were seen without a want of servers: mode = \"active\" is proposed",
            state.hours
        );
        // Once a day is often enough.
        let told = Canary {
            since: now,
            ..state
        };
        return Some((told, Some(text)));
    }
    let grown = Canary {
        percent: before.percent.saturating_mul(2).min(100),
        since: now,
        hours: 0,
        ..state.clone()
    };
    let text = format!(
        "canary from {} % to {} %: {} hours were seen without a want of servers",
        before.percent, grown.percent, state.hours
    );
    Some((grown, Some(text)))
}

fn bad(target: &Target, evidence: Evidence, hold: Option<&Hold>) -> Option<String> {
    if let Some(hold) = hold {
        return Some(format!("an incident holds servers: {}", hold.reason));
    }
    if let (Some(over), Some(guard)) = (
        evidence.guard.filter(|over| *over > 1.0),
        &target.control.canary_guard,
    ) {
        return Some(format!(
            "{} at {:.4}, above {}",
            guard.label,
            over * guard.full,
            guard.full
        ));
    }
    (evidence.short == Some(true))
        .then(|| "demand is above what the servers in service carry".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(control: &str) -> Target {
        let text = format!(
            "[[target]]\nname = \"web\"\nload_balancer = \"app/my-alb/50dc6c495c0c9188\"\n\
             max_servers = 9\nthroughput = 100\nmode = \"canary\"\n{control}\n"
        );
        config::Config::parse("test", &text)
            .unwrap()
            .targets
            .remove(0)
    }

    fn hours(count: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(count)
    }

    const GOOD: Evidence = Evidence {
        short: Some(false),
        guard: Some(0.5),
        blind: false,
    };

    /// Percent after each of so many hours of `evidence`, from `state` on.
    fn run(
        target: &Target,
        state: &mut Option<Canary>,
        hour: &mut i64,
        count: i64,
        evidence: Evidence,
    ) -> Vec<String> {
        let mut said = Vec::new();
        for _ in 0..count {
            let (next, told) = next(target, state.as_ref(), evidence, None, hours(*hour)).unwrap();
            said.extend(told);
            *state = Some(next);
            *hour += 1;
        }
        said
    }

    #[test]
    fn it_grows_day_by_day_and_proposes_to_be_active() {
        let (target, mut state, mut hour) = (target(""), None, 0);
        let said = run(&target, &mut state, &mut hour, 6 * 25, GOOD);
        let from: Vec<&str> = said
            .iter()
            .filter_map(|text| text.split(':').next())
            .collect();
        assert_eq!(
            from[..5],
            [
                "canary from 10 % to 20 %",
                "canary from 20 % to 40 %",
                "canary from 40 % to 80 %",
                "canary from 80 % to 100 %",
                "canary at 100 % for 24 hours that were seen without a want of servers",
            ]
        );
    }

    #[test]
    fn bad_evidence_takes_it_back_at_once_and_good_has_to_begin_anew() {
        let guard = "control = { canary_guard = { label = \"errors\", full = 5, namespace = \"A\", name = \"B\" } }";
        let (target, mut state, mut hour) = (target(guard), None, 0);
        run(&target, &mut state, &mut hour, 3 * 25, GOOD);
        assert_eq!(state.as_ref().unwrap().percent, 80);
        for bad in [
            Evidence {
                guard: Some(1.2),
                ..GOOD
            },
            Evidence {
                short: Some(true),
                ..GOOD
            },
        ] {
            let before = state.as_ref().unwrap().percent;
            let said = run(&target, &mut state, &mut hour, 1, bad);
            assert!(said[0].contains("back from"), "{said:?}");
            assert_eq!(state.as_ref().unwrap().percent, before / 2);
            assert!(run(&target, &mut state, &mut hour, 23, GOOD).is_empty());
        }
        // Never under what is configured.
        run(
            &target,
            &mut state,
            &mut hour,
            20,
            Evidence {
                guard: Some(3.0),
                ..GOOD
            },
        );
        assert_eq!(state.as_ref().unwrap().percent, 10);
    }

    #[test]
    fn what_is_not_seen_is_no_good_evidence() {
        let blind = [
            Evidence {
                short: None,
                ..GOOD
            },
            Evidence {
                blind: true,
                ..GOOD
            },
        ];
        for evidence in blind {
            let (target, mut state, mut hour) = (target(""), None, 0);
            assert!(run(&target, &mut state, &mut hour, 100, evidence).is_empty());
        }
        let fixed = target("control = { canary_grows = false }");
        let (mut state, mut hour) = (None, 0);
        assert!(run(&fixed, &mut state, &mut hour, 100, GOOD).is_empty());
        assert_eq!(state.unwrap().percent, 10);
    }

    #[test]
    fn an_hour_that_is_planned_twelve_times_counts_once() {
        let (target, mut state) = (target(""), None);
        for minute in 0..(30 * 60 / 5) {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute * 5);
            let seen = if minute < 12 * 4 {
                GOOD
            } else {
                Evidence {
                    short: None,
                    ..GOOD
                }
            };
            let (next, told) = next(&target, state.as_ref(), seen, None, now).unwrap();
            assert_eq!(told, None);
            state = Some(next);
        }
        assert!(state.unwrap().hours <= 4);
    }
}
