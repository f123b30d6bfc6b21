//! Reruns the rolling-origin protocol over a folder of series and prints a table.
//!
//! ```sh
//! FORESCALE_SERIES=folder cargo run --release -p forecasting --example bench -- [step seconds] [origins] [all|seen|held] [hours]
//! ```
//!
//! The folder holds `index.csv` with the columns `name,kind,granularity_s,agg` and one `NAME.csv`
//! (`timestamp,value`) a series. Origins are the last UTC midnights with a day of actuals, at least
//! half of them observed, and a week of history; at most 56 days train. MASE is scaled by lag 168 h
//! where the window holds 21 days, else 24 h; wQL is the mean of the weighted quantile losses at
//! 0.5, 0.9, 0.95 and 0.99. The series in even places of the index are the part to look at while
//! developing, those in odd places are held out. With `hours` only the last so many hours before each
//! origin are known, as of a service that has just begun.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints, times itself and reads its folder from the environment"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use forecasting::{ForecastRequest, LEVELS, QuantileForecast, correct, forecast};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use timeseries::{Aggregate, Series, Step, csv};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// Levels that are scored, and where the forecast carries them.
const SCORED: [(f64, usize); 4] = [(0.5, 2), (0.9, 4), (0.95, 5), (0.99, 6)];

struct Score {
    name: String,
    kind: String,
    held_out: bool,
    mase: f64,
    wql: f64,
    cover90: f64,
    cover95: f64,
    bias: f64,
    seconds: f64,
    /// By level: steps at or below it, and its quantile loss over the sum of demand.
    levels: [(f64, f64); LEVELS.len()],
    count: f64,
    /// Coverage of 0.9 and 0.95 on the second day ahead.
    second_day: [f64; 2],
    /// By weekday of the origin, Monday first: steps, those at or below 0.95, demand, the medians.
    weekdays: [[f64; 4]; 7],
    /// By hour of the correction: quantile loss of the rest of the day, without and with it.
    intraday: [(f64, f64); 18],
}

