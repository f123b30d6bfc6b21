//! What a target in shadow mode has shown so far.

use config::{Desired, Target};
use documents::{LedgerEntry, ShadowLedger, keys};
use fleet::{Group, Policy};
use jiff::{SignedDuration, Timestamp};
use planning::Rules;
use ports::{DocumentStore, MetricSource, PortError};
use simulation::{Counts, TargetTracking};
use timeseries::{Series, Step};

use crate::judged::{Minutes, Witness, keep};
use crate::promised::{Delivered, delivered};
use crate::settings::left_out;
use crate::sight::DELAY_MINUTES;
use crate::store::load;
use crate::tuned::utilization;

/// Days that speak for or against.
const DAYS: i64 = 7;
/// Hours of them that must be known: most of a week, each time of day several times.
const LEAST_HOURS: f64 = 120.0;
/// Hours before which there is nothing to say: before them everybody knows that it is early.
const WORTH_A_WORD: f64 = 24.0;

/// What a target in shadow mode is judged by.
#[derive(Debug)]
pub struct Judge<'a, S, M> {
    /// Documents.
    pub store: &'a S,
    /// Metrics.
    pub metrics: &'a M,
    /// The target.
    pub target: &'a Target,
    /// Its group.
    pub group: &'a Group,
    /// What its measurements come down to.
    pub rules: &'a Rules,
    /// Its group's policies.
    pub policies: &'a [Policy],
    /// Demand by the minute that this run has read already.
    pub recent: Option<&'a Series>,
    /// By which function.
    pub by: &'static str,
    /// The moment.
    pub now: Timestamp,
}

/// What the last week's shadow ledgers say of the target, and whether to go on to a canary; `None`
/// in the first day.
///
/// The floors of each minute are those that had been decided before it. They are replayed over
/// demand by the minute, with boots and the group's own target tracking above them. Minutes that were
/// read stay in the ledgers, and only new ones are read.
///
/// # Errors
/// [`PortError`] when the store or the metrics do not answer. A ledger that cannot be read does not
/// count.
pub async fn promotion<S: DocumentStore, M: MetricSource>(
    judge: &Judge<'_, S, M>,
) -> Result<Vec<String>, PortError> {
    let Judge {
        store,
        metrics,
        target,
        rules,
        now,
        ..
    } = *judge;
    let back = |span| Step::MINUTE.floor(now.saturating_sub(span).unwrap_or(Timestamp::MIN));
    let mut days = Vec::new();
    for day in (0..=DAYS).rev() {
        let key = keys::ledger(&target.name, back(SignedDuration::from_hours(24 * day)));
        let ledger = load::<ShadowLedger>(store, &key).await?;
        days.push((key, ledger));
    }
    let ledgers = days.iter().filter_map(|(_, ledger)| ledger.body());
    let mut entries: Vec<LedgerEntry> = ledgers.flat_map(|it| it.entries.clone()).collect();
    entries.retain(|entry| entry.event.is_none());
    entries.sort_by_key(|entry| entry.at);
    // Before a day has passed there is nothing to read minutes for.
    let first = entries.first().map_or(now, |entry| entry.at);
    if now.duration_since(first).as_secs_f64() < WORTH_A_WORD * 3600.0 {
        return Ok(Vec::new());
    }
    let to = back(SignedDuration::from_mins(DELAY_MINUTES));
    let from = to.saturating_sub(SignedDuration::from_hours(24 * DAYS));
    // Nothing was decided before the first.
    let from = from
        .unwrap_or(Timestamp::MIN)
        .max(Step::MINUTE.floor(first));
    // Plans count capacity units, which the group's metric does not.
    let weighted = judge.group.instances.iter().any(|it| it.weight != 1);
    let metric = target.response.signals.in_service.as_ref();
    let witness = Witness {
        metrics,
        target,
        in_service: metric.filter(|_| !weighted),
        recent: judge.recent,
    };
    let Some(minutes) = witness.minutes(&days, (from, to)).await? else {
        return Ok(Vec::new());
    };
    let note = keep(store, target, &days, &minutes, judge.by, now).await;
    let (away, _) = left_out(store, &target.name).await?;
    let demand = without(&minutes.demand, &away);
    let in_service = in_service(&minutes, &entries);
    let reactive = utilization(target, rules, judge.policies);
    let lead = usize::try_from(rules.lead_time.as_secs().max(0)).unwrap_or(0);
    let counts = Counts {
        throughput: rules.throughput,
        max_servers: judge.group.max_size.min(rules.max_servers),
        boot_minutes: lead.div_ceil(60).max(1),
        reactive: reactive.map(|utilization| TargetTracking {
            utilization,
            scales_in: true,
        }),
        // Where nothing is known that removes servers, the floor is what there is.
        exact: reactive.is_none() || target.control.desired == Desired::Always,
    };
    let delivered = delivered(&entries, &demand, &in_service, &counts);
    let said = told(delivered.as_ref(), rules.risk);
    Ok([said].into_iter().chain(note).collect())
}

