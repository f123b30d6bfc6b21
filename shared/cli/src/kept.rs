//! The documents of a store, as the functions keep them.

use config::{Config, Target};
use control::{Loaded, load, load_settings};
use documents::{
    Baseline, Document, Forecast, History, Incident, LedgerEntry, LeftOutDays, Measurements, Pause,
    Plan, Record, Released, ShadowLedger, Tuning, keys,
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

/// A store with its configuration, of which one target is read after the other.
#[derive(Debug)]
pub(crate) struct Store {
    opened: Opened,
    pub(crate) config: Config,
    /// The pause that is in force.
    pub(crate) pause: Option<Pause>,
}

impl Store {
    /// Opens what `arguments` name.
    pub(crate) fn open(arguments: &StoreArguments, console: &mut Console<'_>) -> Done<Self> {
        let opened = Opened::open(arguments)?;
        let settings = opened.wait(load_settings(&opened.store, moments::now()));
        let settings =
            settings.input(|| format!("{} holds no usable configuration", opened.name))?;
        for note in &settings.notes {
            console.note(&format!("note: {note}"));
        }
        Ok(Self {
            opened,
            config: settings.config,
            pause: settings.pause,
        })
    }

    /// The target of that name.
    pub(crate) fn target(&self, name: &str) -> Done<&Target> {
        let place = &self.opened.name;
        let target = self.config.target(name);
        target.ok_or_else(|| no_target(&format!("target {name}"), name, place, &self.config))
    }

    /// Everything kept of `target`. Documents from more than `days` before the newest are left out.
    pub(crate) fn read(&self, target: &Target, days: u16, console: &mut Console<'_>) -> Done<Kept> {
        let reader = Reader::new(&self.opened.store, Some(console));
        self.opened.wait(reader.all(target, days))
    }

    /// When the newest document of `target` was written, without notes on those that cannot be used.
    pub(crate) fn newest(&self, target: &Target) -> Done<Option<Timestamp>> {
        let reader = Reader::new(&self.opened.store, None);
        self.opened.wait(reader.written(&target.name))
    }

    /// What people left out of `target`; nothing where that cannot be used, which is told.
    pub(crate) fn left_out(&self, target: &Target, console: &mut Console<'_>) -> Done<LeftOutDays> {
        let mut reader = Reader::new(&self.opened.store, Some(console));
        let key = keys::left_out_days(&target.name);
        let found = self.opened.wait(reader.one::<LeftOutDays>(&key))?;
        Ok(found.unwrap_or_default())
    }

    /// As [`Self::read`], without notes.
    pub(crate) fn quietly(&self, target: &Target, days: u16) -> Done<Kept> {
        let reader = Reader::new(&self.opened.store, None);
        self.opened.wait(reader.all(target, days))
    }
}

/// Reads documents, remembers the newest and tells what cannot be used.
struct Reader<'r, 'c, S> {
    store: &'r S,
    /// Where people are told what cannot be used.
    console: Option<&'r mut Console<'c>>,
    newest: Option<Timestamp>,
    damaged: Vec<String>,
}

impl<'r, 'c, S: DocumentStore> Reader<'r, 'c, S> {
    fn new(store: &'r S, console: Option<&'r mut Console<'c>>) -> Self {
        Self {
            store,
            console,
            newest: None,
            damaged: Vec::new(),
        }
    }

    async fn one<B: Document>(&mut self, key: &str) -> Done<Option<B>> {
        let loaded = load::<B>(self.store, key).await;
        match loaded.failed(|| format!("{key} cannot be read"))? {
            Loaded::Absent => Ok(None),
            Loaded::Unusable(error, _) => {
                if let Some(console) = &mut self.console {
                    console.note(&format!("note: {error}"));
                }
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

    /// When the newest document was written. Of those a day only the last is read.
    async fn written(mut self, name: &str) -> Done<Option<Timestamp>> {
        self.one::<History>(&keys::history(name)).await?;
        self.one::<Plan>(&keys::plan(name)).await?;
        self.one::<Incident>(&keys::incident(name)).await?;
        self.one::<Record>(&keys::record(name)).await?;
        self.one::<Tuning>(&keys::tuning(name)).await?;
        self.one::<Baseline>(&keys::baseline(name)).await?;
        self.one::<Released>(&keys::released(name)).await?;
        self.one::<Measurements>(&keys::measurements(name)).await?;
        self.last::<Forecast>(&keys::forecasts(name)).await?;
        self.last::<ShadowLedger>(&keys::ledgers(name)).await?;
        Ok(self.newest)
    }

    /// Reads the last document under `prefix` that can be used.
    async fn last<B: Document>(&mut self, prefix: &str) -> Done {
        let listed = self.store.list(prefix).await;
        let mut listed = listed.failed(|| format!("{prefix} cannot be listed"))?;
        listed.sort_unstable();
        for key in listed.iter().rev() {
            if self.one::<B>(key).await?.is_some() {
                break;
            }
        }
        Ok(())
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
