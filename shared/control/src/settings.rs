//! Configuration, events, exclusions and pause, as they stand.

use config::{Config, Occurrence, Refused, Target};
use documents::{Events, LeftOutDays, Pause, keys};
use forecasting::Interval;
use jiff::Timestamp;
use ports::{DocumentStore, PortError};

use crate::ControlError;
use crate::error::chain;
use crate::store::{Loaded, load};

/// What people have laid down.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration, with added events among its own and without targets that are wrong.
    pub config: Config,
    /// The targets that are wrong. Each is reported as failed; the others go on.
    pub refused: Vec<Refused>,
    /// The pause that is in force, if one is.
    pub pause: Option<Pause>,
    /// What could not be read, in plain words; it is reported and the rest goes on.
    pub notes: Vec<String>,
}

impl Settings {
    /// The targets of that name, or all of them for an empty list; those that are wrong are
    /// [`Settings::wrong`].
    ///
    /// # Errors
    /// [`ControlError::NoTarget`].
    pub fn targets(&self, names: &[String]) -> Result<Vec<&Target>, ControlError> {
        if names.is_empty() {
            return Ok(self.config.targets.iter().collect());
        }
        names
            .iter()
            .filter(|name| self.refused(name).is_none())
            .map(|name| {
                self.config.target(name).ok_or_else(|| {
                    let known: Vec<&str> = self
                        .config
                        .targets
                        .iter()
                        .map(|t| t.name.as_str())
                        .collect();
                    ControlError::NoTarget {
                        name: name.clone(),
                        known: known.join(", "),
                    }
                })
            })
            .collect()
    }

    /// The target known as `label` that is wrong.
    #[must_use]
    pub fn refused(&self, label: &str) -> Option<&Refused> {
        self.refused.iter().find(|refused| refused.label == label)
    }

    /// The targets of that name that are wrong, or all of them for an empty list, each with what
    /// is to be said of it.
    pub fn wrong(&self, names: &[String]) -> impl Iterator<Item = (&str, ControlError)> {
        let asked = move |refused: &&Refused| names.is_empty() || names.contains(&refused.label);
        let wrong = self.refused.iter().filter(asked);
        wrong.map(|refused| (refused.label.as_str(), ControlError::wrong(refused)))
    }
}

/// Reads what people have laid down.
///
/// A configuration that is missing or wrong as a whole stops everything: nothing is known then. A
/// target that is wrong by itself is left out and told of. A damaged events document costs its events and is noted. A pause that cannot be read counts as one.
///
/// # Errors
/// [`ControlError`].
pub async fn load_settings(
    store: &impl DocumentStore,
    now: Timestamp,
) -> Result<Settings, ControlError> {
    let port = |source: PortError| ControlError::Port {
        target: "all".to_owned(),
        source,
    };
    let (stored, events, pause) = futures_util::join!(
        store.get(keys::CONFIG),
        load::<Events>(store, keys::EVENTS),
        load::<Pause>(store, keys::PAUSE),
    );
    let bytes = stored
        .map_err(port)?
        .ok_or(ControlError::NoConfig { key: keys::CONFIG })?
        .bytes;
    let text =
        String::from_utf8(bytes).map_err(|_| ControlError::ConfigText { key: keys::CONFIG })?;
    let (mut config, refused) = Config::parse_each(keys::CONFIG, &text)
        .map_err(|source| ControlError::Config { source })?;
    let mut notes = left_aside(&refused);
    match events.map_err(port)? {
        Loaded::Absent => {}
        Loaded::Unusable(error, _) => {
            notes.push(format!("added events are ignored: {}", chain(&error)))
        }
        Loaded::Found(events, _) => {
            for added in &events.body.events {
                match config::parse_event(keys::EVENTS, &added.toml) {
                    Ok(event) => config.events.push(event),
                    Err(error) => {
                        notes.push(format!(
                            "an event added at {} is ignored: {error}",
                            added.added_at
                        ));
                    }
                }
            }
        }
    }
    let pause = match pause.map_err(port)? {
        Loaded::Absent => None,
        Loaded::Found(pause, _) => {
            Some(pause.body).filter(|pause| pause.until.is_none_or(|until| until > now))
        }
        Loaded::Unusable(error, _) => {
            notes.push(format!(
                "the pause cannot be read and counts as one: {}",
                chain(&error)
            ));
            let by = "unknown".to_owned();
            Some(Pause {
                since: now,
                until: None,
                by,
                reason: "the pause document cannot be read".to_owned(),
            })
        }
    };
    Ok(Settings {
        config,
        refused,
        pause,
        notes,
    })
}

/// A sentence for each target that is wrong, the first few of them.
fn left_aside(refused: &[Refused]) -> Vec<String> {
    const TOLD: usize = 5;
    let tell = |refused: &Refused| {
        let errors = refused.errors.to_string().replace('\n', "; ");
        format!("target {} is left out: {errors}", refused.label)
    };
    let mut notes: Vec<String> = refused.iter().take(TOLD).map(tell).collect();
    if let Some(more) = refused.len().checked_sub(TOLD).filter(|more| *more > 0) {
        notes.push(format!("{more} more targets are left out"));
    }
    notes
}

/// Stretches that must not teach the model of `target`, and what could not be read.
///
/// # Errors
/// [`PortError`] when the store does not answer.
pub async fn left_out(
    store: &impl DocumentStore,
    target: &str,
) -> Result<(Vec<Interval>, Option<String>), PortError> {
    Ok(
        match load::<LeftOutDays>(store, &keys::left_out_days(target)).await? {
            Loaded::Absent => (Vec::new(), None),
            Loaded::Unusable(error, _) => (
                Vec::new(),
                Some(format!("days left out are ignored: {}", chain(&error))),
            ),
            Loaded::Found(days, _) => {
                let stretch = |s: &documents::LeftOutStretch| Interval {
                    start: s.start,
                    end: s.end,
                };
                (days.body.stretches.iter().map(stretch).collect(), None)
            }
        },
    )
}

/// What tells one occurrence from every other, for the forecast's list of applied events.
#[must_use]
pub fn occurrence_id(occurrence: &Occurrence) -> String {
    format!("{} at {}", occurrence.name, occurrence.start)
}
