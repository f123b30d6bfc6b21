//! `forescale report`: the page of a target, or one about all of them and theirs beside it.

use std::path::PathBuf;

use documents::Pause;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use report::stored::{Documents, target_page};
use report::{Known, Overview, Page, TargetPage, brief, html};

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
    console.clear();
    let (folder, name) = Folder::of(&arguments.out, "--out", arguments.dry_run)?;
    let files = match store.targets.as_slice() {
        [one] => {
            let page = Page {
                title: format!(
                    "Forescale: {}, {}",
                    one.target.name,
                    at.strftime("%Y-%m-%d")
                ),
                made_at: at,
                overview: None,
                target: shown(one, store.pause.as_ref(), at, arguments.days),
            };
            vec![write(&folder, &name, &html(&page))?]
        }
        several => all(
            several,
            store.pause.as_ref(),
            at,
            arguments,
            &folder,
            &name,
            console,
        )?,
    };
    if arguments.dry_run {
        console.note(&folder.told(&files));
        return Ok(());
    }
    console.line(&arguments.out.display().to_string())
}

fn write(folder: &Folder, name: &str, page: &str) -> Done<PathBuf> {
    folder.write(name, |file| Ok(file.write_all(page.as_bytes())?))
}

fn shown(kept: &Kept, pause: Option<&Pause>, at: Timestamp, days: u16) -> TargetPage {
    let documents = Documents {
        name: &kept.target.name,
        zone: &kept.target.zone,
        throughput: Some(kept.target.throughput.assumed()),
        history: kept.history.as_ref(),
        forecasts: &kept.forecasts,
        plan: kept.plan.as_ref(),
        pause,
        incident: kept.incident.as_ref(),
        record: kept.record.as_ref(),
        ledger: &kept.ledger,
    };
    target_page(&documents, at, days)
}

/// The page about all targets as `name`, and a page of each in a folder beside it that has its name
/// without the ending.
fn all(
    targets: &[Kept],
    pause: Option<&Pause>,
    at: Timestamp,
    arguments: &ReportArguments,
    folder: &Folder,
    name: &str,
    console: &mut Console<'_>,
) -> Done<Vec<PathBuf>> {
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => format!("{name}-targets"),
    };
    let pages = Folder::make(&folder.path(&stem), arguments.dry_run)?;
    let mut overview = Overview::new(at, &format!("{stem}/TARGET.html"));
    let mut files = Vec::new();
    for kept in targets {
        let target = &kept.target;
        console.progress(&format!("page of {}", target.name));
        let page = Page {
            title: format!("Forescale: {}", target.name),
            made_at: at,
            overview: Some(format!("../{name}")),
            target: shown(kept, pause, at, arguments.days),
        };
        let brief = brief(&page.target, target.mode.name(), at);
        let known = match kept.newest {
            Some(newest) => Known::Brief(&brief, newest),
            None => Known::Nothing,
        };
        let file = format!("{}.html", target.name);
        overview.add(&target.name, &format!("{stem}/{file}"), known);
        if kept.newest.is_some() {
            files.push(write(&pages, &file, &html(&page))?);
        }
    }
    console.clear();
    // The overview last: what it leads to is there.
    files.insert(0, write(folder, name, &overview.html())?);
    Ok(files)
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