/// Servers in service in every minute: as the group's metric has it, and as the planner's runs saw it
/// where that is not known.
fn in_service(minutes: &Minutes, entries: &[LedgerEntry]) -> Vec<f64> {
    let mut seen = minutes.in_service.values().to_vec();
    for entry in entries {
        let index = minutes.in_service.index_of(Step::MINUTE.floor(entry.at));
        if let Some(minute) = index.and_then(|index| seen.get_mut(index))
            && minute.is_nan()
        {
            *minute = f64::from(entry.in_service);
        }
    }
    seen
}

fn without(demand: &Series, away: &[forecasting::Interval]) -> Series {
    let start = demand.start();
    let values = demand.values().iter().enumerate().map(|(minute, value)| {
        let minutes = i64::try_from(minute).unwrap_or(i64::MAX / 60);
        let at = start.saturating_add(SignedDuration::from_mins(minutes));
        let at = at.unwrap_or(Timestamp::MAX);
        let out = away.iter().any(|away| away.start <= at && at < away.end);
        if out { f64::NAN } else { *value }
    });
    Series::new(start, Step::MINUTE, values.collect()).unwrap_or_else(|_| demand.clone())
}

/// What there is to say. A canary is proposed when the share of demand lost is within `risk` by as
/// much as whole days differ among themselves: a few good days are no proof.
fn told(delivered: Option<&Delivered>, risk: f64) -> String {
    let hours = delivered.map_or(0.0, |it| it.hours);
    let Some(seen) = delivered.filter(|it| it.hours >= LEAST_HOURS) else {
        return format!(
            "in shadow: {hours:.0} hours are known for which floors were decided beforehand, too few to judge by: {LEAST_HOURS:.0} of a week are needed"
        );
    };
    let percent = |share: f64| format!("{:.3} %", share * 100.0);
    let saved = 100.0 * (1.0 - seen.planned / seen.ran.max(1.0));
    let follows = match seen.apart {
        _ if seen.lost > risk => "more than asked for, so not yet one to apply".to_owned(),
        Some(apart) if seen.lost + apart <= risk => "mode = \"canary\" is proposed".to_owned(),
        Some(apart) => format!(
            "within what was asked, but days differ by so much ({} standard error) that it may be chance: not yet one to apply",
            percent(apart)
        ),
        None => "too few whole days to tell how they differ".to_owned(),
    };
    format!(
        "in shadow for {hours:.0} hours, by the floors decided before demand came: {:.0} server-hours where {:.0} ran ({saved:+.0} % saved), {} of demand above what would have been in service, asked for at most {}, {} as it ran: {follows}",
        seen.planned,
        seen.ran,
        percent(seen.lost),
        percent(risk),
        percent(seen.ran_lost),
    )
}

#[cfg(test)]
mod tests {
    use documents::PromisedFloor;

    use super::*;
    use crate::promised::replaced;

    const HOURS: usize = 168;

    fn at(minute: usize) -> Timestamp {
        Timestamp::from_second(minute as i64 * 60).unwrap()
    }

    /// Needs 4 servers at night and 8 from 08:00 to 20:00, of 100 requests a minute each.
    fn needed(minute: usize) -> u32 {
        if (480..1200).contains(&(minute % 1440)) {
            8
        } else {
            4
        }
    }

    fn demand() -> Series {
        let values = (0..HOURS * 60).map(|m| f64::from(needed(m)) * 95.0);
        Series::new(at(0), Step::MINUTE, values.collect()).unwrap()
    }

    /// Runs at :40, each with the floors of `decided(run, minute)` for the next `ahead` minutes.
    fn ledger(ahead: usize, decided: impl Fn(usize, usize) -> u32) -> Vec<LedgerEntry> {
        let run = |hour: usize| {
            let now = hour * 60 + 40;
            let floors = (now..now + ahead).map(|minute| PromisedFloor {
                start: at(minute),
                servers: decided(now, minute),
            });
            let floors: Vec<_> = floors.collect();
            LedgerEntry {
                at: at(now),
                by: "planner".to_owned(),
                event: None,
                min_size: 2,
                in_service: 10,
                floor: decided(now, now),
                demand: Some(f64::from(needed(now)) * 95.0),
                would_write: 1,
                reason: String::new(),
                promised: replaced(&[], &floors),
            }
        };
        (0..HOURS).map(run).collect()
    }

