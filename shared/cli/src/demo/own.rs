use jiff::{SignedDuration, Timestamp};
use timeseries::{Aggregate, Series, Step};

use crate::Console;
use crate::arguments::{DemoArguments, HistoryArguments};
use crate::demand::{self, Demand};
use crate::failure::{Done, input};
use crate::moments;
use crate::output::{counted, number};

use super::Scene;

/// Mean servers of the replayed days, by the throughput that is assumed.
const FLEET: f64 = 12.0;
/// Fewer requests a minute and server than this are mostly chance: their standard deviation, as of a
/// Poisson process, is a third of them.
const FEWEST: f64 = 10.0;
/// Days that are replayed where the file is long enough.
const REPLAYED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// People's own demand.
pub(super) fn scene(arguments: &DemoArguments, console: &mut Console<'_>) -> Done<Scene> {
    let Some(history) = arguments.history.clone() else {
        return Err(input("--history is missing"));
    };
    let zone = moments::zone(&arguments.timezone)?;
    let file = HistoryArguments {
        history,
        aggregate: arguments.aggregate,
    };
    let demand = demand::read(&file, zone, console)?;
    let (from, to) = window(&demand)?;
    let replayed = demand.series.between(from, to);
    let mean = mean(&replayed).filter(|mean| *mean > 0.0).ok_or_else(|| {
        input(format!(
            "{}: no demand above zero between {from} and {to}, which is what would be replayed; \
             give a file that ends where the demand does",
            demand.name
        ))
    })?;
    let throughput = short(mean / FLEET);
    let minutes = to.duration_since(from).as_mins();
    let mut intro = vec![format!(
        "The last {} of {}, replayed minute by minute; what lies before is history. Assumed: one \
         server carries {throughput} {} (so that the mean fleet is {FLEET}) and takes 5 minutes to \
         boot.",
        length(minutes),
        demand.name,
        match demand.aggregate {
            Aggregate::Sum => "requests a minute",
            Aggregate::Mean => "units of demand",
        },
    )];
    if demand.aggregate == Aggregate::Sum && mean / FLEET < FEWEST {
        intro.push(format!(
            "With so few requests a minute and server chance rules each minute, and every policy looks \
             dear beside the bound: set the throughput that a server really has in {}, and replay.",
            arguments.out.join("forescale.toml").display()
        ));
    }
    let mut options = String::new();
    if demand.aggregate == Aggregate::Mean {
        options.push_str(" --aggregate mean");
    }
    Ok(Scene {
        config: config(&demand, &throughput, arguments.seed),
        from,
        to,
        intro,
        moments: Vec::new(),
        history: Some(arguments.history_text()),
        options,
        demand: demand.series,
    })
}

impl DemoArguments {
    /// The history as it was typed.
    fn history_text(&self) -> String {
        let path = self.history.as_ref();
        path.map_or_else(String::new, |path| path.display().to_string())
    }
}

/// The last seven days, or the last third of a shorter file, in whole hours.
fn window(demand: &Demand) -> Done<(Timestamp, Timestamp)> {
    let (start, end) = (demand.series.start(), demand.series.end());
    let third = end.duration_since(start) / 3;
    let to = Step::HOUR.floor(end);
    let from = to
        .checked_sub(REPLAYED.min(third))
        .map(|at| Step::HOUR.floor(at));
    match from {
        Ok(from) if from > start && from < to => Ok((from, to)),
        _ => Err(input(format!(
            "{} covers {start} to {end}: too short to replay; give a day at least, better four \
             weeks",
            demand.name
        ))),
    }
}

fn mean(series: &Series) -> Option<f64> {
    let known = || series.values().iter().filter(|value| !value.is_nan());
    let count = known().count();
    (count > 0).then(|| known().sum::<f64>() / count as f64)
}

/// Three significant digits, or all of the whole ones.
fn short(value: f64) -> String {
    let unit = 10_f64.powi(value.log10().floor().min(2.0) as i32 - 2);
    number((value / unit).round() * unit)
}

fn length(minutes: i64) -> String {
    if minutes % 1440 == 0 {
        counted(minutes.unsigned_abs() / 1440, "day")
    } else {
        counted(minutes.unsigned_abs() / 60, "hour")
    }
}

fn config(demand: &Demand, throughput: &str, seed: u64) -> String {
    let peak = demand.series.values().iter().copied().fold(0.0, f64::max);
    let carried: f64 = throughput.parse().unwrap_or(1.0);
    let most = (2.0 * peak / carried).ceil().clamp(4.0 * FLEET, 100_000.0);
    let statistic = match demand.aggregate {
        Aggregate::Sum => "Sum",
        Aggregate::Mean => "Average",
    };
    let zone = demand.zone.iana_name().unwrap_or("UTC");
    format!(
        r#"# What `forescale demo` replayed. Change it and replay again: see `forescale simulate --help`.

[[target]]
name = "demo"
group = "demo-asg"
demand = {{ namespace = "Demo", name = "Demand", statistic = "{statistic}" }}
time_zone = "{zone}"
min_servers = 2
max_servers = {most}
throughput = {throughput}           # assumed: the mean fleet is then {FLEET}
lead_time = "6m"                 # from the decision to a server in service
risk = 0.001                     # 0.1 % of demand may find no server
mode = "active"
price_per_server_hour = 0.096    # assumed
currency = "USD"

[target.simulation]
boot = "5m"
boot_spread = 0.1
reactive = {{ utilization = 0.8, scales_in = true }}
seed = {seed}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throughput_is_short() {
        for (value, text) in [
            (35.7659, "35.8"),
            (0.333_73, "0.334"),
            (12_345.6, "12346"),
            (100.0, "100"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
