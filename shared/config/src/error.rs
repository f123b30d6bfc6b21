use std::fmt;

use thiserror::Error;

/// Everything that is wrong with a configuration, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConfigErrors {
    /// What was found, never empty.
    pub findings: Vec<Finding>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

/// A target that is left out, since its `[[target]]` table is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its name; where that is missing, impossible or another target's, `target.N` of the `N`th
    /// `[[target]]` of the file, counted from 1. No target's name has a dot.
    pub label: String,
    /// What is wrong with it.
    pub errors: ConfigErrors,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// One-based line.
    pub line: usize,
    /// Name of the file.
    pub file: String,
    /// Path of the field, such as `target.web.max_servers`; empty where the file is not TOML.
    pub field: String,
    /// What stands there, as it is written; `None` where nothing does.
    pub value: Option<String>,
    /// What is wrong with it.
    pub problem: String,
    /// What is allowed instead; empty where the problem says it.
    pub allowed: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        if let Some(value) = &self.value {
            write!(f, "value {value}: ")?;
        }
        f.write_str(&self.problem)?;
        if self.allowed.is_empty() {
            return Ok(());
        }
        write!(f, "; allowed: {}", self.allowed)
    }
}
