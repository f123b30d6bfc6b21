//! Prints how long the responder takes from an event to the raised capacity, all metric reads
//! included: in a fresh process, from its start, and in one that has answered before.
//!
//! ```text
//! cargo run -p end-to-end --bin response
//! ```
//!
//! AWS is a stand-in on loopback that answers one call at a time: what AWS answers at the same time
//! waits for each other here, so these are upper bounds of what the program itself takes.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use documents::keys;
use end_to_end::{AlarmEvent, Answer, Function, Scene};
use fleet::Sizes;
use jiff::Timestamp;
use ports::{DocumentStore, GroupReader, GroupWriter};

/// Spikes of each kind.
const SPIKES: usize = 11;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let scene = Scene::set(Timestamp::now(), "active").await?;
    scene.surge(scene.now, 8, 4000.0).await?;
    for (words, warm) in [("cold", false), ("warm", true)] {
        let mut spans = Vec::with_capacity(SPIKES);
        let mut running: Option<Function> = None;
        for round in 0..SPIKES {
            forget(&scene).await?;
            let alarm = AlarmEvent {
                name: format!("{words}-{round}"),
                at: Timestamp::now(),
            };
            let function = running.take().filter(|_| warm);
            let (mut function, started) = match function {
                Some(function) => (function, Duration::ZERO),
                None => {
                    let function = scene.start("responder")?;
                    let started = function.startup();
                    (function, started)
                }
            };
            let asked = Instant::now();
            let answer = function.invoke(&alarm.direct())?;
            let span = started + asked.elapsed();
            raised(&scene, &answer).await?;
            // The first one of a process is no warm one.
            if !warm || round > 0 {
                spans.push(span);
            }
            running = Some(function);
        }
        spans.sort_unstable();
        let at = |index: usize| spans.get(index).map_or(0.0, |d| d.as_secs_f64() * 1e3);
        writeln!(
            stdout(),
            "{words}: {:.0} / {:.0} / {:.0} ms, least / median / most of {}",
            at(0),
            at(spans.len() / 2),
            at(spans.len().saturating_sub(1)),
            spans.len()
        )?;
    }
    Ok(())
}

/// As before the spike.
async fn forget(scene: &Scene) -> Result<(), Box<dyn Error>> {
    for key in [keys::incident(Scene::TARGET), keys::plan(Scene::TARGET)] {
        scene.store.delete(&key).await?;
    }
    let names: Vec<String> = scene
        .groups
        .scheduled_actions(Scene::TARGET)
        .await?
        .into_iter()
        .map(|action| action.name)
        .collect();
    for part in names.chunks(fleet::MOST_ACTIONS_A_BATCH) {
        scene
            .groups
            .delete_scheduled_actions(Scene::TARGET, part)
            .await?;
    }
    let sizes = Sizes {
        min_size: Some(Scene::MIN_SIZE),
        desired_capacity: Some(Scene::MIN_SIZE),
        ..Sizes::default()
    };
    scene.groups.resize(Scene::TARGET, sizes).await?;
    Ok(())
}

async fn raised(scene: &Scene, answer: &Answer) -> Result<(), Box<dyn Error>> {
    let group = scene.groups.group(Scene::TARGET).await?;
    if group.desired_capacity > 15 {
        return Ok(());
    }
    Err(format!("capacity was not raised: {answer:?} {group:?}").into())
}
