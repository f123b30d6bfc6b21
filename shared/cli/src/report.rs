//! `forescale report`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use report::stored::{Documents, target_page};
use report::{Page, html};

use crate::Console;
use crate::arguments::ReportArguments;
use crate::failure::{Done, input};
use crate::files::Folder;
use crate::kept::Kept;
use crate::{kept, moments};

/// Runs the subcommand.
pub(crate) fn run(arguments: &ReportArguments, console: &mut Console<'_>) -> Done {
    console.progress("reading documents");
    let target = arguments.target.as_deref();
    let store = kept::read(&arguments.store, target, arguments.days, console)?;
    let newest = store.targets.iter().filter_map(|kept| kept.newest).max();
    let at = match &arguments.at {
        Some(text) => moments::moment("--at", text, &TimeZone::UTC)?,
        None => newest.ok_or_else(|| {
            input("nothing is kept yet of any target: run the forecaster and the planner first")
        })?,
    };
    if arguments.at.is_some() && none_by(&store.targets, at) {
        let newest = newest.map_or(String::new(), |newest| {
            format!("; the newest is of {newest}")
        });
        return Err(input(format!(
            "--at {at}: no forecast and no plan is kept from before then{newest}"
        )));
    }
    let targets = store.targets.iter().map(|kept| {
        let documents = Documents {
            name: &kept.target.name,
            zone: &kept.target.zone,
            throughput: Some(kept.target.throughput.assumed()),
            history: kept.history.as_ref(),
            forecasts: &kept.forecasts,
            plan: kept.plan.as_ref(),
            incident: kept.incident.as_ref(),
            record: kept.record.as_ref(),
            ledger: &kept.ledger,
        };
        target_page(&documents, at, arguments.days)
    });
    let page = Page {
        title: title(arguments.target.as_deref(), at),
        made_at: at,
        targets: targets.collect(),
    };
    console.clear();
    let (folder, name) = Folder::of(&arguments.out, "--out", arguments.dry_run)?;
    let text = html(&page);
    let written = folder.write(&name, |file| Ok(file.write_all(text.as_bytes())?))?;
    if arguments.dry_run {
        console.note(&folder.told(&[written]));
        return Ok(());
    }
    console.line(&arguments.out.display().to_string())
}

/// Whether all that is kept of forecasts and plans is from after `at`.
fn none_by(targets: &[Kept], at: Timestamp) -> bool {
    let mut moments = (targets.iter()).flat_map(|kept| {
        let forecasts = kept.forecasts.iter().map(|forecast| forecast.start);
        let plan = kept.plan.iter().map(|plan| plan.decided_at);
        let ledger = kept.ledger.iter().map(|entry| entry.at);
        forecasts.chain(plan).chain(ledger)
    });
    moments.clone().next().is_some() && moments.all(|moment| moment > at)
}

fn title(target: Option<&str>, at: Timestamp) -> String {
    let day = at.strftime("%Y-%m-%d");
    match target {
        Some(target) => format!("Forescale: {target}, {day}"),
        None => format!("Forescale: all targets, {day}"),
    }
}
