//! `forescale quiet-window`: when work is least in the way.

use documents::in_zone;
use forecasting::{ForecastRequest, forecast};
use icalendar::{Calendar, Component, Event};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use timeseries::Step;

use crate::Console;
use crate::arguments::{QuietFormat, QuietWindowArguments};
use crate::demand;
use crate::failure::{Blame, Done, input};
use crate::forecast::{advice, printed};
use crate::known::Known;
use crate::moments;
use crate::output::{self, Side, grouped, number, rounded};

/// Windows begin on steps of so many seconds at the finest.
const FINEST: i64 = 900;

/// A time in which little is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    start: Timestamp,
    end: Timestamp,
    /// Mean of the medians, in requests per minute.
    expected: f64,
    /// 95th percentile of its busiest step, in requests per minute.
    p95: f64,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &QuietWindowArguments, console: &mut Console<'_>) -> Done {
    let known = Known::read(&arguments.known)?;
    let demand = demand::read(&arguments.history, known.zone.clone(), console)?;
    let zone = &demand.zone;
    let length = moments::span("--length", &arguments.length)?;
    let within = moments::span("--within", &arguments.within)?;
    let from = match &arguments.at {
        Some(text) => moments::moment("--at", text, zone)?,
        None => demand.series.end(),
    };
    let finest = Step::from_seconds(FINEST).unwrap_or(Step::HOUR);
    let step = demand.series.step().max(finest);
    if length > within {
        return Err(input(format!(
            "--length {} is longer than --within {}",
            arguments.length, arguments.within
        )));
    }
    let whole = step.covering(length);
    let counted = SignedDuration::from_secs(i64::from(step.seconds()) * whole as i64);
    if counted != length {
        console.note(&format!(
            "note: --length {}: demand is known by steps of {step}, so that each window is {counted:#} long",
            arguments.length
        ));
    }
    console.progress("forecasting");
    let to = from.saturating_add(within).unwrap_or(Timestamp::MAX);
    let occasions = known.occasions(demand.series.start(), to);
    let left_out = known.left_out(from, console)?;
    let holidays = known.holidays(demand.series.start(), to);
    let prediction = forecast(&ForecastRequest {
        history: &demand.series,
        cutoff: from,
        step,
        horizon_steps: step.covering(within),
        zone,
        training_days: 56,
        occasions: &occasions,
        holidays: &holidays,
        left_out: &left_out,
    })
    .map_err(|error| advice(error, &demand))
    .input(|| format!("{} allows no forecast at {from}", demand.name))?;
    console.clear();
    for note in &prediction.report.notes {
        console.note(&format!("note: {}", in_zone(note, zone)));
    }
    let unit = demand.unit(step);
    let steps: Vec<(f64, f64)> = (prediction.forecast.rows.iter())
        .map(|row| {
            let [p50, _, _, p95, _] = printed(row, unit);
            (p50, p95)
        })
        .collect();
    let time = |index| prediction.forecast.time_at(index);
    let windows = quietest(&steps, whole, usize::from(arguments.count));
    let windows: Vec<Window> = windows
        .into_iter()
        .map(|(first, expected, p95)| Window {
            start: time(first),
            end: time(first + whole),
            expected,
            p95,
        })
        .collect();
    match arguments.format {
        QuietFormat::Table => table(console, &windows, zone, step),
        QuietFormat::Csv => csv(console, &windows),
        QuietFormat::Json => json_of(console, &windows, zone, step),
        QuietFormat::Ical => Ok(console.out().write_all(calendar(&windows).as_bytes())?),
    }
}

/// The `count` quietest stretches of `length` steps that do not overlap, quietest first: first step,
/// mean of the medians, and the highest p95. What may happen counts before what is expected.
fn quietest(steps: &[(f64, f64)], length: usize, count: usize) -> Vec<(usize, f64, f64)> {
    let mut found: Vec<(usize, f64, f64)> = (steps.windows(length.max(1)).enumerate())
        .map(|(first, window)| {
            let expected = window.iter().map(|step| step.0).sum::<f64>() / window.len() as f64;
            let p95 = window.iter().map(|step| step.1).fold(0.0, f64::max);
            (first, expected, p95)
        })
        .collect();
    found.sort_by(|a, b| {
        a.2.total_cmp(&b.2)
            .then(a.1.total_cmp(&b.1))
            .then(a.0.cmp(&b.0))
    });
    let mut kept: Vec<(usize, f64, f64)> = Vec::new();
    for window in found {
        if kept.len() == count {
            break;
        }
        if kept
            .iter()
            .all(|other| window.0.abs_diff(other.0) >= length)
        {
            kept.push(window);
        }
    }
    kept
}

