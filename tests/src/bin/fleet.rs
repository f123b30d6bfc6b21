//! Plans many targets through the queue with several planner processes, one in twenty of the targets
//! poisoned, and prints what became of each, and what it took.
//!
//! ```text
//! cargo run -p end-to-end --bin fleet [TARGETS [PROCESSES]]
//! ```
//!
//! 1,000 targets and 4 processes without arguments. With 0 processes the targets have neither groups
//! nor forecasts: it shows what sending them takes, and one batch. AWS is a stand-in on loopback that answers one
//! call at a time, so that the time is the stand-in's; calls and memory are the planner's.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Write, stdout};
use std::thread;
use std::time::{Duration, Instant};

use end_to_end::{Answer, Delivering, Fleet, HarnessError, Tally, Worker};
use jiff::Timestamp;
use serde_json::json;

/// What the planner may run for, as `infra/template.yaml` has it.
const TIMEOUT: Duration = Duration::from_secs(60);
/// As `infra/template.yaml` has it, but sooner.
const DELIVERING: Delivering = Delivering {
    visibility: 120,
    receives: 5,
};
/// Longest that the run may take.
const PATIENCE: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let count = numbers.next().transpose()?.unwrap_or(1000);
    let processes = numbers.next().transpose()?.unwrap_or(4);
    let runtime = runtime()?;
    let now = Timestamp::now();
    let mut out = stdout();
    let fleet = if processes == 0 {
        writeln!(out, "{count} targets without groups")?;
        runtime.block_on(Fleet::bare(count, DELIVERING))?
    } else {
        writeln!(out, "{count} targets, {} poisoned", count / 20)?;
        runtime.block_on(Fleet::set(now, count, count / 20, DELIVERING))?
    };

    let begun = Instant::now();
    let mut starter = fleet.planner(TIMEOUT)?;
    let sent = starter.invoke(&json!({ "scheduled": now }))?;
    let Answer::Success(sent) = sent else {
        return Err(format!("not sent: {sent:?}").into());
    };
    writeln!(
        out,
        "sent: {} tasks in {:.1} s, {} MiB resident at most",
        sent["sent"],
        begun.elapsed().as_secs_f64(),
        starter.peak_kib()? / 1024
    )?;
    tell_calls(&fleet.aws.calls()?, count)?;

    if processes == 0 {
        return one_batch(&runtime, &fleet);
    }
    let begun = Instant::now();
    let running: Vec<_> = (0..processes)
        .map(|_| {
            let worker = fleet.worker(TIMEOUT);
            thread::spawn(move || drive(worker))
        })
        .collect();
    let mut workers = Vec::new();
    for thread in running {
        workers.push(thread.join().map_err(|_| "a worker's thread panicked")??);
    }
    writeln!(
        out,
        "worked off by {processes} processes in {:.1} s and {} calls of the function, {} MiB resident at most",
        begun.elapsed().as_secs_f64(),
        workers.iter().map(|it| it.invocations).sum::<u32>(),
        workers.iter().map(|it| it.peak_kib).max().unwrap_or(0) / 1024
    )?;
    tell_calls(&fleet.aws.calls()?, count)?;
    let log: String = workers.iter().map(|it| it.log.as_str()).collect();
    tell(&runtime.block_on(fleet.tally(now, &log))?)
}

/// What the function takes for ten of very many targets.
fn one_batch(runtime: &tokio::runtime::Runtime, fleet: &Fleet) -> Result<(), Box<dyn Error>> {
    let worker = fleet.worker(TIMEOUT);
    let (event, _) = runtime.block_on(worker.receive())?.ok_or("no message")?;
    let mut function = fleet.planner(TIMEOUT)?;
    let begun = Instant::now();
    function.invoke(&event)?;
    writeln!(
        stdout(),
        "one batch in {:.1} s, {} MiB resident at most",
        begun.elapsed().as_secs_f64(),
        function.peak_kib()? / 1024
    )?;
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build()
}

fn drive(mut worker: Worker) -> Result<Worker, HarnessError> {
    let runtime = runtime().map_err(|source| HarnessError::Io {
        what: "starting a worker".to_owned(),
        source,
    })?;
    runtime.block_on(worker.work(PATIENCE))?;
    Ok(worker)
}

fn tell_calls(calls: &BTreeMap<String, u64>, count: usize) -> std::io::Result<()> {
    for (name, times) in calls {
        let each = *times as f64 / count as f64;
        writeln!(stdout(), "  {name:<50} {times:>8} {each:>8.2} a target")?;
    }
    Ok(())
}

fn tell(tally: &Tally) -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    let mut codes: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    for (_, code, reason) in &tally.letters {
        codes.entry(code).or_insert((0, reason)).0 += 1;
    }
    writeln!(
        out,
        "done {}, in the dead-letter queue {}, lost {}, done twice {}",
        tally.done.len(),
        tally.letters.len(),
        tally.lost.len(),
        tally.twice().count()
    )?;
    for (code, (count, reason)) in codes {
        let reason: String = reason.chars().take(120).collect();
        writeln!(out, "  {count:>4} {code:<14} such as: {reason}")?;
    }
    Ok(())
}
