//! How events come into the document, each once.

use std::collections::BTreeSet;

use config::{Config, Event, parse_event};
use documents::{AddedEvent, Events, keys};
use jiff::{SignedDuration, Timestamp};

use super::told::{self, Became};
use super::{known_targets, seen_days, settings_of};
use crate::Console;
use crate::calendar::{self, Entry};
use crate::failure::{Done, input};
use crate::moments;
use crate::opened::Opened;

/// How far ahead overlaps are looked for: two occurrences of what comes every year.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);

/// How events are to be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// What says otherwise is put in the place of what is there.
    pub(super) replace: bool,
    /// Nothing is written.
    pub(super) dry_run: bool,
    /// One that contradicts what is there does not keep the others from being added.
    pub(super) each: bool,
}

/// Events to keep.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) entries: Vec<Entry>,
    /// UIDs of a calendar: what else is kept of them, for the same targets, is no longer in it.
    pub(super) series: Vec<String>,
    /// The targets; all where empty.
    pub(super) targets: Vec<String>,
}

/// An event that is kept, read once.
#[derive(Debug)]
struct Known {
    added: AddedEvent,
    /// `None` where its table cannot be read.
    event: Option<Event>,
}

/// Adds what is not there yet; takes out what a calendar has cancelled or has no more.
pub(super) fn keep(opened: &Opened, wanted: &Wanted, how: How, console: &mut Console<'_>) -> Done {
    let now = moments::now();
    let entries = &wanted.entries;
    let events: Vec<&Event> = entries.iter().map(|entry| &entry.event).collect();
    let config = settings_of(opened, now)?.config;
    known_targets(&opened.name, &events, &config)?;
    seen_days(&events, &config, now)?;
    let mut became = Vec::new();
    let mut gone = Vec::new();
    let mut after = Vec::new();
    let change = |kept: &mut Events| {
        let added: BTreeSet<&str> = kept.events.iter().map(|one| one.toml.as_str()).collect();
        let configured: Vec<Event> = (config.events.iter())
            .filter(|event| !added.contains(event.to_toml().as_str()))
            .cloned()
            .collect();
        let mut known: Vec<Known> = (kept.events.drain(..))
            .map(|added| Known {
                event: parse_event(keys::EVENTS, &added.toml).ok(),
                added,
            })
            .collect();
        gone = take_out(&mut known, wanted, now);
        became = (entries.iter())
            .map(|entry| enter(&mut known, &configured, entry, how, now))
            .collect();
        let read = known.iter().filter_map(|known| known.event.clone());
        after = configured.into_iter().chain(read).collect();
        kept.events = known.into_iter().map(|known| known.added).collect();
        let refused = became.iter().find_map(|became| match became {
            Became::Refused(why) if !how.each => Some(why),
            _ => None,
        });
        if let Some(why) = refused {
            return Err(input(why));
        }
        let writes = !gone.is_empty() || became.iter().any(Became::writes);
        Ok((!how.dry_run && writes).then_some(()))
    };
    opened.change(keys::EVENTS, None, now, change)?;
    told::all(entries, &became, &gone, how.dry_run, console)?;
    let new = (entries.iter().zip(&became))
        .filter(|(_, became)| matches!(became, Became::Added | Became::Changed(_)))
        .map(|(entry, _)| &entry.event);
    for told in overlaps(new, &after, &config, now) {
        console.note(&format!("note: {told}"));
    }
    if how.dry_run {
        console.note("dry run: nothing was written");
    } else {
        console.note("the next forecast knows of it; a planner's run before that heeds it too");
    }
    Ok(())
}

/// Takes out what is kept of a series that its calendar has no more; what is long over stays.
fn take_out(known: &mut Vec<Known>, wanted: &Wanted, now: Timestamp) -> Vec<Event> {
    let coming: BTreeSet<&str> = (wanted.entries.iter())
        .filter_map(|entry| entry.uid.as_deref())
        .collect();
    let mut gone = Vec::new();
    known.retain(|one| {
        let (Some(uid), Some(event)) = (&one.added.uid, &one.event) else {
            return true;
        };
        let of_series = wanted.series.iter().any(|series| belongs(uid, series));
        let stays = !of_series
            || coming.contains(uid.as_str())
            || event.targets != wanted.targets
            || calendar::long_over(event, now);
        if !stays {
            gone.push(event.clone());
        }
        stays
    });
    gone
}

