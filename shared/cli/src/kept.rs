//! The documents of a store, as the functions keep them.

use config::{Config, Target};
use control::{Loaded, load, load_settings};
use documents::{
    Baseline, Document, Forecast, History, Incident, LedgerEntry, Measurements, Pause, Plan,
    Record, Released, ShadowLedger, Tuning, keys,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ports::DocumentStore;

use crate::Console;
use crate::arguments::StoreArguments;
use crate::failure::{Blame, Done};
use crate::moments;
use crate::near::no_target;
use crate::opened::Opened;

/// Everything kept of one target.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) target: Target,
    pub(crate) history: Option<History>,
    /// Oldest first.
    pub(crate) forecasts: Vec<Forecast>,
    pub(crate) plan: Option<Plan>,
    pub(crate) incident: Option<Incident>,
    pub(crate) record: Option<Record>,
    pub(crate) tuning: Option<Tuning>,
    pub(crate) baseline: Option<Baseline>,
    /// That the group was given back.
    pub(crate) released: Option<Released>,
    pub(crate) measurements: Option<Measurements>,
    /// Oldest first.
    pub(crate) ledger: Vec<LedgerEntry>,
    /// When the newest of them was written.
    pub(crate) newest: Option<Timestamp>,
    /// Keys of documents that are there and cannot be used.
    pub(crate) damaged: Vec<String>,
}

/// The configuration in a store, and what is kept of the targets asked for.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) config: Config,
    /// The pause that is in force.
    pub(crate) pause: Option<Pause>,
    pub(crate) targets: Vec<Kept>,
}

/// Reads what is kept of `target`, or of all. Documents from more than `days` before the newest are
/// left out.
pub(crate) fn read(
    arguments: &StoreArguments,
    target: Option<&str>,
    days: u16,
    console: &mut Console<'_>,
) -> Done<Store> {
    let opened = Opened::open(arguments)?;
    opened.wait(gather(&opened.store, &opened.name, target, days, console))
}

async fn gather(
    store: &impl DocumentStore,
    name: &str,
    target: Option<&str>,
    days: u16,
    console: &mut Console<'_>,
) -> Done<Store> {
    let settings = load_settings(store, moments::now()).await;
    let settings = settings.input(|| format!("{name} holds no usable configuration"))?;
    for note in &settings.notes {
        console.note(&format!("note: {note}"));
    }
    let (config, pause) = (settings.config, settings.pause);
    let chosen: Vec<&Target> = match target {
        None => config.targets.iter().collect(),
        Some(wanted) => vec![
            config
                .target(wanted)
                .ok_or_else(|| no_target(&format!("target {wanted}"), wanted, name, &config))?,
        ],
    };
    let mut targets = Vec::new();
    for target in chosen {
        targets.push(
            Reader {
                store,
                console,
                newest: None,
                damaged: Vec::new(),
            }
            .all(target, days)
            .await?,
        );
    }
    Ok(Store {
        config,
        pause,
        targets,
    })
}

/// Reads documents, remembers the newest and tells what cannot be used.
struct Reader<'r, 'c, S> {
    store: &'r S,
    console: &'r mut Console<'c>,
    newest: Option<Timestamp>,
    damaged: Vec<String>,
}

impl<S: DocumentStore> Reader<'_, '_, S> {
    async fn one<B: Document>(&mut self, key: &str) -> Done<Option<B>> {
        let loaded = load::<B>(self.store, key).await;
        match loaded.failed(|| format!("{key} cannot be read"))? {
            Loaded::Absent => Ok(None),
            Loaded::Unusable(error, _) => {
                self.console.note(&format!("note: {error}"));
                self.damaged.push(key.to_owned());
                Ok(None)
            }
            Loaded::Found(envelope, _) => {
                self.newest = self.newest.max(Some(envelope.written_at));
                Ok(Some(envelope.body))
            }
        }
    }

    /// The documents of the last `days` days under `prefix`, oldest first.
    async fn daily<B: Document>(&mut self, prefix: &str, days: u16) -> Done<Vec<B>> {
        let listed = self.store.list(prefix).await;
        let listed = listed.failed(|| format!("{prefix} cannot be listed"))?;
        let since = self.newest.map(|newest| {
            let back = SignedDuration::from_hours(24 * (i64::from(days) + 1));
            let since = newest.saturating_sub(back).unwrap_or(Timestamp::MIN);
            TimeZone::UTC.to_datetime(since).date()
        });
        let mut found = Vec::new();
        for key in listed {
            if since.is_some() && keys::day_of(&key) < since {
                continue;
            }
            found.extend(self.one(&key).await?);
        }
        Ok(found)
    }

    async fn all(mut self, target: &Target, days: u16) -> Done<Kept> {
        let name = target.name.as_str();
        let history = self.one(&keys::history(name)).await?;
        let plan = self.one(&keys::plan(name)).await?;
        let incident = self.one(&keys::incident(name)).await?;
        let record = self.one(&keys::record(name)).await?;
        let tuning = self.one(&keys::tuning(name)).await?;
        let baseline = self.one(&keys::baseline(name)).await?;
        let released = self.one(&keys::released(name)).await?;
        let measurements = self.one(&keys::measurements(name)).await?;
        let mut forecasts: Vec<Forecast> = self.daily(&keys::forecasts(name), days).await?;
        forecasts.sort_by_key(|forecast| forecast.start);
        let ledgers: Vec<ShadowLedger> = self.daily(&keys::ledgers(name), days).await?;
        let mut ledger: Vec<LedgerEntry> = ledgers
            .into_iter()
            .flat_map(|ledger| ledger.entries)
            .collect();
        ledger.sort_by_key(|entry| entry.at);
        Ok(Kept {
            target: target.clone(),
            history,
            forecasts,
            plan,
            incident,
            record,
            tuning,
            baseline,
            released,
            measurements,
            ledger,
            newest: self.newest,
            damaged: self.damaged,
        })
    }
}
