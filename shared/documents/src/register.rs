use std::fmt::Write;

use config::ordered;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::{
    Baseline, Brief, Document, Envelope, Events, Forecast, History, Incident, Lease, LeftOutDays,
    Measurements, Pause, Plan, Record, Released, ShadowLedger, Tuning, Turn, keys,
};

/// One kind of document: where it is, who may write it and who reads it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its kind, as in the envelope.
    pub kind: &'static str,
    /// Its key; `{target}`, `{function}` and `{day}` (a UTC date) stand for what they name.
    pub key: String,
    /// What it holds.
    pub holds: &'static str,
    /// Who writes it.
    pub owner: &'static str,
    /// Who reads it.
    pub readers: &'static str,
    /// Units of its numbers.
    pub units: &'static str,
    /// When a write may happen.
    pub guard: Guard,
    /// How long it is kept.
    pub retention: &'static str,
    /// Newest schema version; `None` for the configuration and for pages, which have no envelope.
    pub schema: Option<u32>,
    make: Option<fn() -> Schema>,
}

/// When a document may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Only where there is none: what is there stays.
    Absent,
    /// Only over what the writer has read: absent where it found none, else that very version.
    AsRead,
    /// Whatever is there.
    Always,
}

impl Guard {
    /// In plain words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "where there is none",
            Self::AsRead => "over what was read",
            Self::Always => "always",
        }
    }
}

impl Entry {
    fn new<B: Document>(key: String, holds: &'static str) -> Self {
        Self {
            kind: B::KIND,
            key,
            holds,
            owner: "",
            readers: "",
            units: "",
            guard: Guard::AsRead,
            retention: KEPT,
            schema: Some(B::SCHEMA),
            make: Some(schema_of::<B>),
        }
    }

    fn owned(self, owner: &'static str, readers: &'static str) -> Self {
        Self {
            owner,
            readers,
            ..self
        }
    }

    fn units(self, units: &'static str) -> Self {
        Self { units, ..self }
    }

    fn daily(self, retention: &'static str) -> Self {
        Self { retention, ..self }
    }

    fn always(self) -> Self {
        let guard = Guard::Always;
        Self { guard, ..self }
    }

    fn once(self) -> Self {
        let (guard, retention) = (Guard::Absent, "one, written once");
        Self {
            guard,
            retention,
            ..self
        }
    }

    /// JSON Schema of the document, envelope included; `None` for the configuration, whose schema
    /// is the config crate's.
    #[must_use]
    pub fn json_schema(&self) -> Option<Schema> {
        self.make.map(|make| make())
    }

    /// Name of the file in `docs/schemas` that holds its JSON Schema.
    #[must_use]
    pub fn schema_file(&self) -> String {
        match self.schema {
            Some(_) => format!("{}.schema.json", self.kind),
            None => "forescale.schema.json".to_owned(),
        }
    }
}

const TARGET: &str = "{target}";
const FUNCTION: &str = "{function}";
const KEPT: &str = "one, replaced in place";
const TOGETHER: &str = "planner and responder, through `reconcile` under the target's lease";
const ALL: &str = "all functions, the command";
const RATE: &str = "requests per minute";