fn main() -> Fallible<()> {
    let folder = std::env::var("FORESCALE_SERIES").map_err(|_| "set FORESCALE_SERIES")?;
    let folder = Path::new(&folder);
    let mut arguments = std::env::args().skip(1);
    let seconds: i64 = arguments.next().map_or(Ok(3600), |text| text.parse())?;
    let origins: usize = arguments.next().map_or(Ok(14), |text| text.parse())?;
    let part = arguments.next().unwrap_or_else(|| "all".to_owned());
    let hours: i64 = arguments.next().map_or(Ok(24 * 56), |text| text.parse())?;
    let step = Step::from_seconds(seconds)?;
    let mut written = match std::env::var("FORESCALE_WRITE") {
        Ok(path) => Some(::csv::Writer::from_path(path)?),
        Err(_) => None,
    };
    if let Some(writer) = &mut written {
        writer.write_record(["series", "origin", "timestamp", "q50", "q90", "q95", "q99"])?;
    }
    let mut scores = Vec::new();
    for (place, row) in ::csv::Reader::from_path(folder.join("index.csv"))?
        .deserialize()
        .enumerate()
    {
        let row: BTreeMap<String, String> = row?;
        let held_out = place % 2 == 1;
        if (part == "seen" && held_out) || (part == "held" && !held_out) {
            continue;
        }
        let field = |name: &str| row.get(name).cloned().unwrap_or_default();
        let granularity: i64 = field("granularity_s").parse()?;
        if granularity > seconds || seconds % granularity != 0 {
            continue;
        }
        let history = load(folder, &field("name"), &field("agg"), step)?;
        // Series are rates a minute; the protocol's counts are those of a step.
        let unit = if field("agg") == "sum" {
            step.minutes()
        } else {
            1.0
        };
        let mut score = run(
            &field("name"),
            &history,
            (origins, hours),
            unit,
            &mut written,
        )?;
        score.kind = field("kind");
        score.held_out = held_out;
        println!(
            "{:24} {:7} {:4} MASE {:6.3} wQL {:.4} cover {:.3} {:.3} bias {:+.3} {:6.1} ms",
            score.name,
            score.kind,
            if score.held_out { "held" } else { "seen" },
            score.mase,
            score.wql,
            score.cover90,
            score.cover95,
            score.bias,
            1e3 * score.seconds
        );
        scores.push(score);
    }
    summary("all", scores.iter().collect());
    summary("seen", scores.iter().filter(|one| !one.held_out).collect());
    summary("held", scores.iter().filter(|one| one.held_out).collect());
    for kind in ["web", "db", "net", "infra", "demand"] {
        summary(kind, scores.iter().filter(|one| one.kind == kind).collect());
    }
    println!(
        "== level, pooled share at or below it, its loss over demand: mean and geometric mean"
    );
    for (place, level) in LEVELS.iter().enumerate() {
        let steps: f64 = scores.iter().map(|one| one.count).sum();
        let covered: f64 = scores.iter().map(|one| one.levels[place].0).sum();
        let loss: f64 = scores.iter().map(|one| one.levels[place].1).sum();
        let logs: f64 = scores.iter().map(|one| one.levels[place].1.ln()).sum();
        println!(
            "{level:5} {:.4} {:.4} {:.4}",
            covered / steps,
            loss / scores.len() as f64,
            (logs / scores.len() as f64).exp()
        );
    }
    println!("== weekday: cover of 0.95, share below 0.85; medians over demand: median, tenth");
    for weekday in 0..7 {
        let cells = scores.iter().map(|one| one.weekdays[weekday]);
        let cells: Vec<_> = cells.filter(|cell| cell[2] > 0.0).collect();
        let count = cells.len() as f64;
        let cover = cells.iter().map(|cell| cell[1] / cell[0]);
        let low = cover.clone().filter(|one| *one < 0.85).count() as f64;
        let mut parts: Vec<f64> = cells.iter().map(|cell| cell[3] / cell[2]).collect();
        parts.sort_by(f64::total_cmp);
        println!(
            "{weekday} {:.3} {:.2} {:.3} {:.3}",
            cover.sum::<f64>() / count,
            low / count,
            parts[parts.len() / 2],
            parts[parts.len() / 10]
        );
    }
    let second = |place: usize| {
        let covers = scores.iter().map(|one| one.second_day[place]);
        covers.filter(|cover| !cover.is_nan()).sum::<f64>() / scores.len() as f64
    };
    println!("== second day: cover {:.3} {:.3}", second(0), second(1));
    println!("== intraday correction: hour, series that gain, ratio of losses: median, worst");
    for score in &scores {
        let ratios = score.intraday.iter().map(|(without, with)| with / without);
        let lost = ratios.clone().filter(|ratio| *ratio >= 1.0).count();
        if 2 * lost > 9 || ratios.clone().fold(0.0, f64::max) > 1.1 {
            println!(
                "{:24} lost {lost} of 18, worst {:.3}",
                score.name,
                ratios.fold(0.0, f64::max)
            );
        }
    }
    for hour in 0..18 {
        let mut ratios: Vec<f64> = scores
            .iter()
            .filter(|one| one.intraday[hour].0 > 0.0)
            .map(|one| one.intraday[hour].1 / one.intraday[hour].0)
            .collect();
        ratios.sort_by(f64::total_cmp);
        let gain = ratios.iter().filter(|ratio| **ratio < 1.0).count() as f64;
        println!(
            "{:2}:00 {:.2} {:.3} {:.3}",
            hour + 6,
            gain / ratios.len() as f64,
            ratios[ratios.len() / 2],
            ratios[ratios.len() - 1]
        );
    }
    Ok(())
}