    /// Promised a boot early, an hour late down.
    fn early(_: usize, minute: usize) -> u32 {
        needed(minute).max(needed(minute + 5))
    }

    fn of(entries: &[LedgerEntry]) -> Option<Delivered> {
        let counts = Counts {
            throughput: 100.0,
            max_servers: 100,
            boot_minutes: 5,
            reactive: None,
            exact: true,
        };
        delivered(entries, &demand(), &vec![10.0; HOURS * 60], &counts)
    }

    #[test]
    fn floors_that_were_decided_in_time_propose_a_canary() {
        let seen = of(&ledger(240, early)).unwrap();
        assert_eq!((seen.lost, seen.apart), (0.0, Some(0.0)), "{seen:?}");
        // 12 hours and 5 minutes of 8 a day and 4 for the rest, from 00:40 on.
        let expected = 7.0 * (4.0 * 24.0 + 4.0 * (12.0 + 5.0 / 60.0)) - 4.0 * 40.0 / 60.0;
        assert!((seen.planned - expected).abs() < 0.5, "{seen:?}");
        let said = told(Some(&seen), 0.001);
        assert!(said.contains("in shadow for 167 hours"), "{said}");
        assert!(said.contains("1673 ran"), "{said}");
        assert!(said.ends_with("mode = \"canary\" is proposed"), "{said}");
    }

    #[test]
    fn floors_that_only_follow_demand_do_not_though_each_is_enough_when_decided() {
        let late = ledger(240, |run, _| needed(run));
        let enough = |it: &LedgerEntry| f64::from(it.floor) * 100.0 >= it.demand.unwrap();
        assert!(late.iter().all(enough));
        let seen = of(&late).unwrap();
        // 40 minutes until a run sees it and 5 of boot, 360 of 760 requests each, every day.
        let share = 45.0 * 360.0 / (720.0 * 760.0 + 720.0 * 380.0);
        assert!((seen.lost - share).abs() < 0.001, "{seen:?}");
        assert!(told(Some(&seen), 0.001).ends_with("not yet one to apply"));
    }

    #[test]
    fn a_missed_run_is_judged_by_what_stood_and_a_long_silence_is_not() {
        let whole = ledger(360, early);
        let mut missed = whole.clone();
        missed.remove(30);
        assert_eq!(of(&missed), of(&whole));
        let mut silent = whole.clone();
        silent.drain(30..42);
        let seen = of(&silent).unwrap();
        assert!((of(&whole).unwrap().hours - seen.hours - 7.0).abs() < 1e-9);
        // Of what was promised before the morning only the night is known, and it is judged.
        let mut short = ledger(360, |_, _| 4);
        short.drain(6..);
        let seen = of(&short).unwrap();
        assert!(seen.lost > 0.1, "{seen:?}");
        assert!(told(Some(&seen), 0.001).contains("too few to judge by"));
    }

    #[test]
    fn a_ledger_of_before_says_that_too_little_is_known() {
        let mut old = ledger(240, early);
        for entry in &mut old {
            entry.promised.clear();
        }
        assert_eq!(of(&old), None);
        assert!(told(None, 0.001).starts_with("in shadow: 0 hours are known"));
    }

    #[test]
    fn one_bad_day_within_the_risk_is_not_enough_to_tell() {
        let bad = ledger(240, |run, minute| {
            if run / 1440 == 3 {
                needed(run)
            } else {
                early(run, minute)
            }
        });
        let seen = of(&bad).unwrap();
        let said = told(Some(&seen), seen.lost * 1.5);
        assert!(said.contains("may be chance: not yet"), "{said}");
        assert!(told(Some(&seen), seen.lost * 2.5).contains("is proposed"));
    }

    #[test]
    fn later_runs_of_an_hour_replace_only_what_lay_ahead_of_them() {
        let floors = |all: &[(usize, u32)]| -> Vec<PromisedFloor> {
            let floor = |&(minute, servers): &(usize, u32)| PromisedFloor {
                start: at(minute),
                servers,
            };
            all.iter().map(floor).collect()
        };
        let stood = floors(&[(40, 4), (50, 6), (90, 8)]);
        let newer = floors(&[(45, 9), (55, 5)]);
        let made = replaced(&stood, &newer);
        assert_eq!(made, floors(&[(40, 4), (45, 9), (55, 5)]));
        assert_eq!(replaced(&made, &floors(&[(46, 9), (55, 5)])), made);
        assert_eq!(replaced(&made, &[]), made);
    }
}
