//! Spikes of real series: demand that stays at twice the day's median or more for ten minutes.

use std::path::{Path, PathBuf};

use diagnosis::{Band, Evidence, Fleet, Track};
use jiff::SignedDuration;
use timeseries::csv::CsvOptions;
use timeseries::{Aggregate, Series};

use super::{MINUTES, minute};

/// Most spikes of one series: a wild one is not to outvote the others.
const MOST: usize = 8;

/// One spike, ten minutes after it began.
#[derive(Debug, Clone)]
pub struct RealSpike {
    pub series: PathBuf,
    /// Whether there is a forecast: 1.7 times the day's median as its upper edge.
    pub known: bool,
    pub now: f64,
    pub evidence: Evidence,
}

/// The spikes of every series in `folder` with steps of five minutes or less, each with and without
/// a forecast; of those only that `chosen` wants, by name.
pub fn spikes(folder: &Path, chosen: impl Fn(&str) -> bool) -> Vec<RealSpike> {
    let options = CsvOptions {
        zone: jiff::tz::TimeZone::UTC,
        aggregate: Aggregate::Mean,
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let Some(file) = chosen(&name)
            .then(|| std::fs::File::open(&path).ok())
            .flatten()
        else {
            continue;
        };
        if let Ok((series, _)) = timeseries::csv::read(file, &options) {
            found.extend(of_series(&path, &series));
        }
    }
    found
}

fn of_series(path: &Path, series: &Series) -> Vec<RealSpike> {
    let step = (series.step().seconds() / 60) as usize;
    let values = series.values();
    let day = 1440 / step.max(1);
    let mut found = Vec::new();
    if step == 0 || step > 5 || values.len() < 2 * day {
        return found;
    }
    let mut next = day;
    for index in day..values.len() {
        let Some(usual) = diagnosis::robust::median(values[index - day..index].iter().copied())
        else {
            continue;
        };
        let fresh = &values[index + 1 - 10_usize.div_ceil(step)..=index];
        let high = usual > 0.0 && fresh.iter().all(|value| *value >= 2.0 * usual);
        if found.len() >= 2 * MOST || index < next || !high {
            continue;
        }
        next = index + day / 8;
        let minutes: Vec<f64> = values[index - day / 6..=index]
            .iter()
            .flat_map(|value| std::iter::repeat_n(*value, step))
            .collect();
        for known in [true, false] {
            found.push(RealSpike {
                series: path.to_owned(),
                known,
                now: values[index],
                evidence: evidence(&minutes, usual, known),
            });
        }
    }
    found
}

/// Ten servers that the usual demand takes seven of.
fn evidence(minutes: &[f64], usual: f64, known: bool) -> Evidence {
    let fleet = Fleet {
        in_service: 10,
        unhealthy: 0,
        booting: 0,
        desired: 10,
        most: 10_000,
        planned: 10,
    };
    let lead = SignedDuration::from_mins(5);
    let mut evidence = Evidence::bare(minute(MINUTES), fleet, usual / 7.0, lead);
    let length = minutes.len();
    evidence.demand = Some(Track::new(minutes.to_vec(), "demand"));
    evidence.band = known.then(|| Band {
        lower: vec![0.5 * usual; length + 60],
        median: vec![usual; length + 60],
        upper: vec![1.7 * usual; length + 60],
        present: length - 1,
    });
    evidence
}
