use std::cell::RefCell;
use std::collections::BTreeSet;
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
    /// In the order of the file. A set: what concerns `[defaults]` is found for every target.
    findings: RefCell<BTreeSet<Finding>>,
}

impl<'a> Log<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Self {
            file,
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
            findings: RefCell::default(),
        }
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
        self.findings.borrow_mut().insert(finding);
    }

    /// `value` unless something was found wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, ConfigErrors> {
        let findings = Vec::from_iter(self.findings.into_inner());
        if findings.is_empty() {
            return Ok(value);
        }
        Err(ConfigErrors { findings })
    }
}
