use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::{ConfigErrors, Finding};

/// Most characters of a value that a finding repeats.
const MOST_SHOWN: usize = 60;

/// The text being read and what was found wrong with it so far.
pub(crate) struct Log<'a> {
    file: &'a str,
    text: &'a str,
    /// Where each line begins, so that a file of ten thousand targets is read in one go.
    lines: Vec<usize>,
    /// In the order of the file, each with whom it concerns: what is wrong in `[defaults]` is found
    /// for every target.
    findings: RefCell<BTreeMap<Finding, BTreeSet<About>>>,
    about: Cell<About>,
}

/// Whom a finding concerns: the target at that place of the file, or the whole of it.
pub(crate) type About = Option<usize>;

/// What was found, by whom it concerns.
pub(crate) struct Sorted {
    /// About the whole file.
    pub(crate) whole: Vec<Finding>,
    /// About the target at that place, and no other part of the file.
    pub(crate) targets: BTreeMap<usize, Vec<Finding>>,
}

impl<'a> Log<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Self {
            file,
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
            findings: RefCell::default(),
            about: Cell::new(None),
        }
    }

    /// What is found from here on concerns `about`.
    pub(crate) fn concerning(&self, about: About) {
        self.about.set(about);
    }

    /// One-based line of a byte.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= offset)
    }

    /// What stands at `span`, cut to one short line.
    pub(crate) fn shown(&self, span: Range<usize>) -> String {
        let text = self.text.get(span).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let mut shown: String = line.chars().take(MOST_SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        shown
    }

    /// Keeps a finding.
    pub(crate) fn refuse(
        &self,
        line: usize,
        field: &str,
        value: Option<String>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let finding = Finding {
            line,
            file: self.file.to_owned(),
            field: field.to_owned(),
            value,
            problem: problem.into(),
            allowed: allowed.into(),
        };
        let mut findings = self.findings.borrow_mut();
        findings
            .entry(finding)
            .or_default()
            .insert(self.about.get());
    }

    /// `value` unless something was found wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, ConfigErrors> {
        let findings = Vec::from_iter(self.findings.into_inner().into_keys());
        if findings.is_empty() {
            return Ok(value);
        }
        Err(ConfigErrors { findings })
    }

    /// What was found, by whom it concerns.
    pub(crate) fn sorted(self) -> Sorted {
        let mut sorted = Sorted {
            whole: Vec::new(),
            targets: BTreeMap::new(),
        };
        for (finding, about) in self.findings.into_inner() {
            if about.contains(&None) {
                sorted.whole.push(finding);
                continue;
            }
            for target in about.into_iter().flatten() {
                let found = sorted.targets.entry(target).or_default();
                found.push(finding.clone());
            }
        }
        sorted
    }
}
