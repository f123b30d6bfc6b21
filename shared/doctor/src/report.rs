use std::collections::BTreeMap;

use serde::Serialize;

use crate::Seen;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing needs doing.
    Note,
    /// Works, but worse than it could.
    Warning,
    /// Does not work, or will not when it is needed.
    Error,
}

impl Severity {
    /// In plain words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which check found it: one of [`CHECKS`]; never changes its meaning.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The target it is about; `None` for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What was seen.
    pub seen: String,
    /// The same as numbers, by name: seconds, servers, vCPUs, days, requests per minute.
    pub numbers: BTreeMap<&'static str, f64>,
    /// Why it matters.
    pub why: String,
    /// How to mend it.
    pub fix: String,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// The check that could not be made: one of [`CHECKS`].
    pub id: &'static str,
    /// The target; `None` for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Why not.
    pub why: String,
}

/// What was measured, whether or not anything is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// What: `lead-time` or `image`.
    pub id: &'static str,
    /// The target.
    pub target: String,
    /// In plain words.
    pub seen: String,
    /// The same as numbers, by name: seconds, launches, hours, shares.
    pub numbers: BTreeMap<&'static str, f64>,
}

/// What an examination came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// What was found, most severe first.
    pub findings: Vec<Finding>,
    /// What was measured.
    pub measured: Vec<Measured>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
}

/// A check by its stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The name.
    pub id: &'static str,
    /// What it looks for.
    pub looks_for: &'static str,
}

const fn check(id: &'static str, looks_for: &'static str) -> Check {
    Check { id, looks_for }
}

/// Every check there is.
pub const CHECKS: &[Check] = &[
    check("config-invalid", "a configuration that is missing or wrong"),
    check(
        "config-note",
        "events, pauses or days left out that cannot be read",
    ),
    check(
        "permission-denied",
        "a call that the functions or this command may not make",
    ),
    check("history-short", "less history than a weekly pattern needs"),
    check("history-gaps", "history with many holes"),
    check("metric-silent", "a demand metric without recent values"),
    check(
        "metric-coarse",
        "a metric by five minutes where minutes are needed",
    ),
    check("group-metrics-off", "group metrics that are not collected"),
    check("lead-time-short", "a lead time shorter than servers take"),
    check("boot-slower", "servers that take longer than they did"),
    check("image-missing", "an application without an image"),
    check("image-behind", "an image older than the last release"),
    check(
        "image-unused",
        "a group whose servers do not start from the newest image",
    ),
    check(
        "foreign-actions",
        "scheduled actions of others on the group",
    ),
    check("instance-scheduler", "Instance Scheduler on the same group"),
    check(
        "predictive-scaling",
        "a predictive-scaling policy beside the plan",
    ),
    check("process-suspended", "suspended processes of the group"),
    check("actions-full", "no room for scheduled actions"),
    check("max-size-low", "limits below what the forecast needs"),
    check("instance-quota", "a vCPU quota below what the plan needs"),
    check("alarm-missing", "no alarm that calls the responder"),
    check("alarm-not-wired", "an alarm that reaches nobody"),
    check("nightly-zone", "a night that is day where the target is"),
    check(
        "nightly-skipped",
        "a nightly hour that clocks skip, or a schedule that is off",
    ),
    check(
        "group-missing",
        "a group that does not exist or is being deleted",
    ),
    check(
        "tag-missing",
        "a group without the tag that lets it be changed",
    ),
    check(
        "tagged-unmanaged",
        "tagged groups that the configuration does not have",
    ),
    check(
        "tracking-fights",
        "target tracking that keeps more servers than the plan",
    ),
    check("nothing-scales-in", "nobody who takes servers away"),
    check("forecast-stale", "a forecast that is missing or old"),
    check("plan-stale", "a plan that is missing, old or not applied"),
    check("document-unusable", "a stored document that cannot be read"),
    check("dead-letters", "events and targets that were given up"),
    check("paused", "a pause of everything"),
    check("released", "a target that was released"),
];

impl Report {
    /// The most severe finding; `None` without any.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Most severe first, then those about everything, then by target and name.
    pub(crate) fn in_order(mut self) -> Self {
        self.findings.sort_by(|a, b| {
            (b.severity, &a.target, a.id, &a.seen).cmp(&(a.severity, &b.target, b.id, &b.seen))
        });
        self.unchecked
            .sort_by(|a, b| (&a.target, a.id, &a.why).cmp(&(&b.target, b.id, &b.why)));
        self.unchecked.dedup();
        self
    }

    /// The fact, or a line about why the check `id` cannot be made.
    pub(crate) fn known<'f, T>(
        &mut self,
        id: &'static str,
        target: Option<&str>,
        fact: &'f Seen<T>,
    ) -> Option<&'f T> {
        match fact {
            Seen::Known(fact) => Some(fact),
            Seen::Unknown(why) => {
                self.unchecked.push(Unchecked {
                    id,
                    target: target.map(str::to_owned),
                    why: why.clone(),
                });
                None
            }
        }
    }

    pub(crate) fn unchecked(&mut self, id: &'static str, target: Option<&str>, why: String) {
        self.unchecked.push(Unchecked {
            id,
            target: target.map(str::to_owned),
            why,
        });
    }

    pub(crate) fn measured(
        &mut self,
        id: &'static str,
        target: &str,
        seen: String,
        numbers: impl IntoIterator<Item = (&'static str, f64)>,
    ) {
        self.measured.push(Measured {
            id,
            target: target.to_owned(),
            seen,
            numbers: numbers.into_iter().collect(),
        });
    }

    pub(crate) fn add(&mut self, found: Found<'_>) {
        self.findings.push(Finding {
            id: found.id,
            severity: found.severity,
            target: found.target.map(str::to_owned),
            seen: found.seen,
            numbers: found.numbers.into_iter().collect(),
            why: found.why.to_owned(),
            fix: found.fix,
        });
    }
}

/// A finding as a check writes it.
pub(crate) struct Found<'a> {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) target: Option<&'a str>,
    pub(crate) seen: String,
    pub(crate) numbers: Vec<(&'static str, f64)>,
    pub(crate) why: &'a str,
    pub(crate) fix: String,
}
