//! `forescale plan`.

use documents::{Forecast, Plan, decode, in_zone, keys};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use local::{
    CsvMetrics, DirectoryStore, MemoryStore, RecordingNotifier, SimulatedGroupPort, VirtualClock,
};
use pollster::block_on;
use ports::{Condition, DocumentStore};
use serde_json::json;
use simulation::alternatives::by_minute;
use simulation::{GroupSpec, SimulatedGroup, TargetTracking, required_servers};
use timeseries::Series;

use crate::Console;
use crate::arguments::{Format, PlanArguments};
use crate::chosen::Chosen;
use crate::demand;
use crate::failure::{Blame, Done, input};
use crate::moments;
use crate::output::{self, Side, counted};

/// Runs the subcommand.
pub(crate) fn run(arguments: &PlanArguments, console: &mut Console<'_>) -> Done {
    let chosen = Chosen::read(&arguments.config)?;
    let zone = chosen.target.zone.clone();
    let demand = demand::read(&arguments.history, zone.clone(), console)?;
    let at = match &arguments.at {
        Some(text) => moments::moment("--at", text, &zone)?,
        None => demand.series.end(),
    };
    let said = arguments.at.clone().unwrap_or_else(|| at.to_string());
    demand.reaches(&said, at, chosen.target.training_days)?;
    console.progress("forecasting and planning");
    let planned = match &arguments.store {
        // Nor is the directory made.
        Some(directory) if arguments.dry_run && !directory.exists() => {
            planned(&chosen, &demand.series, at, &MemoryStore::new())?
        }
        Some(directory) => {
            let store = DirectoryStore::open(directory).input(|| {
                format!(
                    "{} cannot be a store: give --store a directory that can be written to",
                    directory.display()
                )
            })?;
            if arguments.dry_run {
                planned(&chosen, &demand.series, at, &copied(&store)?)?
            } else {
                planned(&chosen, &demand.series, at, &store)?
            }
        }
        None => planned(&chosen, &demand.series, at, &MemoryStore::new())?,
    };
    console.clear();
    if arguments.dry_run {
        console.note("dry run: nothing was written");
    }
    match arguments.format {
        Format::Csv => csv(console, &chosen, &planned),
        Format::Json => json(console, &chosen, &planned),
        Format::Table => {
            let zone = if arguments.utc { TimeZone::UTC } else { zone };
            table(console, &chosen, &planned, &zone)
        }
    }
}

/// The documents of `store` in memory, for a run that leaves it as it is.
fn copied(store: &DirectoryStore) -> Done<MemoryStore> {
    let copy = MemoryStore::new();
    let keys = block_on(store.list("")).failed(|| "the store cannot be listed")?;
    for key in keys {
        let stored = block_on(store.get(&key)).failed(|| format!("{key} cannot be read"))?;
        if let Some(stored) = stored {
            block_on(copy.put(&key, &stored.bytes, Condition::Always))
                .failed(|| format!("{key} cannot be copied"))?;
        }
    }
    Ok(copy)
}

/// What the handlers came to.
struct Planned {
    plan: Plan,
    model: String,
    at: Timestamp,
    notes: Vec<String>,
}

