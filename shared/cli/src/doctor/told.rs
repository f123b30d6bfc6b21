//! How an examination is told.

use doctor::{CHECKS, Facts, Finding, Report, Severity};
use documents::in_zone;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::Console;
use crate::failure::Done;
use crate::output;

/// For people: what was found, what was measured, what could not be looked at, and the sum.
///
/// Times about a target are in its zone, all others, and with `utc` all, in UTC.
pub(super) fn table(console: &mut Console<'_>, facts: &Facts, report: &Report, utc: bool) -> Done {
    let local = |target: Option<&str>, text: &str| match zone(facts, target).filter(|_| !utc) {
        Some(zone) => in_zone(text, zone),
        None => text.to_owned(),
    };
    for finding in &report.findings {
        let head = format!(
            "{:<8} {} ({})",
            finding.severity.as_str(),
            finding.id,
            about(finding.target.as_deref())
        );
        console.line(&coloured(console.colour(), finding, &head))?;
        for (head, text) in [
            ("  seen  ", &finding.seen),
            ("  why   ", &finding.why),
            ("  do    ", &finding.fix),
        ] {
            console.prose(head, &local(finding.target.as_deref(), text))?;
        }
        console.line("")?;
    }
    if !report.measured.is_empty() {
        console.line("measured:")?;
        for line in &report.measured {
            let told = format!("{} ({}): {}", line.id, line.target, line.seen);
            console.prose("  ", &local(Some(&line.target), &told))?;
        }
        console.line("")?;
    }
    if !report.unchecked.is_empty() {
        console.line("not checked:")?;
        for line in &report.unchecked {
            let target = about(line.target.as_deref());
            let told = format!("{} ({target}): {}", line.id, line.why);
            console.prose("  ", &local(line.target.as_deref(), &told))?;
        }
        console.line("")?;
    }
    let count = |severity| {
        let found = report.findings.iter();
        found.filter(|finding| finding.severity == severity).count()
    };
    let sum = format!(
        "{}: {}, {}, {}; {} could not be made",
        counted(facts.targets.len(), "target"),
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
        counted(count(Severity::Note), "note"),
        counted(report.unchecked.len(), "check")
    );
    console.prose("", &sum)
}

/// The zone of a target that was examined.
fn zone<'a>(facts: &'a Facts, target: Option<&str>) -> Option<&'a TimeZone> {
    let name = target?;
    let found = facts.targets.iter().find(|it| it.target.name == name)?;
    Some(&found.target.zone)
}

/// `1 target`, `2 targets`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn about(target: Option<&str>) -> &str {
    target.unwrap_or("all")
}

fn coloured(colour: bool, finding: &Finding, text: &str) -> String {
    if !colour {
        return text.to_owned();
    }
    let code = match finding.severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// For programs.
pub(super) fn json(console: &mut Console<'_>, facts: &Facts, report: &Report) -> Done {
    let targets: Vec<&str> = facts
        .targets
        .iter()
        .map(|t| t.target.name.as_str())
        .collect();
    output::json(
        console,
        &json!({
            "at": facts.now,
            "targets": targets,
            "worst": report.worst(),
            "findings": report.findings,
            "measured": report.measured,
            "unchecked": report.unchecked,
            "checks": CHECKS,
        }),
    )
}
