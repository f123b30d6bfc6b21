//! How events come into the document, each once.

use config::{Config, Event, parse_event};
use documents::{AddedEvent, Events, keys};
use jiff::{SignedDuration, Timestamp};

use super::{known_targets, line, settings_of};
use crate::Console;
use crate::calendar::Entry;
use crate::failure::{Done, input};
use crate::moments;
use crate::opened::Opened;

/// How far ahead overlaps are looked for: two occurrences of what comes every year.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What became of an event.
#[derive(Debug, PartialEq)]
enum Became {
    Added,
    /// Was there, said otherwise.
    Changed(Event),
    /// Word for word.
    There,
    /// In the configuration, word for word.
    Configured,
    /// Cancelled in the calendar, and there.
    Cancelled,
    /// Something else of its name and start is there.
    Refused(String),
}

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

/// Adds what is not there yet; takes out what a calendar has cancelled.
pub(super) fn keep(
    opened: &Opened,
    entries: &[Entry],
    how: How,
    console: &mut Console<'_>,
) -> Done {
    let now = moments::now();
    let events: Vec<&Event> = entries.iter().map(|entry| &entry.event).collect();
    let config = settings_of(opened, now)?.config;
    known_targets(&opened.name, &events, &config)?;
    let mut became = Vec::new();
    let mut after = Vec::new();
    let change = |kept: &mut Events| {
        let added: Vec<&str> = kept.events.iter().map(|one| one.toml.as_str()).collect();
        let configured: Vec<Event> = (config.events.iter())
            .filter(|event| !added.contains(&event.to_toml().as_str()))
            .cloned()
            .collect();
        became = (entries.iter())
            .map(|entry| enter(kept, &configured, entry, how, now))
            .collect();
        let parsed =
            (kept.events.iter()).filter_map(|one| parse_event(keys::EVENTS, &one.toml).ok());
        after = configured.into_iter().chain(parsed).collect();
        let writes = |became: &Became| {
            matches!(
                became,
                Became::Added | Became::Changed(_) | Became::Cancelled
            )
        };
        let refused = became.iter().find_map(|became| match became {
            Became::Refused(why) if !how.each => Some(why),
            _ => None,
        });
        if let Some(why) = refused {
            return Err(input(why));
        }
        Ok((!how.dry_run && became.iter().any(writes)).then_some(()))
    };
    opened.change(keys::EVENTS, None, now, change)?;
    tell(entries, &became, how, console)?;
    for (entry, became) in entries.iter().zip(&became) {
        if matches!(became, Became::Added | Became::Changed(_)) {
            for told in overlaps(&entry.event, &after, &config, now) {
                console.note(&format!("note: {told}"));
            }
        }
    }
    if how.dry_run {
        console.note("dry run: nothing was written");
    } else {
        console.note("the next forecast knows of it; a planner's run before that heeds it too");
    }
    Ok(())
}

fn tell(entries: &[Entry], became: &[Became], how: How, console: &mut Console<'_>) -> Done {
    let would = if how.dry_run { "would be " } else { "" };
    for (entry, became) in entries.iter().zip(became) {
        let line = line(&entry.event);
        match became {
            Became::Added => console.line(&format!("{would}added: {line}"))?,
            Became::Changed(old) => console.line(&format!(
                "{would}changed: {line}, instead of {} to {}, {}",
                old.start,
                old.end,
                super::effect(old)
            ))?,
            Became::There => console.line(&format!("already there: {line}"))?,
            Became::Configured => {
                console.line(&format!("already there, in the configuration: {line}"))?;
            }
            Became::Cancelled => {
                console.line(&format!("{would}removed, since cancelled: {line}"))?
            }
            Became::Refused(why) => console.note(&format!("note: left out: {why}")),
        }
    }
    Ok(())
}