/// Whether `uid` names the calendar's `series`, or one of its dates.
fn belongs(uid: &str, series: &str) -> bool {
    uid.strip_prefix(series)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Puts `entry` among what is `known`.
fn enter(
    known: &mut Vec<Known>,
    configured: &[Event],
    entry: &Entry,
    how: How,
    now: Timestamp,
) -> Became {
    let event = &entry.event;
    if entry.cancelled {
        // By its UID only: another of the same name and time may have been added by hand.
        let gone = |one: &Known| {
            let uids = one.added.uid.as_deref().zip(entry.uid.as_deref());
            uids.is_some_and(|(uid, series)| belongs(uid, series))
                && (one.event.as_ref()).is_some_and(|other| share_targets(event, other))
        };
        let before = known.len();
        known.retain(|one| !gone(one));
        return match known.len() < before {
            true => Became::Cancelled,
            false => Became::Refused(format!("{}: it is cancelled", event.name)),
        };
    }
    let same_uid = |one: &Known| entry.uid.is_some() && one.added.uid == entry.uid;
    let rivals: Vec<(usize, &Event)> = (known.iter().enumerate())
        .filter_map(|(index, one)| {
            let other = one.event.as_ref()?;
            let rival =
                (same_uid(one) || same_occasion(event, other)) && share_targets(event, other);
            rival.then_some((index, other))
        })
        .collect();
    if matches!(rivals[..], [(_, other)] if other == event) {
        return Became::There;
    }
    if let Some(other) =
        (configured.iter()).find(|other| same_occasion(event, other) && share_targets(event, other))
    {
        return match other == event {
            true => Became::Configured,
            false => Became::Refused(format!(
                "{} stands in the configuration with the same start, as {}: change its [[event]] there",
                event.name,
                told::effect(other)
            )),
        };
    }
    let entered = Known {
        added: AddedEvent {
            added_at: now,
            toml: event.to_toml(),
            uid: entry.uid.clone(),
        },
        event: Some(event.clone()),
    };
    // A calendar says itself that it is the same event, for the same targets.
    let moved = |(index, other): &(usize, &Event)| {
        same_uid(&known[*index]) && other.targets == event.targets
    };
    let Some((_, old)) = rivals.first() else {
        known.push(entered);
        return Became::Added;
    };
    if !how.replace && !rivals.iter().all(moved) {
        return Became::Refused(format!(
            "it differs from the {} of {} to {} that is there, {}: both would apply, one on top of the \
             other. --replace puts the new one in its place",
            old.name,
            old.start,
            old.end,
            told::effect(old)
        ));
    }
    let old = (*old).clone();
    let replaced: Vec<usize> = rivals.iter().map(|(index, _)| *index).collect();
    for index in replaced.into_iter().rev() {
        known.remove(index);
    }
    known.push(entered);
    Became::Changed(old)
}

fn same_occasion(a: &Event, b: &Event) -> bool {
    a.name == b.name && a.start == b.start
}

fn share_targets(a: &Event, b: &Event) -> bool {
    a.targets.is_empty()
        || b.targets.is_empty()
        || a.targets.iter().any(|target| b.targets.contains(target))
}

/// An occurrence of an event, by its place among all and by the place of its target.
struct Span {
    event: usize,
    target: usize,
    from: Timestamp,
    to: Timestamp,
}

/// A sentence for each pair of names of which one of the `new` applies at the same time as another of
/// `all`, to one of the same targets.
fn overlaps<'e>(
    new: impl Iterator<Item = &'e Event>,
    all: &[Event],
    config: &Config,
    now: Timestamp,
) -> Vec<String> {
    let to = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut spans = Vec::new();
    for (index, event) in all.iter().enumerate() {
        for (target, settings) in config.targets.iter().enumerate() {
            let occurrences = event.occurrences(settings, now, to);
            spans.extend(occurrences.iter().map(|occurrence| Span {
                event: index,
                target,
                from: occurrence.from(),
                to: occurrence.to(),
            }));
        }
    }
    let mut told = Vec::new();
    let mut named = BTreeSet::new();
    for event in new {
        let Some(own) = all.iter().position(|other| other == event) else {
            continue;
        };
        let ours: Vec<&Span> = spans.iter().filter(|span| span.event == own).collect();
        for theirs in spans.iter().filter(|span| span.event != own) {
            let with = ours.iter().find(|ours| {
                ours.target == theirs.target && ours.from < theirs.to && theirs.from < ours.to
            });
            let (Some(ours), Some(other), Some(target)) = (
                with,
                all.get(theirs.event),
                config.targets.get(theirs.target),
            ) else {
                continue;
            };
            let pair = BTreeSet::from([event.name.as_str(), other.name.as_str()]);
            if named.insert(pair) {
                told.push(format!(
                    "{} and {} overlap for {} from {} on: both apply, one on top of the other",
                    event.name,
                    other.name,
                    target.name,
                    (target.zone.to_datetime(ours.from.max(theirs.from)))
                        .strftime("%a %Y-%m-%d %H:%M")
                ));
            }
        }
    }
    told
}