/// Runs forecaster and planner at `at`.
fn planned<S: DocumentStore>(
    chosen: &Chosen,
    demand: &Series,
    at: Timestamp,
    store: &S,
) -> Done<Planned> {
    let target = &chosen.target;
    let text = chosen.shadowed().ok_or_else(|| {
        input(format!(
            "{}: the table of target {} is not found; write it as [[target]]",
            chosen.file, target.name
        ))
    })?;
    block_on(store.put(keys::CONFIG, text.as_bytes(), Condition::Always))
        .failed(|| "the store refuses the configuration")?;
    let clock = VirtualClock::new(at);
    let demand = by_minute(demand);
    let group = group(chosen, &demand, at)?;
    let groups = SimulatedGroupPort::new([group], &clock);
    let metrics = CsvMetrics::new(clock.clone()).with(control::metric_name(&target.demand), demand);
    let notifier = RecordingNotifier::new();
    let world = control::World {
        store,
        metrics: &metrics,
        groups: &groups,
        notifier: &notifier,
        clock: &clock,
    };
    let targets = vec![target.name.clone()];
    let nightly = forecaster::Request {
        targets: targets.clone(),
        again: true,
        scheduled: None,
    };
    let mut notes = Vec::new();
    let forecast = block_on(forecaster::handle(nightly, &world))
        .failed(|| format!("no forecast for {}", target.name))?;
    let hourly = planner::Request {
        targets: targets.clone(),
        scheduled: None,
    };
    let response = block_on(planner::handle(hourly, &world))
        .failed(|| format!("no plan for {}", target.name))?;
    // The forecaster's page knows the plan before this one, and of a first run none.
    let paged = block_on(forecaster::pages(&world, &targets))
        .failed(|| format!("no page for {}", target.name))?;
    let reports = forecast.targets.iter().skip(1).chain(&response.targets);
    for note in reports
        .flat_map(|report| &report.notes)
        .chain(&response.notes)
        .chain(&paged)
    {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let plan: Plan = document(store, &keys::plan(&target.name))?;
    let start = target.step.floor(at);
    let forecast: Forecast = document(store, &keys::forecast(&target.name, start))?;
    for note in &forecast.notes {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let model = forecast.model;
    Ok(Planned {
        plan,
        model,
        at,
        notes,
    })
}

fn document<S: DocumentStore, B: documents::Document>(store: &S, key: &str) -> Done<B> {
    let stored = block_on(store.get(key)).failed(|| format!("{key} cannot be read"))?;
    let stored = stored.ok_or_else(|| input(format!("{key} was not written")))?;
    let envelope = decode::<B>(key, &stored.bytes).failed(|| format!("{key} cannot be used"))?;
    Ok(envelope.body)
}

/// The group as configured, with the servers that present demand needs.
fn group(chosen: &Chosen, demand: &Series, at: Timestamp) -> Done<SimulatedGroup> {
    let target = &chosen.target;
    let simulation = &target.simulation;
    let before = demand.between(Timestamp::MIN, at);
    let present = before.values().iter().rev().find(|value| !value.is_nan());
    let needed = required_servers(present.copied().unwrap_or(0.0), target.throughput.assumed());
    let initial = simulation.initial_servers.unwrap_or(needed);
    let mut spec = GroupSpec::new(
        target.group.clone(),
        target.min_servers,
        initial.clamp(target.min_servers, target.max_servers),
        target.max_servers,
    );
    spec.boot = simulation.boot;
    spec.boot_spread = simulation.boot_spread;
    spec.seed = simulation.seed;
    spec.reactive = simulation.reactive.as_ref().map(|policy| TargetTracking {
        utilization: policy.utilization,
        scales_in: policy.scales_in,
    });
    SimulatedGroup::new(spec, at).input(|| format!("{}: target {}", chosen.file, target.name))
}

/// One change of MinSize.
struct Row<'a> {
    start: Timestamp,
    servers: u32,
    change: i64,
    reason: &'a str,
}

fn rows(planned: &Planned) -> Vec<Row<'_>> {
    let mut before = planned.plan.found_min_size;
    let floors = planned.plan.floors.iter();
    floors
        .map(|floor| {
            let change = i64::from(floor.servers) - i64::from(before);
            before = floor.servers;
            Row {
                start: floor.start,
                servers: floor.servers,
                change,
                reason: &floor.reason,
            }
        })
        .collect()
}

fn csv(console: &mut Console<'_>, chosen: &Chosen, planned: &Planned) -> Done {
    let header = [
        "start",
        "local_start",
        "servers",
        "min_size_change",
        "reason",
    ];
    let cells = rows(planned).into_iter().map(|row| {
        vec![
            row.start.to_string(),
            chosen.target.zone.to_datetime(row.start).to_string(),
            row.servers.to_string(),
            row.change.to_string(),
            row.reason.to_owned(),
        ]
    });
    output::csv(console, &header, cells)
}

fn json(console: &mut Console<'_>, chosen: &Chosen, planned: &Planned) -> Done {
    let steps: Vec<_> = rows(planned)
        .into_iter()
        .map(|row| {
            json!({
                "start": row.start,
                "local_start": chosen.target.zone.to_datetime(row.start),
                "servers": row.servers,
                "min_size_change": row.change,
                "reason": row.reason,
            })
        })
        .collect();
    let document = json!({
        "target": chosen.target.name,
        "group": chosen.target.group,
        "at": planned.at,
        "timezone": chosen.target.zone.iana_name().unwrap_or("UTC"),
        "model": planned.model,
        "min_size": planned.plan.found_min_size,
        "steps": steps,
        "scheduled_actions": planned.plan.actions.len(),
        "expires_at": planned.plan.expires_at,
        "notes": planned.notes,
    });
    output::json(console, &document)
}

fn table(console: &mut Console<'_>, chosen: &Chosen, planned: &Planned, zone: &TimeZone) -> Done {
    let target = &chosen.target;
    let name = zone.iana_name().unwrap_or("UTC");
    let local = format!("start ({name})");
    let utc = name == "UTC";
    let mut columns = vec![(local.as_str(), Side::Left)];
    if !utc {
        columns.push(("UTC", Side::Left));
    }
    columns.extend([
        ("MinSize", Side::Right),
        ("change", Side::Right),
        ("reason", Side::Left),
    ]);
    let cells: Vec<Vec<String>> = rows(planned)
        .into_iter()
        .map(|row| {
            let local = zone.to_datetime(row.start);
            let mut cells = vec![local.strftime("%a %Y-%m-%d %H:%M").to_string()];
            if !utc {
                cells.push(row.start.strftime("%H:%MZ").to_string());
            }
            cells.push(row.servers.to_string());
            cells.push(if row.change == 0 {
                "=".to_owned()
            } else {
                format!("{:+}", row.change)
            });
            cells.push(in_zone(row.reason, zone));
            cells
        })
        .collect();
    output::narrowing(console, &columns, &cells, &["UTC"])?;
    let actions = counted(planned.plan.actions.len() as u64, "scheduled action");
    console.note(&format!(
        "{}: {actions} for group {}, forecast by {}; shadow: nothing was written \
         to any group",
        target.name, target.group, planned.model
    ));
    for note in &planned.notes {
        console.note(&format!("note: {}", in_zone(note, zone)));
    }
    Ok(())
}
