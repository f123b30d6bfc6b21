//! `forescale doctor`: what is wrong with a set-up.

mod gather;
mod images;
mod told;

use control::{load, load_settings};
use doctor::{Facts, Report, Seen, Severity, examine};
use documents::{History, Plan, keys};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use local::{Account, CsvMetrics, SimulatedGroupPort, VirtualClock};
use simulation::{GroupSpec, SimulatedGroup};

use crate::Console;
use crate::arguments::{DoctorArguments, FailOn, WordsFormat};
use crate::failure::{Blame, Done, Failure};
use crate::opened::Opened;
use crate::{moments, near};
use gather::{Sources, gather};

/// Runs the subcommand.
pub(crate) fn run(arguments: &DoctorArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let given = match &arguments.at {
        Some(text) => Some(moments::moment("--at", text, &TimeZone::UTC)?),
        None => None,
    };
    console.progress("looking");
    let facts = facts(arguments, &opened, given, console)?;
    console.clear();
    if let Some(name) = &arguments.target
        && facts.config_problems.is_empty()
        && facts.targets.is_empty()
    {
        let settings = opened.wait(control::load_settings(&opened.store, moments::now()));
        let settings =
            settings.input(|| format!("{} holds no usable configuration", opened.name))?;
        let said = format!("target {name}");
        return Err(near::no_target(&said, name, &opened.name, &settings.config));
    }
    let report = examine(&facts);
    match arguments.format {
        WordsFormat::Table => told::table(console, &facts, &report, arguments.utc)?,
        WordsFormat::Json => told::json(console, &facts, &report)?,
    }
    if failed(&report, arguments.fail_on) {
        console.finish()?;
        return Err(Failure::Found);
    }
    Ok(())
}

fn failed(report: &Report, from: FailOn) -> bool {
    let from = match from {
        FailOn::Note => Severity::Note,
        FailOn::Warning => Severity::Warning,
        FailOn::Error => Severity::Error,
        FailOn::Never => return false,
    };
    report.worst().is_some_and(|worst| worst >= from)
}

#[cfg(feature = "aws")]
fn facts(
    arguments: &DoctorArguments,
    opened: &Opened,
    given: Option<Timestamp>,
    console: &mut Console<'_>,
) -> Done<Facts> {
    let Some(url) = &arguments.store.bucket else {
        return simulated(arguments, opened, given, console);
    };
    let rest = url.strip_prefix("s3://").unwrap_or(url);
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = match prefix.trim_matches('/') {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let now = given.unwrap_or_else(moments::now);
    opened.wait(async {
        let sdk = crate::account::connect(url).await?;
        let sources = Sources {
            store: &opened.store,
            metrics: &aws::CloudWatchMetrics::new(&sdk),
            groups: &aws::Fleets::new(&sdk),
            account: &aws::AccountSurvey::new(&sdk, Some(&arguments.stack)),
            bucket: Some((bucket, &prefix)),
        };
        Ok(gather(&sources, arguments.target.as_deref(), now).await)
    })
}

#[cfg(not(feature = "aws"))]
fn facts(
    arguments: &DoctorArguments,
    opened: &Opened,
    given: Option<Timestamp>,
    console: &mut Console<'_>,
) -> Done<Facts> {
    simulated(arguments, opened, given, console)
}

/// A folder of documents, groups as configured, demand as the history has it, and no account.
fn simulated(
    arguments: &DoctorArguments,
    opened: &Opened,
    given: Option<Timestamp>,
    console: &mut Console<'_>,
) -> Done<Facts> {
    let settings = opened.wait(load_settings(&opened.store, Timestamp::MAX));
    let targets = settings.map_or_else(|_| Vec::new(), |settings| settings.config.targets);
    let mut newest = None;
    for target in &targets {
        let plan = opened.wait(load::<Plan>(&opened.store, &keys::plan(&target.name)));
        let plan = plan.failed(|| "a plan cannot be read")?;
        if let control::Loaded::Found(envelope, _) = plan {
            newest = newest.max(Some(envelope.written_at));
        }
    }
    let now = given.or(newest).unwrap_or_else(moments::now);
    let clock = VirtualClock::new(now);
    let mut metrics = CsvMetrics::new(clock.clone());
    let mut groups = Vec::new();
    for target in &targets {
        let history = opened.wait(load::<History>(&opened.store, &keys::history(&target.name)));
        let history = history.failed(|| "a history cannot be read")?;
        if let Some(history) = history.body()
            && let Ok(series) = control::demand_series(history, timeseries::Step::FIVE_MINUTES)
        {
            metrics = metrics.with(control::metric_name(&target.demand), series);
        }
        let spec = GroupSpec::new(
            target.group.clone(),
            target.min_servers,
            target.min_servers,
            target.max_servers,
        );
        groups.push(SimulatedGroup::new(spec, now).input(|| format!("target {}", target.name))?);
    }
    if !groups.is_empty() {
        console.note(&format!(
            "as of {now}; groups are simulated as configured: give --bucket for real ones"
        ));
    }
    let sources = Sources {
        store: &opened.store,
        metrics: &metrics,
        groups: &SimulatedGroupPort::new(groups, &clock),
        account: &Account::default(),
        bucket: None,
    };
    let mut facts = opened.wait(gather(&sources, arguments.target.as_deref(), now));
    for target in &mut facts.targets {
        // What minutes there were, the archive does not tell.
        if target.demand.known().is_some_and(|seen| seen.fives > 0) {
            let why = "a folder keeps demand by five minutes";
            target.demand = Seen::Unknown(why.to_owned());
        }
    }
    Ok(facts)
}