/// Every kind of document there is.
#[must_use]
pub fn register() -> Vec<Entry> {
    let day = |prefix: String| format!("{prefix}{{day}}.json");
    let config = Entry {
        kind: "config",
        key: keys::CONFIG.to_owned(),
        holds: "what people want: targets, limits, events",
        owner: "people, by deployment",
        readers: ALL,
        units: "as the [configuration](configuration.md) tells",
        guard: Guard::Always,
        retention: KEPT,
        schema: None,
        make: None,
    };
    let page = Entry {
        kind: "page",
        key: keys::page(TARGET),
        holds: "a page to look at, HTML, made of the others",
        owner: "forecaster",
        readers: "people",
        units: "as the page says",
        guard: Guard::Always,
        retention: KEPT,
        schema: None,
        make: None,
    };
    let overview = Entry {
        kind: "overview",
        key: keys::OVERVIEW.to_owned(),
        holds: "a page about all targets, HTML, made of their briefs",
        ..page.clone()
    };
    vec![
        config,
        overview,
        page,
        Entry::new::<Brief>(keys::brief(TARGET), "what the overview tells of the target")
            .owned("forecaster", "forecaster")
            .units(RATE)
            .always(),
        Entry::new::<Events>(
            keys::EVENTS.to_owned(),
            "events added beside the configuration's",
        )
        .owned("people, by `forescale event`", ALL)
        .units("as in `[[event]]`"),
        Entry::new::<Pause>(keys::PAUSE.to_owned(), "a pause of everything").owned("people", ALL),
        Entry::new::<History>(keys::history(TARGET), "observed demand, never forgotten")
            .owned("forecaster", ALL)
            .units(RATE),
        Entry::new::<Forecast>(day(keys::forecasts(TARGET)), "demand to come, as quantiles")
            .owned("forecaster", "planner, responder, the command")
            .units(RATE)
            .daily("one a UTC day, in the bucket for 400 days"),
        Entry::new::<Record>(
            keys::record(TARGET),
            "how the forecasts did, and whether they get worse",
        )
        .owned("forecaster", "forecaster, the command")
        .units("shares"),
        Entry::new::<Plan>(
            keys::plan(TARGET),
            "floors in time, and what was written of them",
        )
        .owned(TOGETHER, "planner, responder, the command")
        .units("servers"),
        Entry::new::<Baseline>(
            keys::baseline(TARGET),
            "the group's own limits when adopted",
        )
        .owned(
            "planner, responder, whichever adopts the group",
            "planner, responder, the command",
        )
        .units("servers")
        .once(),
        Entry::new::<Released>(
            keys::released(TARGET),
            "that a group is its own again, and nobody adopts it",
        )
        .owned(
            "people, by `forescale release`; planner, when the stack is deleted",
            "planner, responder, the command",
        )
        .units("servers"),
        Entry::new::<Lease>(
            keys::lease(TARGET),
            "who may change the group at the moment",
        )
        .owned("planner and responder", "planner, responder"),
        Entry::new::<Turn>(
            keys::turn(TARGET, FUNCTION),
            "how far the target has come in one run, where targets come through a queue",
        )
        .owned("planner and forecaster", "planner, forecaster"),
        Entry::new::<Incident>(keys::incident(TARGET), "holds, and alarms decided on")
            .owned("responder", "planner, forecaster, the command")
            .units("servers; requests per minute"),
        Entry::new::<Tuning>(
            keys::tuning(TARGET),
            "how the next minutes follow the last, and what a server is worth",
        )
        .owned("planner", "planner, the command")
        .units("requests per minute; shares; server-minutes"),
        Entry::new::<Measurements>(
            keys::measurements(TARGET),
            "what was measured of the target's servers, and when",
        )
        .owned("planner", "planner, responder, the command")
        .units("requests per minute; shares"),
        Entry::new::<LeftOutDays>(keys::left_out_days(TARGET), "stretches that must not teach")
            .owned("people, by the command", "forecaster"),
        Entry::new::<ShadowLedger>(
            day(keys::ledgers(TARGET)),
            "what shadow mode would have done",
        )
        .owned("planner and responder", "the command")
        .units("servers; requests per minute")
        .daily("one a UTC day, in the bucket for 90 days"),
    ]
}

/// The register as a table in Markdown, as it stands in `docs/documents.md`.
#[must_use]
pub fn register_table() -> String {
    let mut text = String::from(
        "| document | key | holds | written by | read by | units | may be written | kept | schema |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for entry in register() {
        let file = entry.schema_file();
        let schema = match (entry.schema, entry.kind) {
            (Some(version), _) => format!("[version {version}](schemas/{file})"),
            (None, "config") => format!("[TOML](schemas/{file})"),
            (None, _) => "none".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {} | {} | {} | {} | {schema} |",
            entry.kind,
            entry.key,
            entry.holds,
            entry.owner,
            entry.readers,
            entry.units,
            entry.guard.as_str(),
            entry.retention,
        );
    }
    text
}

/// Schema of the whole document, with its kind and version pinned.
fn schema_of<B: Document>() -> Schema {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Envelope<B>>();
    schema.insert("title".to_owned(), Value::from(B::KIND));
    let pins = [
        ("kind", Value::from(B::KIND)),
        ("schema", Value::from(B::SCHEMA)),
    ];
    for (name, value) in pins {
        let property = schema.pointer_mut(&format!("/properties/{name}"));
        if let Some(Value::Object(property)) = property {
            property.insert("const".to_owned(), value);
        }
    }
    ordered(schema)
}
