//! Prints, for each function, how long it takes from process start to asking for its first event,
//! and how much memory it holds after one.
//!
//! ```text
//! cargo run -p end-to-end --bin startup
//! ```
//!
//! AWS is a stand-in on loopback, so this is what the program itself costs: Lambda adds making the
//! sandbox and fetching the code.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use end_to_end::{AlarmEvent, Answer, Scene, binary};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Starts of each function; the first one also reads the binary from disk.
const STARTS: usize = 11;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let scene = Scene::set(Timestamp::now(), "active").await?;
    let alarm = AlarmEvent {
        name: "demand".to_owned(),
        at: scene.now,
    };
    writeln!(
        stdout(),
        "function     binary KiB   start ms: least  median    most   memory KiB"
    )?;
    for (name, event) in [
        ("forecaster", json!({})),
        ("planner", json!({})),
        ("responder", alarm.direct()),
    ] {
        measure(&scene, name, &event)?;
    }
    Ok(())
}

fn measure(scene: &Scene, name: &str, event: &Value) -> Result<(), Box<dyn Error>> {
    let size = std::fs::metadata(binary(name)?)?.len() / 1024;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 1..STARTS {
        starts.push(scene.start(name)?.startup());
    }
    let mut function = scene.start(name)?;
    starts.push(function.startup());
    if let Answer::Failure {
        error_type,
        message,
    } = function.invoke(event)?
    {
        return Err(format!("{name}: {error_type}: {message}").into());
    }
    let memory = function.resident_kib()?;
    starts.sort_unstable();
    let at = |index: usize| {
        starts
            .get(index)
            .map_or(0.0, |d: &Duration| d.as_secs_f64() * 1e3)
    };
    writeln!(
        stdout(),
        "{name:<12} {size:>10}   {:>15.1} {:>7.1} {:>7.1}   {memory:>10}",
        at(0),
        at(STARTS / 2),
        at(STARTS - 1)
    )?;
    Ok(())
}
