//! `forescale report`: the page of a target, or one about all of them and theirs beside it.

use std::path::PathBuf;

use config::Target;
use documents::Pause;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use report::stored::{Documents, target_page};
use report::{Known, Overview, Page, TargetPage, brief, html};

use crate::Console;
use crate::arguments::ReportArguments;
use crate::failure::{Done, input};
use crate::files::Folder;
use crate::kept::{Kept, Store};
use crate::moments;

/// Runs the subcommand.
pub(crate) fn run(arguments: &ReportArguments, console: &mut Console<'_>) -> Done {
    let store = Store::open(&arguments.store, console)?;
    let targets: Vec<&Target> = match &arguments.target {
        Some(name) => vec![store.target(name)?],
        None => store.config.targets.iter().collect(),
    };
    let asked = match &arguments.at {
        Some(text) => Some(moments::moment("--at", text, &TimeZone::UTC)?),
        None => None,
    };
    let files = match targets[..] {
        [target] => {
            console.progress("reading documents");
            let kept = store.read(target, arguments.days, console)?;
            let mut seen = Seen::default();
            seen.add(&kept);
            let at = as_of(asked, &seen)?;
            console.clear();
            one(&kept, store.pause.as_ref(), at, arguments)?
        }
        _ => {
            let at = as_of(asked, &seen(&store, &targets, asked, arguments, console)?)?;
            several(&store, &targets, at, arguments, console)?
        }
    };
    if arguments.dry_run {
        let (folder, _) = Folder::of(&arguments.out, "--out", true)?;
        console.note(&folder.told(&files));
        return Ok(());
    }
    console.line(&arguments.out.display().to_string())
}

/// When documents are from.
#[derive(Debug, Default)]
struct Seen {
    /// When the newest was written.
    newest: Option<Timestamp>,
    /// The earliest forecast, plan or look at a group.
    first: Option<Timestamp>,
}

impl Seen {
    fn add(&mut self, kept: &Kept) {
        self.newest = self.newest.max(kept.newest);
        let forecasts = kept.forecasts.iter().map(|forecast| forecast.start);
        let plan = kept.plan.iter().map(|plan| plan.decided_at);
        let ledger = kept.ledger.iter().map(|entry| entry.at);
        let first = forecasts.chain(plan).chain(ledger).chain(self.first).min();
        self.first = first;
    }
}

/// When the documents of several targets are from, as far as [`as_of`] has to know it. One target is held
/// at a time.
fn seen(
    store: &Store,
    targets: &[&Target],
    asked: Option<Timestamp>,
    arguments: &ReportArguments,
    console: &mut Console<'_>,
) -> Done<Seen> {
    let mut seen = Seen::default();
    for (index, target) in targets.iter().enumerate() {
        console.progress(&format!(
            "reading documents, {} of {}",
            index + 1,
            targets.len()
        ));
        match asked {
            None => seen.newest = seen.newest.max(store.newest(target)?),
            Some(at) => {
                seen.add(&store.quietly(target, arguments.days)?);
                if seen.first.is_some_and(|first| first <= at) {
                    break;
                }
            }
        }
    }
    console.clear();
    Ok(seen)
}

/// When pages are of: as asked for, unless nothing is kept from before then; else the newest document.
fn as_of(asked: Option<Timestamp>, seen: &Seen) -> Done<Timestamp> {
    let Some(at) = asked else {
        return seen.newest.ok_or_else(|| {
            input("nothing is kept yet of any target: run the forecaster and the planner first")
        });
    };
    if seen.first.is_some_and(|first| first > at) {
        let newest = seen.newest.map_or(String::new(), |newest| {
            format!("; the newest is of {newest}")
        });
        return Err(input(format!(
            "--at {at}: no forecast and no plan is kept from before then{newest}"
        )));
    }
    Ok(at)
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

/// The page of one target.
fn one(
    kept: &Kept,
    pause: Option<&Pause>,
    at: Timestamp,
    arguments: &ReportArguments,
) -> Done<Vec<PathBuf>> {
    let (folder, name) = Folder::of(&arguments.out, "--out", arguments.dry_run)?;
    let page = Page {
        title: format!(
            "Forescale: {}, {}",
            kept.target.name,
            at.strftime("%Y-%m-%d")
        ),
        made_at: at,
        overview: None,
        target: shown(kept, pause, at, arguments.days),
    };
    Ok(vec![write(&folder, &name, &html(&page))?])
}

/// The page about all targets, and a page of each in a folder beside it that has its name without the
/// ending. Each target is read, shown and let go of before the next, so that there may be any number.
fn several(
    store: &Store,
    targets: &[&Target],
    at: Timestamp,
    arguments: &ReportArguments,
    console: &mut Console<'_>,
) -> Done<Vec<PathBuf>> {
    let (folder, name) = Folder::of(&arguments.out, "--out", arguments.dry_run)?;
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => format!("{name}-targets"),
    };
    let pages = Folder::make(&folder.path(&stem), arguments.dry_run)?;
    let mut overview = Overview::new(at, &format!("{stem}/TARGET.html"));
    let mut files = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        console.progress(&format!(
            "page of {}, {} of {}",
            target.name,
            index + 1,
            targets.len()
        ));
        let kept = store.read(target, arguments.days, console)?;
        let page = Page {
            title: format!("Forescale: {}", target.name),
            made_at: at,
            overview: Some(format!("../{name}")),
            target: shown(&kept, store.pause.as_ref(), at, arguments.days),
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
    files.insert(0, write(&folder, &name, &overview.html())?);
    Ok(files)
}
