use jiff::Timestamp;

use crate::{ConfigErrors, Event, Occurrence, Refused, Target, read};

/// A checked configuration: defaults applied, names unique, ranges held.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Targets in the order of the file.
    pub targets: Vec<Target>,
    /// Known events in the order of the file.
    pub events: Vec<Event>,
}

impl Config {
    /// Reads, checks and completes `text`; `file` is its name in messages.
    ///
    /// # Errors
    /// [`ConfigErrors`] with everything that is wrong, not only the first.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigErrors> {
        read::config(file, text)
    }

    /// As [`Config::parse`], but a target that is wrong by itself is left out and told of, so that
    /// it costs no other its plan. Of two with one name or one group the earlier stays.
    ///
    /// # Errors
    /// [`ConfigErrors`] where more than single targets is wrong: the file is no TOML, `[defaults]`
    /// or an event is wrong (an event left out would leave too few servers), or no target is left.
    pub fn parse_each(file: &str, text: &str) -> Result<(Self, Vec<Refused>), ConfigErrors> {
        read::each(file, text)
    }

    /// The target called `name`.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// The targets that `event` names and this configuration lacks.
    #[must_use]
    pub fn unknown_targets<'e>(&self, event: &'e Event) -> Vec<&'e str> {
        let names = event.targets.iter().map(String::as_str);
        names.filter(|name| self.target(name).is_none()).collect()
    }

    /// What people knew at `now` of the events that touch `[from, to)` for `target`, in order of
    /// time.
    #[must_use]
    pub fn occurrences(
        &self,
        target: &Target,
        now: Timestamp,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Occurrence> {
        let known = self.events.iter().filter(|event| event.known(target, now));
        let mut found: Vec<Occurrence> = known
            .flat_map(|event| event.occurrences(target, from, to))
            .collect();
        found.sort_by(|a, b| (a.start, &a.name).cmp(&(b.start, &b.name)));
        found
    }
}

/// One event by itself: its `[[event]]` table, with or without that header. Whether its targets
/// exist is for [`Config::unknown_targets`] to say.
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong.
pub fn parse_event(file: &str, text: &str) -> Result<Event, ConfigErrors> {
    read::single_event(file, text)
}