fn load(folder: &Path, name: &str, aggregate: &str, step: Step) -> Fallible<Series> {
    let file = std::fs::File::open(folder.join(format!("{name}.csv")))?;
    let aggregate = if aggregate == "sum" {
        Aggregate::Sum
    } else {
        Aggregate::Mean
    };
    let options = csv::CsvOptions {
        zone: TimeZone::UTC,
        aggregate,
    };
    Ok(csv::read(file, &options)?.0.resample(step)?)
}

fn run(
    name: &str,
    history: &Series,
    (most, hours): (usize, i64),
    unit: f64,
    written: &mut Option<::csv::Writer<std::fs::File>>,
) -> Fallible<Score> {
    let step = history.step();
    let per_day = step.per_day();
    let (mut error, mut size, mut count, mut bias, mut scale) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut loss, mut covered) = ([0.0; 4], [0.0; 4]);
    let mut seconds: Vec<f64> = Vec::new();
    let mut intraday = [(0.0, 0.0); 18];
    let mut second_day = [0.0; 3];
    let mut levels = [(0.0, 0.0); LEVELS.len()];
    let mut weekdays = [[0.0; 4]; 7];
    let origins = origins(history, most);
    for origin in &origins {
        let known = history.between(*origin - SignedDuration::from_hours(hours), *origin);
        // The epoch was a Thursday, three days after a Monday.
        let weekday = &mut weekdays[(origin.as_second().div_euclid(86_400) + 3) as usize % 7];
        let began = cpu_seconds();
        let prediction = forecast(&ForecastRequest {
            history: &known,
            cutoff: *origin,
            step,
            horizon_steps: 2 * per_day,
            zone: &TimeZone::UTC,
            training_days: 56,
            occasions: &[],
            holidays: &[],
            left_out: &[],
        })?;
        seconds.push(cpu_seconds() - began);
        for (index, row) in prediction.forecast.rows.iter().enumerate().skip(per_day) {
            if let Some(actual) = history.at(prediction.forecast.time_at(index)) {
                second_day[0] += f64::from(actual <= row[4]);
                second_day[1] += f64::from(actual <= row[5]);
                second_day[2] += 1.0;
            }
        }
        for (hour, cell) in intraday.iter_mut().enumerate() {
            let both = rest_of_day(history, &prediction.forecast, hour + 6);
            cell.0 += both.0;
            cell.1 += both.1;
        }
        scale += naive_scale(history, *origin) / origins.len() as f64;
        for (index, row) in prediction.forecast.rows.iter().take(per_day).enumerate() {
            let at = prediction.forecast.time_at(index);
            if let Some(writer) = written {
                let mut record = vec![name.to_owned(), origin.to_string(), at.to_string()];
                record.extend(SCORED.map(|(_, column)| (unit * row[column]).to_string()));
                writer.write_record(record)?;
            }
            let Some(actual) = history.at(at) else {
                continue;
            };
            count += 1.0;
            size += actual.abs();
            error += (actual - row[2]).abs();
            bias += row[2] - actual;
            for (cell, one) in
                weekday
                    .iter_mut()
                    .zip([1.0, f64::from(actual <= row[5]), actual, row[2]])
            {
                *cell += one;
            }
            for ((cell, level), value) in levels.iter_mut().zip(LEVELS).zip(row) {
                let over = actual - value;
                cell.0 += f64::from(over <= 0.0);
                cell.1 += 2.0 * (level * over).max((level - 1.0) * over);
            }
            for (place, (level, column)) in SCORED.iter().enumerate() {
                let over = actual - row[*column];
                loss[place] += 2.0 * (level * over).max((level - 1.0) * over);
                covered[place] += f64::from(over <= 0.0);
            }
        }
    }
    Ok(Score {
        name: name.to_owned(),
        kind: String::new(),
        held_out: false,
        mase: error / count / scale,
        wql: loss.iter().sum::<f64>() / 4.0 / size,
        cover90: covered[1] / count,
        cover95: covered[2] / count,
        bias: bias / size,
        levels: levels.map(|(covered, loss)| (covered, loss / size)),
        count,
        weekdays,
        intraday,
        second_day: [0, 1].map(|place| second_day[place] / second_day[2]),
        seconds: seconds.iter().sum::<f64>() / seconds.len() as f64,
    })
}

