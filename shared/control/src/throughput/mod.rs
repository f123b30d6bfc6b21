//! Demand one server sustains, from the target's metrics.

mod kinds;
mod read;

use config::{DemandMetric, Target, Throughput};
use documents::ThroughputRecord;
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{Compared, Learnt, LoadPoint, Signal, SignalKind, learn_throughput, rate};
use ports::MetricSource;

use crate::rules::Known;
use kinds::{Kinds, by_kind};
use read::{made_for, seen, signals};

/// Measured again after so long: a day adds a seventh to what is known.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// A signal and where it is measured.
type Measured<'a> = (Signal, &'a DemandMetric);

/// The throughput to go by, and what was measured anew, if anything was.
pub(crate) async fn throughput<M: MetricSource>(
    target: &Target,
    group: &Group,
    known: Known<'_>,
    metrics: &M,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> (f64, Option<ThroughputRecord>) {
    let assumed = target.throughput.assumed();
    let signals = signals(target);
    let typed = match target.throughput {
        Throughput::Given(_) => true,
        Throughput::Measured { typed, .. } => typed,
    };
    if signals.is_empty() || (typed && !known.check) {
        return (assumed, None);
    }
    let made_for = made_for(target, &signals);
    let stored = known.measurements.and_then(|m| m.throughput.as_ref());
    let stored = stored.filter(|record| record.made_for == made_for);
    // An alarm does not wait for a week of metrics where they were read before.
    let fresh = |record: &&ThroughputRecord| {
        !known.check || (record.at <= now && now.duration_since(record.at) < HOLDS)
    };
    if let Some(record) = stored.filter(fresh) {
        notes.extend(record.notes.iter().cloned());
        let measured = record.per_server.filter(|_| !typed);
        return (measured.unwrap_or(assumed), None);
    }
    let seen = match seen(target, group, &signals, metrics, now).await {
        Ok(points) => points,
        Err(error) if typed => {
            notes.push(format!(
                "throughput of {assumed}/min as configured, not compared: {error}"
            ));
            return (assumed, None);
        }
        Err(error) => {
            let (value, why) = last(stored, assumed);
            notes.push(format!("{why}: {error}"));
            return (value, None);
        }
    };
    let only: Vec<Signal> = signals.iter().map(|(signal, _)| signal.clone()).collect();
    let learnt = learn_throughput(&seen, &only);
    let mut told = Vec::new();
    let mut kept = None;
    let measured = if typed {
        told.extend(compared(target, &learnt, assumed));
        None
    } else {
        let whole = learnt.per_server();
        if whole.is_none() {
            kept = stored.filter(|record| record.per_server.is_some());
            told.push(last(kept, assumed).1);
        }
        told.extend(learnt.sentences());
        let mixed = by_kind(target, group, &signals, metrics, now, &mut told).await;
        let measured = match (whole, mixed) {
            (Some(whole), Kinds::Apart(mixed)) => Some(whole.min(mixed)),
            (whole, _) => whole,
        };
        // What might bind and is not seen may bind as it did.
        let unseen = unseen(&seen, &only, matches!(mixed, Kinds::Untold));
        match (measured, stored.and_then(|record| record.per_server)) {
            (Some(more), Some(before)) if !unseen.is_empty() && more > before => {
                kept = stored;
                let (_, why) = last(stored, assumed);
                told.push(format!(
                    "{why}, not {}/min: {unseen} cannot be seen now",
                    rate(more)
                ));
                None
            }
            _ => measured,
        }
    };
    notes.extend(told.iter().cloned());
    let kept = kept.filter(|_| measured.is_none());
    let measured = measured.or_else(|| kept?.per_server);
    let record = ThroughputRecord {
        at: now,
        made_for,
        per_server: measured,
        measured_at: kept.map(measured_at),
        notes: told,
    };
    (measured.unwrap_or(assumed), Some(record))
}

/// What is configured to be measured and has no datapoint in all of `seen`, as words; `kinds` says whether
/// instance types could not be told apart. Errors are counted only where there are some.
fn unseen(seen: &[LoadPoint], signals: &[Signal], kinds: bool) -> String {
    let missing = |index: usize| {
        let mut values = seen.iter().filter_map(|point| point.values.get(index));
        values.all(|value| value.is_nan())
    };
    let signals = signals.iter().enumerate();
    let signals = signals.filter(|(index, it)| it.kind != SignalKind::Errors && missing(*index));
    let mut words: Vec<&str> = signals.map(|(_, it)| it.label.as_str()).collect();
    if kinds {
        words.push("what each instance type carries");
    }
    words.join(", ")
}

/// What is gone by where nothing can be measured now, in a sentence: the last measured value, however
/// old it is, and the configured one only before the first. A change of value for want of data could
/// take servers away.
fn last(stored: Option<&ThroughputRecord>, assumed: f64) -> (f64, String) {
    let known = stored.and_then(|record| Some((record.per_server?, measured_at(record))));
    match known {
        Some((value, at)) => {
            let at = timeseries::Step::MINUTE.floor(at);
            let text = format!(
                "throughput of {}/min a server as measured at {at}",
                rate(value)
            );
            (value, text)
        }
        None => (
            assumed,
            format!("throughput of {assumed}/min as configured"),
        ),
    }
}

fn measured_at(record: &ThroughputRecord) -> Timestamp {
    record.measured_at.unwrap_or(record.at)
}

/// What there is to say of a typed-in value.
fn compared(target: &Target, learnt: &Learnt, typed: f64) -> Vec<String> {
    let (verdict, text) = learnt.compared(typed);
    match (&target.throughput, verdict) {
        // Measured against a CPU that is full, which nobody plans for: only too much is news.
        (Throughput::Given(_), Compared::Fits | Compared::TooLittle) => Vec::new(),
        (Throughput::Given(_), Compared::TooMuch) => text.into_iter().collect(),
        (Throughput::Measured { .. }, _) => match text {
            Some(text) => std::iter::once(text).chain(learnt.advice()).collect(),
            None => learnt.sentences(),
        },
    }
}