/// Puts `entry` among what is kept.
fn enter(
    kept: &mut Events,
    configured: &[Event],
    entry: &Entry,
    how: How,
    now: Timestamp,
) -> Became {
    let event = &entry.event;
    let toml = event.to_toml();
    let rivals: Vec<(usize, Event)> = (kept.events.iter().enumerate())
        .filter_map(|(index, one)| Some((index, one, parse_event(keys::EVENTS, &one.toml).ok()?)))
        .filter(|(_, one, other)| {
            let same = entry.uid.is_some() && one.uid == entry.uid;
            (same || same_occasion(event, other)) && share_targets(event, other)
        })
        .map(|(index, _, other)| (index, other))
        .collect();
    if entry.cancelled {
        // By its UID only: another of the same name and time may have been added by hand.
        let gone = |one: &AddedEvent| {
            entry.uid.is_some()
                && one.uid == entry.uid
                && parse_event(keys::EVENTS, &one.toml)
                    .is_ok_and(|other| share_targets(event, &other))
        };
        let before = kept.events.len();
        kept.events.retain(|one| !gone(one));
        return match kept.events.len() < before {
            true => Became::Cancelled,
            false => Became::Refused(format!("{}: it is cancelled", event.name)),
        };
    }
    if rivals.iter().any(|(_, other)| other.to_toml() == toml) && rivals.len() == 1 {
        return Became::There;
    }
    if let Some(other) =
        (configured.iter()).find(|other| same_occasion(event, other) && share_targets(event, other))
    {
        return match other.to_toml() == toml {
            true => Became::Configured,
            false => Became::Refused(format!(
                "{} stands in the configuration with the same start, as {}: change its [[event]] there",
                event.name,
                super::effect(other)
            )),
        };
    }
    let entered = AddedEvent {
        added_at: now,
        toml,
        uid: entry.uid.clone(),
    };
    // A calendar says itself that it is the same event, for the same targets.
    let moved = |(index, other): &(usize, Event)| {
        entry.uid.is_some()
            && kept.events[*index].uid == entry.uid
            && other.targets == event.targets
    };
    let Some((_, old)) = rivals.first() else {
        kept.events.push(entered);
        return Became::Added;
    };
    if !how.replace && !rivals.iter().all(moved) {
        return Became::Refused(format!(
            "it differs from the {} of {} to {} that is there, {}: both would apply, one on top of the \
             other. --replace puts the new one in its place",
            old.name,
            old.start,
            old.end,
            super::effect(old)
        ));
    }
    for (index, _) in rivals.iter().rev() {
        kept.events.remove(*index);
    }
    kept.events.push(entered);
    Became::Changed(old.clone())
}

fn same_occasion(a: &Event, b: &Event) -> bool {
    a.name == b.name && a.start == b.start
}

fn share_targets(a: &Event, b: &Event) -> bool {
    a.targets.is_empty()
        || b.targets.is_empty()
        || a.targets.iter().any(|target| b.targets.contains(target))
}

/// A sentence for each other event that applies at the same time to one of the same targets.
fn overlaps(event: &Event, all: &[Event], config: &Config, now: Timestamp) -> Vec<String> {
    let to = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut told = Vec::new();
    for other in all.iter().filter(|other| *other != event) {
        let concerned = (config.targets.iter())
            .filter(|target| event.concerns(&target.name) && other.concerns(&target.name));
        let first = concerned.filter_map(|target| {
            let ours = event.occurrences(target, now, to);
            let theirs = other.occurrences(target, now, to);
            let both = ours.iter().find_map(|ours| {
                let with = theirs
                    .iter()
                    .find(|theirs| ours.from() < theirs.to() && theirs.from() < ours.to())?;
                Some(ours.from().max(with.from()))
            })?;
            Some((target, both))
        });
        if let Some((target, at)) = first.into_iter().next() {
            told.push(format!(
                "{} and {} overlap for {} from {} on: both apply, one on top of the other",
                event.name,
                other.name,
                target.name,
                target.zone.to_datetime(at).strftime("%a %Y-%m-%d %H:%M")
            ));
        }
    }
    told
}
