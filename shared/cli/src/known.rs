//! What is known beside the history: zone, events and holidays, from a configuration or by hand.

use config::Event;
use control::{Loaded, left_out, load, occasion, unlearnt};
use documents::{Incident, keys};
use forecasting::{Holiday, Interval, Occasion};
use holidays::Place;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::arguments::{ConfigArguments, KnownArguments};
use crate::chosen::Chosen;
use crate::console::Console;
use crate::failure::{Blame, Done, input};
use crate::moments;
use crate::opened::Opened;

/// What is known beside the history.
#[derive(Debug)]
pub(crate) struct Known {
    /// The zone that rules days and weeks.
    pub(crate) zone: TimeZone,
    chosen: Option<Chosen>,
    country: Option<Place>,
    /// Stretches that were given and must not teach.
    given: Vec<Interval>,
    store: Option<Opened>,
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
        let given = arguments.leave_out.iter().map(|text| stretch(text, &zone));
        let given = given.collect::<Done<Vec<Interval>>>()?;
        let store = arguments.documents().map(|store| Opened::open(&store));
        let store = store.transpose()?;
        Ok(Self {
            zone,
            chosen,
            country,
            given,
            store,
        })
    }

    /// What must not teach a forecast at `now`: what was given, what people left out of the target, and its
    /// incidents, as in the nightly forecast.
    pub(crate) fn left_out(
        &self,
        now: Timestamp,
        console: &mut Console<'_>,
    ) -> Done<Vec<Interval>> {
        let mut all = self.given.clone();
        let (Some(opened), Some(chosen)) = (&self.store, &self.chosen) else {
            return Ok(all);
        };
        let name = &chosen.target.name;
        let days = opened.wait(left_out(&opened.store, name));
        let (days, trouble) = days.failed(|| format!("{}: no answer", opened.name))?;
        all.extend(days);
        let incident = opened.wait(load::<Incident>(&opened.store, &keys::incident(name)));
        let incident = incident.failed(|| format!("{}: no answer", opened.name))?;
        let ignored = match &incident {
            Loaded::Unusable(error, _) => Some(format!("past incidents are ignored: {error}")),
            Loaded::Absent | Loaded::Found(..) => None,
        };
        let (stretches, note) = incident
            .body()
            .map_or_else(Default::default, |incident| unlearnt(incident, now));
        all.extend(stretches);
        for note in [trouble, ignored, note].into_iter().flatten() {
            console.note(&format!("note: {note}"));
        }
        Ok(all)
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

/// The stretch `FROM/TO`.
fn stretch(text: &str, zone: &TimeZone) -> Done<Interval> {
    let Some((from, to)) = text.split_once('/') else {
        return Err(input(format!(
            "--leave-out {text}: write its start and its end, as 2026-01-31/2026-02-01"
        )));
    };
    let [start, end] = [from, to].map(|text| moments::moment("--leave-out", text, zone));
    let (start, end) = (start?, end?);
    if start >= end {
        return Err(input(format!(
            "--leave-out {text}: its end must lie after its start"
        )));
    }
    Ok(Interval { start, end })
}