/// Quantile loss of the first day from `hour` on, without and with the intraday correction.
fn rest_of_day(history: &Series, forecast: &QuantileForecast, hour: usize) -> (f64, f64) {
    let per_day = forecast.step.per_day();
    let past = hour * per_day / 24;
    let actuals: Vec<Option<f64>> = (0..past).map(|i| history.at(forecast.time_at(i))).collect();
    let corrected = correct(forecast, &actuals, forecast.time_at(past));
    let mut both = (0.0, 0.0);
    for index in past..per_day {
        let Some(actual) = history.at(forecast.time_at(index)) else {
            continue;
        };
        for (level, column) in SCORED {
            let loss = |row: &[f64]| {
                let over = actual - row[column];
                (level * over).max((level - 1.0) * over)
            };
            both.0 += loss(&forecast.rows[index]);
            both.1 += loss(&corrected.rows[index]);
        }
    }
    both
}

/// CPU time of this process. Linux tells it to the nanosecond; elsewhere the column is zero.
fn cpu_seconds() -> f64 {
    std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |nanoseconds| nanoseconds / 1e9)
}

fn origins(history: &Series, most: usize) -> Vec<Timestamp> {
    let day = SignedDuration::from_hours(24);
    let per_day = history.step().per_day();
    let mut found = Vec::new();
    let mut origin = Timestamp::from_second(history.end().as_second().div_euclid(86_400) * 86_400)
        .unwrap_or(Timestamp::MIN);
    while found.len() < most && origin.duration_since(history.start()) >= 7 * day {
        let ahead = history
            .index_of(origin)
            .and_then(|first| history.values().get(first..first + per_day));
        if ahead.is_some_and(|ahead| {
            2 * ahead.iter().filter(|value| !value.is_nan()).count() >= per_day
        }) {
            found.push(origin);
        }
        origin -= day;
    }
    found.reverse();
    found
}

fn naive_scale(history: &Series, origin: Timestamp) -> f64 {
    let from = origin - SignedDuration::from_hours(24 * 56);
    let window = history.between(from, origin);
    let per_day = history.step().per_day();
    let lag = if window.len() >= 21 * per_day {
        7 * per_day
    } else {
        per_day
    };
    let (mut sum, mut count) = (0.0, 0.0);
    for pair in window.values().windows(lag + 1) {
        let change = (pair[lag] - pair[0]).abs();
        if !change.is_nan() {
            sum += change;
            count += 1.0;
        }
    }
    sum / count
}

fn summary(title: &str, scores: Vec<&Score>) {
    if scores.is_empty() {
        return;
    }
    let column = |read: fn(&Score) -> f64| -> Vec<f64> {
        let mut values: Vec<f64> = scores.iter().map(|one| read(one)).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let median =
        |values: &[f64]| f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let geometric = |values: &[f64]| {
        (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp()
    };
    let (mase, wql) = (column(|one| one.mase), column(|one| one.wql));
    let (cover90, cover95) = (column(|one| one.cover90), column(|one| one.cover95));
    println!(
        "== {title:7} n {:2} MASE median {:.3} gmean {:.3} mean {:.3} wQL median {:.4} gmean {:.4} mean {:.4} cover {:.3} {:.3} below 0.85 {:2} {:.1} ms",
        scores.len(),
        median(&mase),
        geometric(&mase),
        mean(&mase),
        median(&wql),
        geometric(&wql),
        mean(&wql),
        mean(&cover90),
        mean(&cover95),
        cover95.iter().filter(|value| **value < 0.85).count(),
        1e3 * mean(&column(|one| one.seconds)),
    );
}
