use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use simulation::generate::{Bump, Demo};

use crate::failure::{Blame, Done};

use super::{Moment, Scene};

/// How long after its start a campaign or a spike is told about.
const TOLD: SignedDuration = SignedDuration::from_hours(3);

/// The made-up demand of `seed`.
pub(super) fn scene(seed: u64) -> Done<Scene> {
    let demo = Demo::new(seed);
    let generated = demo
        .scenario
        .generate()
        .failed(|| "no demand can be made up")?;
    let known = |bump: &&Bump| bump.announced_at.is_some();
    let events: Vec<String> = generated.bumps.iter().filter(known).map(event).collect();
    let moments = generated
        .bumps
        .iter()
        .filter(|bump| bump.start >= demo.from)
        .map(moment)
        .collect();
    let history = demo.from.duration_since(demo.scenario.start).as_hours() / 168;
    let days = demo.to.duration_since(demo.from).as_hours() / 24;
    let intro = vec![format!(
        "Made-up demand (seed {seed}): {history} weeks of history, then {days} replayed days, \
         minute by minute. One server carries {} requests a minute and takes 6 to 8 minutes to \
         boot.",
        demo.throughput
    )];
    Ok(Scene {
        config: config(&demo, &events, seed),
        demand: generated.demand,
        from: demo.from,
        to: demo.to,
        intro,
        moments,
        history: None,
        options: String::new(),
    })
}

fn moment(bump: &Bump) -> Moment {
    let when = local(bump.start).strftime("%A, %-d %B, %H:%M").to_string();
    let what = match bump.announced_at {
        Some(announced) => format!(
            "{when}: campaign \"{}\", announced on {} as {} times the usual demand",
            bump.name,
            local(announced).strftime("%A at %H:%M"),
            bump.announced_multiplier.unwrap_or(bump.multiplier),
        ),
        None => format!("{when}: a spike that was in no forecast"),
    };
    Moment {
        what,
        from: bump.start,
        to: bump.start.saturating_add(TOLD).unwrap_or(Timestamp::MAX),
    }
}

fn local(at: Timestamp) -> jiff::civil::DateTime {
    TimeZone::UTC.to_datetime(at)
}

/// A campaign as people would enter it when they hear of it.
fn event(bump: &Bump) -> String {
    let full = bump.ramp.saturating_add(bump.hold);
    let end = bump.start.saturating_add(full).unwrap_or(Timestamp::MAX);
    let announced = bump.announced_at.unwrap_or(bump.start);
    format!(
        r#"
[[event]]
name = "{}"
start = {}
end = {}
tail = "90m"
multiplier = {:.1}
announced_at = {}
"#,
        bump.name,
        local(bump.start),
        local(end),
        bump.announced_multiplier.unwrap_or(bump.multiplier),
        local(announced),
    )
}

fn config(demo: &Demo, events: &[String], seed: u64) -> String {
    let minutes = demo.boot.as_secs() / 60;
    let seconds = demo.boot.as_secs() % 60;
    let mut text = format!(
        r#"# What `forescale demo` replayed. Change it and replay again: see `forescale simulate --help`.

[[target]]
name = "shop"
group = "shop-asg"
load_balancer = "app/shop/50dc6c495c0c9188"
time_zone = "UTC"
min_servers = 2
max_servers = 100
throughput = {:.1}               # requests per minute and server
lead_time = "8m"                 # from the decision to a server in service
risk = 0.001                     # 0.1 % of demand may find no server
mode = "active"
price_per_server_hour = 0.096
currency = "USD"

[target.simulation]
boot = "{minutes}m {seconds}s"
boot_spread = {}
reactive = {{ utilization = 0.8, scales_in = true }}
seed = {seed}
"#,
        demo.throughput, demo.boot_spread
    );
    for event in events {
        text.push_str(event);
    }
    text
}
