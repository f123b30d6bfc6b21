use std::ops::RangeInclusive;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::log::Log;
use super::section::{Layer, Section};

/// A key's value, where it stands and under which path.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(crate) log: &'a Log<'a>,
    pub(crate) path: String,
    pub(crate) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Field<'a> {
    /// Keeps a finding about this value.
    pub(crate) fn refuse(&self, problem: impl Into<String>, allowed: impl Into<String>) {
        let span = self.value.span();
        self.log.refuse(
            self.log.line(span.start),
            &self.path,
            Some(self.log.shown(span)),
            problem,
            allowed,
        );
    }

    /// Keeps a finding about this value's type.
    pub(crate) fn wrong_type<T>(&self, allowed: &str) -> Option<T> {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "is a string",
            DeValue::Integer(_) => "is a whole number",
            DeValue::Float(_) => "is a fraction",
            DeValue::Boolean(_) => "is true or false",
            DeValue::Datetime(_) => "is a date or time",
            DeValue::Array(_) => "is a list",
            DeValue::Table(_) => "is a table",
        };
        self.refuse(found, allowed);
        None
    }

    /// The string that stands here, without a finding where there is none.
    pub(crate) fn as_text(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        }
    }

    pub(crate) fn text(&self, allowed: &str) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.wrong_type(allowed),
        }
    }

    /// A string of 1 to `longest` characters that all satisfy `holds`.
    pub(crate) fn word(
        &self,
        longest: usize,
        holds: impl Fn(char) -> bool,
        allowed: &str,
    ) -> Option<String> {
        let text = self.text(allowed)?;
        let length = text.chars().count();
        let problem = if length == 0 {
            "is empty"
        } else if length > longest {
            "is too long"
        } else if !text.chars().all(holds) {
            "has a character that is not allowed"
        } else {
            return Some(text);
        };
        self.refuse(problem, allowed);
        None
    }

    /// One of `words`, with the nearest one offered where it is none.
    pub(crate) fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let allowed = names.join(", ");
        let text = self.text(&allowed)?;
        if let Some((_, value)) = words.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        self.refuse(unknown("is unknown", &text, names.into_iter()), allowed);
        None
    }

    pub(crate) fn whole(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let allowed = format!("{} to {}", range.start(), range.end());
        let DeValue::Integer(number) = self.value.get_ref() else {
            return self.wrong_type(&format!("a whole number, {allowed}"));
        };
        let value = i128::from_str_radix(number.as_str(), number.radix())
            .ok()
            .and_then(|value| u32::try_from(value).ok())
            .filter(|value| range.contains(value));
        if value.is_none() {
            self.refuse("is out of range", allowed);
        }
        value
    }

    /// A number, whole or not, that satisfies `holds`.
    pub(crate) fn number(&self, holds: impl Fn(f64) -> bool, allowed: &str) -> Option<f64> {
        let value: Option<f64> = match self.value.get_ref() {
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(|value| value as f64),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => return self.wrong_type(&format!("a number, {allowed}")),
        };
        let value = value.filter(|value| value.is_finite() && holds(*value));
        if value.is_none() {
            self.refuse("is out of range", allowed);
        }
        value
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => self.wrong_type("true or false"),
        }
    }

    /// A duration with units such as `5m` or `1h 30m`; `allowed` tells the range in words.
    pub(crate) fn duration(
        &self,
        range: RangeInclusive<SignedDuration>,
        allowed: &str,
    ) -> Option<SignedDuration> {
        let allowed = format!("a duration such as \"5m\" or \"1h 30m\", {allowed}");
        let text = self.text(&allowed)?;
        match text.parse::<SignedDuration>() {
            Ok(value) if range.contains(&value) => return Some(value),
            Ok(_) => self.refuse("is out of range", allowed),
            Err(_) => self.refuse("is not a duration", allowed),
        }
        None
    }

    /// The strings of a list, each read by `read`; `None` where the list or one of them is wrong.
    pub(crate) fn list<T>(
        &self,
        allowed: &str,
        read: impl Fn(&Field<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let DeValue::Array(items) = self.value.get_ref() else {
            return self.wrong_type(allowed);
        };
        let read: Vec<Option<T>> = items
            .iter()
            .map(|value| {
                read(&Field {
                    value,
                    ..self.clone()
                })
            })
            .collect();
        read.into_iter().collect()
    }

    /// The table that stands here, as a section of its own.
    pub(crate) fn section(&self, allowed: &str) -> Option<Section<'a>> {
        match self.value.get_ref() {
            DeValue::Table(_) => Some(self.as_section()?),
            _ => self.wrong_type(allowed),
        }
    }

    /// As [`Field::section`], without a finding.
    pub(crate) fn as_section(&self) -> Option<Section<'a>> {
        let DeValue::Table(table) = self.value.get_ref() else {
            return None;
        };
        Some(self.section_of(table))
    }

    fn section_of(&self, table: &'a DeTable<'a>) -> Section<'a> {
        let line = self.log.line(self.value.span().start);
        Section::new(self.log, line, Layer::new(self.path.clone(), table))
    }
}

/// "is unknown", with the nearest of `known` where one is near.
pub(crate) fn unknown<'k>(
    problem: &str,
    text: &str,
    known: impl Iterator<Item = &'k str>,
) -> String {
    match nearest(text, known) {
        Some(near) => format!("{problem}; did you mean {near}?"),
        None => problem.to_owned(),
    }
}

/// The nearest of `known`, where at most a third of the letters differ.
fn nearest<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let lower = text.to_lowercase();
    known
        .map(|word| {
            let other = word.to_lowercase();
            let most = lower.chars().count().max(other.chars().count()).div_ceil(3);
            (strsim::damerau_levenshtein(&lower, &other), most, word)
        })
        .filter(|(distance, most, _)| distance <= most)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, word)| word)
}
