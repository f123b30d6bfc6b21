use std::cell::RefCell;

use toml::de::DeTable;

use super::field::{Field, unknown};
use super::log::Log;

/// A table and the path under which people know it.
#[derive(Clone)]
pub(crate) struct Layer<'a> {
    path: String,
    table: &'a DeTable<'a>,
}

impl<'a> Layer<'a> {
    pub(crate) fn new(path: String, table: &'a DeTable<'a>) -> Self {
        Self { path, table }
    }
}

/// A table being read, over another one that fills in what it leaves out.
///
/// What is asked for is known; [`Section::finish`] refuses all the rest, so that the list of known
/// keys is nowhere but in the code that reads them.
pub(crate) struct Section<'a> {
    pub(crate) log: &'a Log<'a>,
    line: usize,
    own: Layer<'a>,
    defaults: Option<Layer<'a>>,
    partial: bool,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(log: &'a Log<'a>, line: usize, own: Layer<'a>) -> Self {
        Self {
            log,
            line,
            own,
            defaults: None,
            partial: false,
            asked: RefCell::default(),
        }
    }

    /// The same section with `defaults` under it.
    pub(crate) fn over(self, defaults: Option<Layer<'a>>) -> Self {
        Self { defaults, ..self }
    }

    /// The same section, of which nothing is required.
    pub(crate) fn partial(self) -> Self {
        Self {
            partial: true,
            ..self
        }
    }

    /// Whether nothing of it is required.
    pub(crate) fn is_partial(&self) -> bool {
        self.partial
    }

    /// The same section under another path.
    pub(crate) fn called(mut self, path: String) -> Self {
        self.own.path = path;
        self
    }

    /// The value at `key`: the table's own, else the default.
    pub(crate) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        self.own(key).or_else(|| {
            let defaults = self.defaults.as_ref()?;
            self.field(defaults, key)
        })
    }

    /// The table's own value at `key`.
    pub(crate) fn own(&self, key: &'static str) -> Option<Field<'a>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        self.field(&self.own, key)
    }

    /// As [`Section::get`]; a finding where there is none.
    pub(crate) fn required(&self, key: &'static str, allowed: &str) -> Option<Field<'a>> {
        let field = self.get(key);
        if field.is_none() && !self.partial {
            self.refuse(key, "is missing", allowed);
        }
        field
    }

    /// The table at `key`, key by key over the default one.
    pub(crate) fn subsection(&self, key: &'static str, allowed: &str) -> Option<Section<'a>> {
        let own = self.own(key);
        let defaults = self
            .defaults
            .as_ref()
            .and_then(|defaults| self.field(defaults, key))
            .and_then(|field| field.as_section());
        match own {
            Some(own) => Some(own.section(allowed)?.over(defaults.map(|d| d.own))),
            None => defaults,
        }
    }

    /// Keeps a finding about `key` of this table, whether it is there or not.
    pub(crate) fn refuse(&self, key: &str, problem: impl Into<String>, allowed: impl Into<String>) {
        let path = join(&self.own.path, key);
        self.log.refuse(self.line, &path, None, problem, allowed);
    }

    /// Every key of the table with its value, in alphabetical order, all of them known.
    pub(crate) fn entries(&self) -> Vec<(String, Field<'a>)> {
        let fields = self.own.table.iter().map(|(key, value)| {
            let key = key.get_ref().to_string();
            let path = join(&self.own.path, &key);
            let log = self.log;
            (key, Field { log, path, value })
        });
        fields.collect()
    }

    /// Refuses every key of the table that nobody asked for.
    pub(crate) fn finish(self) {
        self.finish_except(&[]);
    }

    /// As [`Section::finish`], but keys of `elsewhere` are told to move `to` where they belong.
    pub(crate) fn finish_except(self, elsewhere: &[(&str, &str)]) {
        let asked = self.asked.borrow();
        for (key, _) in self.own.table.iter() {
            let name: &str = key.get_ref();
            if asked.contains(&name) {
                continue;
            }
            let problem = match elsewhere.iter().find(|(known, _)| *known == name) {
                Some((_, belongs)) => (*belongs).to_owned(),
                None => unknown("unknown key", name, asked.iter().copied()),
            };
            self.log.refuse(
                self.log.line(key.span().start),
                &join(&self.own.path, name),
                None,
                problem,
                asked.join(", "),
            );
        }
    }

    fn field(&self, layer: &Layer<'a>, key: &'static str) -> Option<Field<'a>> {
        Some(Field {
            log: self.log,
            path: join(&layer.path, key),
            value: layer.table.get(key)?,
        })
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
