//! Scores days around public holidays, with the holidays known and without.
//!
//! ```sh
//! FORESCALE_SERIES=folder cargo run --release -p forecasting --example holidays -- NAME=CODE@ZONE ...
//! ```
//!
//! Each series of the folder (see the example `bench`) is forecast at every local midnight that
//! begins a holiday, a day beside one, or the day after that, from three weeks of history on. The
//! figures are shares of demand: absolute error of the median (WAPE), and mean weighted quantile
//! loss at 0.5, 0.9, 0.95 and 0.99.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints and reads its folder from the environment"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use ::holidays::Place;
use forecasting::{ForecastRequest, Holiday, forecast};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use timeseries::{Aggregate, Series, Step, csv};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// Levels that are scored, and where the forecast carries them.
const SCORED: [(f64, usize); 4] = [(0.5, 2), (0.9, 4), (0.95, 5), (0.99, 6)];

#[derive(Default, Clone, Copy)]
struct Sums {
    demand: f64,
    error: f64,
    loss: f64,
    covered: f64,
    count: f64,
}

fn main() -> Fallible<()> {
    let folder = std::env::var("FORESCALE_SERIES").map_err(|_| "set FORESCALE_SERIES")?;
    let mut total: BTreeMap<&str, Vec<[f64; 4]>> = BTreeMap::new();
    for argument in std::env::args().skip(1) {
        let (name, place) = argument.split_once('=').ok_or("NAME=CODE@ZONE")?;
        let (code, zone) = place.split_once('@').ok_or("NAME=CODE@ZONE")?;
        let (place, zone) = (Place::find(code)?, TimeZone::get(zone)?);
        let history = load(Path::new(&folder), name)?;
        let scores = run(&history, place, &zone, name)?;
        for (sort, [without, with]) in scores {
            let share = |sums: &Sums| [sums.error / sums.demand, sums.loss / sums.demand];
            let ([before, loss_before], [after, loss_after]) = (share(&without), share(&with));
            println!(
                "{name:22} {sort:8} {:4.0} days WAPE {before:.3} -> {after:.3} wQL {loss_before:.3} -> {loss_after:.3} P95 {:.2} -> {:.2}",
                without.count / 24.0,
                without.covered / without.count,
                with.covered / with.count,
            );
            total
                .entry(sort)
                .or_default()
                .push([before, after, loss_before, loss_after]);
        }
    }
    for (sort, rows) in total {
        let median = |column: usize| {
            let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
            values.sort_by(f64::total_cmp);
            f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
        };
        println!(
            "== {sort:8} median of {} series: WAPE {:.3} -> {:.3} wQL {:.3} -> {:.3}",
            rows.len(),
            median(0),
            median(1),
            median(2),
            median(3)
        );
    }
    Ok(())
}

fn load(folder: &Path, name: &str) -> Fallible<Series> {
    let options = csv::CsvOptions {
        zone: TimeZone::UTC,
        aggregate: Aggregate::Mean,
    };
    let file = std::fs::File::open(folder.join(format!("{name}.csv")))?;
    Ok(csv::read(file, &options)?.0.resample(Step::HOUR)?)
}

fn run(
    history: &Series,
    place: Place,
    zone: &TimeZone,
    name: &str,
) -> Fallible<BTreeMap<&'static str, [Sums; 2]>> {
    let (first, last) = (
        zone.to_datetime(history.start()).date(),
        zone.to_datetime(history.end()).date(),
    );
    let known = Holiday::kept(place, zone, history.start(), history.end());
    let mut scores = BTreeMap::new();
    let mut day = first.checked_add(21.days())?;
    while day < last {
        let near = |days: i64| {
            known
                .iter()
                .any(|one| day.checked_add(days.days()).ok() == Some(one.date))
        };
        let sort = match (near(0), near(1) || near(-1), near(-2) || near(-7)) {
            (true, ..) => Some("holiday"),
            (_, true, _) => Some("beside"),
            (.., true) => Some("later"),
            _ => None,
        };
        if let Some(sort) = sort {
            let cutoff = day.to_zoned(zone.clone())?.timestamp();
            for (place, holidays) in [&[][..], &known].into_iter().enumerate() {
                let prediction = forecast(&ForecastRequest {
                    history,
                    cutoff,
                    step: Step::HOUR,
                    horizon_steps: 24,
                    zone,
                    training_days: 56,
                    occasions: &[],
                    holidays,
                    left_out: &[],
                });
                let Ok(prediction) = prediction else { continue };
                let mut own = Sums::default();
                for (step, row) in prediction.forecast.rows.iter().enumerate() {
                    let at = cutoff + SignedDuration::from_hours(i64::try_from(step)?);
                    let Some(actual) = history.at(at) else {
                        continue;
                    };
                    own.demand += actual;
                    own.error += (actual - row[2]).abs();
                    own.count += 1.0;
                    own.covered += f64::from(actual <= row[5]);
                    for (level, column) in SCORED {
                        let over = actual - row[column];
                        own.loss += 0.5 * (level * over).max((level - 1.0) * over);
                    }
                }
                if std::env::var("FORESCALE_DETAIL").is_ok() {
                    println!(
                        "  {name} {day} {sort} {} {:.3} {:?}",
                        place,
                        own.error / own.demand,
                        prediction
                            .report
                            .notes
                            .iter()
                            .filter(|note| note.starts_with(&day.to_string()))
                            .collect::<Vec<_>>()
                    );
                }
                let sums: &mut [Sums; 2] = scores.entry(sort).or_default();
                let sums = &mut sums[place];
                sums.demand += own.demand;
                sums.error += own.error;
                sums.loss += own.loss;
                sums.covered += own.covered;
                sums.count += own.count;
            }
        }
        day = day.tomorrow()?;
    }
    Ok(scores)
}
