use std::cell::RefCell;
use std::ops::Range;

use crate::{ConfigErrors, Finding};

/// Most characters of a value that a finding repeats.
const MOST_SHOWN: usize = 60;

/// The text being read and what was found wrong with it so far.
pub(crate) struct Log<'a> {
    file: &'a str,
    text: &'a str,
    findings: RefCell<Vec<Finding>>,
}

impl<'a> Log<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            findings: RefCell::default(),
        }
    }

    /// One-based line of a byte.
    pub(crate) fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
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

    /// Keeps a finding. One that concerns `[defaults]` is found for every target and kept once.
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
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }

    /// `value` unless something was found wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, ConfigErrors> {
        let mut findings = self.findings.into_inner();
        if findings.is_empty() {
            return Ok(value);
        }
        findings.sort();
        Err(ConfigErrors { findings })
    }
}
