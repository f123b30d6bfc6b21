//! National holidays by country and subdivision.
//!
//! The days come from the package `holidays` of PyPI, written into `table.txt` by `generate.py`
//! next to this crate; [`source`] and [`years`] tell its version and reach. Nothing here reads a
//! clock, a file or the environment.

mod error;
mod near;
mod table;

pub use error::UnknownPlace;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday};

/// One day of a holiday. A holiday of several days has one for each, all of one name; so has the
/// working day on which it is observed when it falls on a weekend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// Its name, in English where the package has one.
    pub name: &'static str,
}

/// A country or a subdivision of one that the table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    code: &'static str,
}

impl Place {
    /// The place of an ISO 3166 code: `JP`, or `DE-BY` for a subdivision.
    ///
    /// # Errors
    /// [`UnknownPlace`] with the nearest code, where one is near.
    pub fn find(code: &str) -> Result<Self, UnknownPlace> {
        let found = table::places().find(|place| place.code == code);
        found
            .map(|place| Self { code: place.code })
            .ok_or_else(|| UnknownPlace {
                code: code.to_owned(),
                nearest: near::nearest(code),
            })
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// The last day of its weekend: what a holiday resembles until more is known.
    #[must_use]
    pub fn day_of_rest(self) -> Weekday {
        let place = table::places().find(|place| place.code == self.code);
        place.map_or(Weekday::Sunday, |place| place.rest)
    }

    /// Its holidays from `from` to `to`, both included, in order of time.
    #[must_use]
    pub fn holidays(self, from: Date, to: Date) -> Vec<Holiday> {
        let mut found: Vec<Holiday> = table::lines(self.code)
            .into_iter()
            .flat_map(|(name, dates)| {
                let dates = table::dates(dates, from.year()..=to.year());
                dates.into_iter().map(move |date| Holiday { date, name })
            })
            .filter(|holiday| (from..=to).contains(&holiday.date))
            .collect();
        found.sort_unstable();
        found
    }

    /// The last year with all of its holidays. Some places fix days that follow the moon, or working
    /// days that are swapped, for fewer years than the table has; and where all holidays are
    /// suspended, nobody knows until when.
    ///
    /// A holiday that came in nearly every year up to its last one, and whose last one is not before
    /// the year the table was made, has run out; an earlier last one was its end.
    #[must_use]
    pub fn last_year(self) -> i16 {
        let all = years();
        let mut kept: BTreeMap<&str, BTreeSet<i16>> = BTreeMap::new();
        for (name, dates) in table::lines(self.code) {
            // All swapped working days are of one kind, whatever they were swapped for.
            let kind = name.split(" (").next().unwrap_or(name);
            let dates = table::dates(dates, all.clone());
            kept.entry(kind)
                .or_default()
                .extend(dates.iter().map(|date| date.year()));
        }
        let last = |years: &BTreeSet<i16>| years.last().copied();
        let Some(newest) = kept.values().filter_map(last).max() else {
            return *all.end();
        };
        let regular = kept.values().filter_map(|years| {
            let end = last(years)?;
            let lately = years.range(end - 9..).count();
            (lately >= REGULAR).then_some(end)
        });
        let made = table::made();
        let begun = if newest < made { newest - 1 } else { made };
        regular
            .filter(|end| (begun..*all.end()).contains(end))
            .min()
            .unwrap_or(*all.end())
    }
}

/// Years of ten in which a holiday comes that comes every year, some of them hidden by others.
const REGULAR: usize = 7;

/// Every code that [`Place::find`] knows, countries and subdivisions.
pub fn codes() -> impl Iterator<Item = &'static str> {
    table::places().map(|place| place.code)
}

/// The years of the table.
#[must_use]
pub fn years() -> RangeInclusive<i16> {
    table::years()
}

/// The package that the table was made from, with its version.
#[must_use]
pub fn source() -> &'static str {
    table::source()
}
