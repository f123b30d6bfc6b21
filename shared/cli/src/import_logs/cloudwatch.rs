//! Demand of a target from CloudWatch.

#[cfg(any(test, feature = "aws"))]
use config::Target;
#[cfg(any(test, feature = "aws"))]
use documents::History;
#[cfg(any(test, feature = "aws"))]
use import::Demand;
#[cfg(any(test, feature = "aws"))]
use jiff::{SignedDuration, Timestamp};
#[cfg(any(test, feature = "aws"))]
use ports::MetricSource;

use crate::Console;
use crate::arguments::{ConfigArguments, ImportArguments};
use crate::chosen::Chosen;
use crate::failure::{Blame, Done, input};

/// Writes the demand file of what CloudWatch still has of the target's demand.
pub(super) fn run(arguments: &ImportArguments, console: &mut Console<'_>) -> Done {
    let Some(config) = &arguments.config else {
        return Err(input(
            "--cloudwatch needs --config FILE, which says what demand is",
        ));
    };
    let chosen = Chosen::read(&ConfigArguments {
        config: config.clone(),
        target: arguments.target.clone(),
    })?;
    let made = read(&chosen, arguments.days, console)?;
    if made.rows.is_empty() {
        return Err(input(format!(
            "CloudWatch has no demand of {} in the last {} days: are account, region and metric right?",
            chosen.target.name, arguments.days
        )));
    }
    if arguments.out.as_os_str() == "-" {
        return super::keep::rows(console.out(), &made);
    }
    if arguments.out.exists() && !arguments.restart {
        return Err(input(format!(
            "{} is there already: give another --out, or --restart to replace it",
            arguments.out.display()
        )));
    }
    let what = format!("{}, {} rows", arguments.out.display(), made.rows.len());
    if arguments.dry_run {
        console.note("dry run: nothing was written");
        return console.line(&what);
    }
    super::keep::write_rows(&arguments.out, &made)?;
    console.line(&what)
}

#[cfg(feature = "aws")]
fn read(chosen: &Chosen, days: u16, console: &mut Console<'_>) -> Done<Demand> {
    console.progress("reading CloudWatch");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .failed(|| "no runtime for calls to AWS")?;
    let now = crate::moments::now();
    let made = runtime.block_on(async {
        let metrics = aws::CloudWatchMetrics::new(&crate::account::connect("--cloudwatch").await?);
        gather(&metrics, &chosen.target, days, now).await
    });
    console.clear();
    made
}

#[cfg(not(feature = "aws"))]
fn read(_: &Chosen, _: u16, _: &mut Console<'_>) -> Done<import::Demand> {
    Err::<import::Demand, _>(anyhow::anyhow!("build it with `--features aws`"))
        .input(|| "this program was built without AWS")
}

/// What `metrics` has of the last `days` days, at the finest step that is kept of each age, in the step
/// of the archive.
#[cfg(any(test, feature = "aws"))]
async fn gather(
    metrics: &impl MetricSource,
    target: &Target,
    days: u16,
    now: Timestamp,
) -> Done<Demand> {
    let target = Target {
        training_days: u32::from(days),
        // With a country more than asked for would be read.
        country: None,
        ..target.clone()
    };
    let history = control::gather_history(metrics, &target, None, now).await;
    let history = history.failed(|| format!("the demand of {} cannot be read", target.name))?;
    Ok(rows(&history))
}

#[cfg(any(test, feature = "aws"))]
fn rows(history: &History) -> Demand {
    let step = SignedDuration::from_secs(i64::from(history.step_seconds));
    let minutes = f64::from(history.step_seconds) / 60.0;
    let mut at = history.start;
    let mut made = Demand::default();
    for rate in &history.demand {
        made.rows.extend(rate.map(|rate| (at, rate * minutes)));
        let Ok(next) = at.checked_add(step) else {
            break;
        };
        at = next;
    }
    made
}

#[cfg(test)]
mod tests {
    use config::Config;
    use local::{CsvMetrics, VirtualClock};
    use timeseries::{Series, Step};

    use super::*;

    #[test]
    fn rows_are_requests_of_their_step_and_gaps_have_none() {
        let text = "[[target]]\nname = \"web\"\ngroup = \"g\"\nload_balancer = \"app/web/50dc6c495c0c9188\"\nmin_servers = 1\n\
                    max_servers = 9\nthroughput = 100\nlead_time = \"5m\"\n";
        let config = Config::parse("c", text).unwrap();
        let target = &config.targets[0];
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        // Ten hours of 12 a minute, the fourth unknown.
        let mut values = vec![12.0; 600];
        values[180..240].fill(f64::NAN);
        let now = start + SignedDuration::from_hours(11);
        let metrics = CsvMetrics::new(VirtualClock::new(now)).with(
            control::metric_name(&target.demand),
            Series::new(start, Step::MINUTE, values).unwrap(),
        );
        let made = pollster::block_on(gather(&metrics, target, 3, now)).unwrap();
        assert_eq!(made.rows.first(), Some(&(start, 60.0)));
        assert_eq!(made.rows.len(), 9 * 12);
        assert!(made.rows.iter().all(|row| row.1 == 60.0));
    }
}
