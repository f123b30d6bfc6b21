//! Targets through the queue: several processes of the compiled planner, some targets poisoned, a
//! message that two processes get at once, and a process that is killed midway.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use end_to_end::{Answer, Delivering, Fleet, Function, HarnessError, Poison, Worker};
use jiff::Timestamp;
use serde_json::{Value, json};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const COUNT: usize = 60;
const POISONED: usize = 8;
/// What a process may run for: long enough for a batch, short enough to wait for after a kill.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A message comes again later than a process may run, as AWS demands.
const DELIVERING: Delivering = Delivering {
    visibility: 32,
    receives: 3,
};
const PATIENCE: Duration = Duration::from_secs(240);

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build()
}

/// Invokes two functions with one event at the same time.
fn both(first: &mut Function, second: &mut Function, event: &Value) -> Outcome<[Answer; 2]> {
    let answers = thread::scope(|scope| -> Result<[Answer; 2], HarnessError> {
        let other = scope.spawn(|| second.invoke(event));
        let one = first.invoke(event)?;
        let other = other.join().map_err(|_| HarnessError::Unexpected {
            what: "a thread panicked".to_owned(),
            said: String::new(),
        })??;
        Ok([one, other])
    });
    Ok(answers?)
}

fn failures(answer: &Answer) -> Outcome<usize> {
    match answer {
        Answer::Success(body) => Ok(body["batchItemFailures"].as_array().map_or(0, Vec::len)),
        Answer::Failure { message, .. } => Err(message.clone().into()),
    }
}

#[test]
fn each_target_is_done_once_or_given_up_with_its_reason() -> Outcome {
    let runtime = runtime()?;
    let run = Timestamp::now();
    let fleet = runtime.block_on(Fleet::set(run, COUNT, POISONED, DELIVERING))?;
    let start = json!({ "scheduled": run });
    let mut first = fleet.planner(TIMEOUT)?;
    let Answer::Success(sent) = first.invoke(&start)? else {
        return Err("not sent".into());
    };
    assert_eq!(sent["sent"], COUNT, "{sent}");

    // One delivery to two processes at once: one of them does each target, the other waits.
    let mut second = fleet.planner(TIMEOUT)?;
    let worker = fleet.worker(TIMEOUT);
    let received = runtime.block_on(worker.receive())?;
    let (event, messages) = received.ok_or("no message")?;
    let answers = both(&mut first, &mut second, &event)?;
    for answer in &answers {
        failures(answer)?;
    }
    // Neither of them settles it: the answers were lost, and all of it comes again.
    drop(messages);

    // A process that is killed while it has a batch.
    let received = runtime.block_on(worker.receive())?;
    let (event, _) = received.ok_or("no message")?;
    let mut killed = fleet.planner(TIMEOUT)?;
    killed.begin(&event)?;
    let asked = Instant::now();
    while !killed.log().contains("\"task done\"") && asked.elapsed() < TIMEOUT {
        thread::sleep(Duration::from_millis(5));
    }
    let mut log = first.log() + &second.log() + &killed.log();
    drop(killed);

    // The start comes twice: so does every message.
    first.invoke(&start)?;
    let running: Vec<_> = (0..3)
        .map(|_| {
            let worker = fleet.worker(TIMEOUT);
            thread::spawn(move || drive(worker))
        })
        .collect();
    for thread in running {
        log += &thread.join().map_err(|_| "a thread panicked")??.log;
    }

    let tally = runtime.block_on(fleet.tally(run, &log))?;
    assert_eq!(tally.lost, Vec::<String>::new(), "{tally:?}");
    assert_eq!(tally.twice().collect::<Vec<_>>(), Vec::<&str>::new());
    let poisoned: BTreeMap<&str, Poison> = fleet
        .targets
        .iter()
        .filter_map(|(name, poison)| Some((name.as_str(), (*poison)?)))
        .collect();
    assert_eq!(poisoned.len(), POISONED);
    assert_eq!(tally.done.len(), COUNT - POISONED);
    let given_up: BTreeSet<&str> = tally.given_up.iter().map(String::as_str).collect();
    assert_eq!(given_up, poisoned.keys().copied().collect());
    assert_eq!(tally.letters.len(), POISONED, "{:?}", tally.letters);
    for (target, code, reason) in &tally.letters {
        let poison = poisoned.get(target.as_str());
        assert_eq!(poison.map(|it| it.code()), Some(code.as_str()), "{reason}");
        assert!(reason.contains(target.as_str()), "{reason}");
    }
    Ok(())
}

fn drive(mut worker: Worker) -> Result<Worker, HarnessError> {
    let runtime = runtime().map_err(|source| HarnessError::Io {
        what: "starting a worker".to_owned(),
        source,
    })?;
    runtime.block_on(worker.work(PATIENCE))?;
    Ok(worker)
}
