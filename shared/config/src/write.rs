use std::fmt::Write;

use crate::{Event, EventEffect, EventTime, Every};

impl Event {
    /// Its `[[event]]` table without that header, which [`crate::parse_event`] reads back as it is.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{key} = {value}");
        };
        line("name", quoted(&self.name));
        if !self.targets.is_empty() {
            let targets: Vec<String> = self.targets.iter().map(|name| quoted(name)).collect();
            line("targets", format!("[{}]", targets.join(", ")));
        }
        line("start", time(self.start));
        line("end", time(self.end));
        match self.every {
            None => {}
            Some(Every::Days(1)) => line("every", quoted("day")),
            Some(Every::Days(7)) => line("every", quoted("week")),
            Some(Every::Days(days)) => line("every_days", days.to_string()),
            Some(Every::Month) => line("every", quoted("month")),
            Some(Every::MonthWeekday) => line("every", quoted("month-weekday")),
            Some(Every::Year) => line("every", quoted("year")),
        }
        if let Some(until) = self.until {
            line("until", time(until));
        }
        for (key, span) in [("lead", self.lead), ("tail", self.tail)] {
            if !span.is_zero() {
                line(key, quoted(&format!("{span:#}")));
            }
        }
        match self.effect {
            EventEffect::Multiplier(factor) => line("multiplier", format!("{factor:?}")),
            EventEffect::Demand(demand) => line("demand", format!("{demand:?}")),
            EventEffect::Like(day) => line("like", day.to_string()),
            EventEffect::Learnt => line("learnt", "true".to_owned()),
        }
        if let Some(at) = self.announced_at {
            line("announced_at", time(at));
        }
        text
    }
}

/// A TOML date and time: an instant in UTC, a local time without an offset.
fn time(time: EventTime) -> String {
    time.to_string()
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
