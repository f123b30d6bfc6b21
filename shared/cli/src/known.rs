//! What is known beside the history: zone, events and holidays, from a configuration or by hand.

use config::Event;
use control::occasion;
use forecasting::{Holiday, Occasion};
use holidays::Place;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::arguments::{ConfigArguments, KnownArguments};
use crate::chosen::Chosen;
use crate::failure::{Done, input};
use crate::moments;

/// What is known beside the history.
#[derive(Debug)]
pub(crate) struct Known {
    /// The zone that rules days and weeks.
    pub(crate) zone: TimeZone,
    chosen: Option<Chosen>,
    country: Option<Place>,
}

impl Known {
    /// Reads what `arguments` name.
    pub(crate) fn read(arguments: &KnownArguments) -> Done<Self> {
        let chosen = match &arguments.config {
            Some(config) => Some(Chosen::read(&ConfigArguments {
                config: config.clone(),
                target: arguments.target.clone(),
            })?),
            None => None,
        };
        let target = chosen.as_ref().map(|chosen| &chosen.target);
        let zone = match (&arguments.timezone, target) {
            (Some(name), _) => moments::zone(name)?,
            (None, Some(target)) => target.zone.clone(),
            (None, None) => TimeZone::UTC,
        };
        let country = match &arguments.country {
            Some(code) => Some(Place::find(code).map_err(|error| {
                input(format!(
                    "--country: {error}; allowed: an ISO 3166 code such as JP, or DE-BY for a \
                     subdivision"
                ))
            })?),
            None => target.and_then(|target| target.country),
        };
        Ok(Self {
            zone,
            chosen,
            country,
        })
    }

    /// Occurrences of the configuration's events from `from` to `to`, each from when it was
    /// announced.
    pub(crate) fn occasions(&self, from: Timestamp, to: Timestamp) -> Vec<Occasion> {
        let Some(chosen) = &self.chosen else {
            return Vec::new();
        };
        let of = |event: &Event| event.occurrences(&chosen.target, from, to);
        let occurrences = chosen.events.iter().flat_map(of);
        let mut occasions: Vec<Occasion> = occurrences.map(|one| occasion(&one)).collect();
        occasions.sort_by(|a, b| (a.during, &a.name).cmp(&(b.during, &b.name)));
        occasions
    }

    /// Holidays from `from` to `to`.
    pub(crate) fn holidays(&self, from: Timestamp, to: Timestamp) -> Vec<Holiday> {
        let kept = |place| Holiday::kept(place, &self.zone, from, to);
        self.country.map_or_else(Vec::new, kept)
    }
}