fn table(console: &mut Console<'_>, windows: &[Window], zone: &TimeZone, step: Step) -> Done {
    let head = format!("start ({})", zone.iana_name().unwrap_or("UTC"));
    let columns = [
        (head.as_str(), Side::Left),
        ("end", Side::Left),
        ("expected", Side::Right),
        ("p95 at its busiest", Side::Right),
    ];
    let local = |at: Timestamp| zone.to_datetime(at);
    let rows: Vec<Vec<String>> = windows
        .iter()
        .map(|window| {
            vec![
                local(window.start)
                    .strftime("%a %Y-%m-%d %H:%M")
                    .to_string(),
                local(window.end).strftime("%a %H:%M").to_string(),
                grouped(window.expected),
                grouped(window.p95),
            ]
        })
        .collect();
    output::table(console, &columns, &rows)?;
    console.note(&format!(
        "demand in the history's unit per {step}; the quietest first"
    ));
    Ok(())
}

fn csv(console: &mut Console<'_>, windows: &[Window]) -> Done {
    let rows = windows.iter().map(|window| {
        vec![
            window.start.to_string(),
            window.end.to_string(),
            number(window.expected),
            number(window.p95),
        ]
    });
    output::csv(console, &["start", "end", "expected", "p95"], rows)
}

fn json_of(console: &mut Console<'_>, windows: &[Window], zone: &TimeZone, step: Step) -> Done {
    let windows: Vec<_> = windows
        .iter()
        .map(|window| {
            json!({
                "start": window.start,
                "end": window.end,
                "local_start": zone.to_datetime(window.start),
                "expected": rounded(window.expected),
                "p95": rounded(window.p95),
            })
        })
        .collect();
    let zone = zone.iana_name().unwrap_or("UTC");
    output::json(
        console,
        &json!({ "timezone": zone, "step_seconds": step.seconds(), "windows": windows }),
    )
}

/// As RFC 5545 has it. Identifiers follow from the times, so that an import again changes nothing.
fn calendar(windows: &[Window]) -> String {
    let stamp = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    // Empty, since a new one names the crate as its maker, and RFC 5545 allows one PRODID.
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//Forescale//quiet-window//EN"));
    calendar.name("Quiet windows");
    for window in windows {
        let words = format!(
            "expected {}, p95 at its busiest {}",
            grouped(window.expected),
            grouped(window.p95)
        );
        let event = Event::new()
            .uid(&format!(
                "{}-{}@forescale",
                stamp(window.start),
                stamp(window.end)
            ))
            .add_property("DTSTAMP", stamp(window.start))
            .add_property("DTSTART", stamp(window.start))
            .add_property("DTEND", stamp(window.end))
            .summary("Quiet window")
            .description(&words)
            .done();
        calendar.push(event);
    }
    calendar.to_string()
}

/// A share as people read it.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", number(100.0 * share))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn windows_do_not_overlap_and_what_may_happen_counts_first() {
        let steps = [
            (5.0, 9.0),
            (1.0, 8.0),
            (1.0, 2.0),
            (2.0, 2.0),
            (1.0, 9.0),
            (1.0, 3.0),
            (1.0, 3.0),
        ];
        let found = quietest(&steps, 2, 3);
        assert_eq!(found, [(2, 1.5, 2.0), (5, 1.0, 3.0), (0, 3.0, 9.0)]);
        assert!(quietest(&steps, 8, 3).is_empty());
    }

    #[test]
    fn a_calendar_has_an_event_a_window_and_says_the_same_again() {
        let start: Timestamp = "2026-03-01T02:00:00Z".parse().unwrap();
        let end = start + SignedDuration::from_hours(2);
        let window = Window {
            start,
            end,
            expected: 1200.0,
            p95: 1500.0,
        };
        let text = calendar(&[window]);
        assert!(text.contains("DTSTART:20260301T020000Z"), "{text}");
        assert!(text.contains("DTEND:20260301T040000Z"), "{text}");
        assert!(text.contains("expected 1\\,200"), "{text}");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
        assert_eq!(text.matches("PRODID:").count(), 1, "{text}");
        assert_eq!(text, calendar(&[window]));
    }
}
