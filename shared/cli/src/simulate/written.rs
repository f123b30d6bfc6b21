use std::io::Write;
use std::path::PathBuf;

use replay::Replay;
use serde::Serialize;
use timeseries::Series;

use crate::failure::Done;
use crate::files::Folder;
use crate::output::{number, write_csv};

use super::{Summary, day, page, picture};

/// Writes everything a replay leaves behind, the summary last: where it is, all is.
pub(crate) fn write(
    folder: &Folder,
    replay: &Replay,
    summary: &Summary,
    demand: &Series,
) -> Done<Vec<PathBuf>> {
    let mut files = vec![
        folder.write("timeline.csv", |file| timeline(file, replay))?,
        folder.write("actions.csv", |file| actions(file, replay))?,
    ];
    if let Some(day) = day::busiest(replay) {
        let drawing = picture::draw(&day)?;
        files.push(folder.write("day.svg", |file| Ok(file.write_all(drawing.as_bytes())?))?);
    }
    let report = report::html(&page::page(replay, summary, demand));
    files.push(folder.write("report.html", |file| Ok(file.write_all(report.as_bytes())?))?);
    files.push(folder.write("summary.json", |file| pretty(file, summary))?);
    Ok(files)
}

fn pretty(file: &mut dyn Write, value: &impl Serialize) -> Done {
    serde_json::to_writer_pretty(&mut *file, value)?;
    writeln!(file)?;
    Ok(())
}

fn timeline(file: &mut dyn Write, replay: &Replay) -> Done {
    let header = [
        "timestamp",
        "demand",
        "capacity_required",
        "min_size",
        "desired_capacity",
        "in_service",
    ];
    let rows = replay.records.iter().map(|record| {
        vec![
            record.at.to_string(),
            number(record.demand),
            record.required.to_string(),
            record.min_size.to_string(),
            record.desired_capacity.to_string(),
            record.in_service.to_string(),
        ]
    });
    write_csv(file, &header, rows)
}

fn actions(file: &mut dyn Write, replay: &Replay) -> Done {
    let header = [
        "decided_at",
        "effective_at",
        "source",
        "min_size",
        "desired_capacity",
        "max_size",
        "reason",
    ];
    let size = |size: Option<u32>| size.map_or_else(String::new, |size| size.to_string());
    let rows = replay.changes.iter().map(|change| {
        vec![
            change.decided_at.to_string(),
            change.effective_at.to_string(),
            change.source.to_string(),
            size(change.min_size),
            size(change.desired_capacity),
            size(change.max_size),
            change.reason.clone(),
        ]
    });
    write_csv(file, &header, rows)
}
