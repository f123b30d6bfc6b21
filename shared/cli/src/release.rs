//! `forescale release` and `adopt`: giving a group back, and taking it again.

use config::Target;
use control::{
    ControlError, HandBack, HandedBack, Loaded, World, acquire, adopt_again, hand_back, load,
    load_settings, present, recent_demand, rehearse_hand_back,
};
use documents::{History, Measurements, Plan, Released, keys};
use jiff::Timestamp;
use local::{CsvMetrics, RecordingNotifier, SimulatedGroupPort, VirtualClock};
use ports::{Clock, DocumentStore, GroupWriter, MetricSource, Notifier};
use simulation::{GroupSpec, Origin, SimulatedGroup, Source};

use crate::Console;
use crate::arguments::{AdoptArguments, ReleaseArguments, StoreArguments};
use crate::failure::{Blame, Done};
use crate::opened::Opened;
use crate::{moments, near};

/// Who asks.
const BY: &str = "the command";

/// Runs `release`.
pub(crate) fn release(arguments: &ReleaseArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let target = target(&opened, &arguments.target)?;
    let (place, reason) = (&arguments.store, &arguments.reason);
    let asked = Asked {
        target: &target,
        reason,
        for_pause: false,
        dry_run: arguments.dry_run,
    };
    let Some(done) = given_back(place, &opened, &asked)? else {
        return Ok(());
    };
    tell(console, &target, &done, arguments.dry_run)
}

/// Gives the target's group back, or says what that would do.
pub(crate) fn given_back(
    place: &StoreArguments,
    opened: &Opened,
    asked: &Asked<'_>,
) -> Done<Option<HandedBack>> {
    in_world(place, opened, asked.target, Act::Release(asked))
}

/// Lets the planner have the target again; whether it was released.
pub(crate) fn had_again(place: &StoreArguments, opened: &Opened, target: &Target) -> Done<bool> {
    let mut was = false;
    in_world(place, opened, target, Act::Adopt(&mut was))?;
    Ok(was)
}

/// Waits until no run is left that began before `since`: the functions that change groups run for a minute
/// at most. In a folder nobody runs.
#[cfg(feature = "aws")]
pub(crate) fn outlast(
    place: &StoreArguments,
    opened: &Opened,
    since: Timestamp,
    console: &mut Console<'_>,
) {
    if place.bucket.is_none() {
        return;
    }
    let left = RUN.saturating_sub(aws::SystemClock.now().duration_since(since));
    if left.is_positive() {
        console.note(&format!(
            "waiting {left:#} for runs that began before the pause"
        ));
        opened.wait(aws::SystemClock.sleep(left));
    }
}

#[cfg(not(feature = "aws"))]
pub(crate) fn outlast(_: &StoreArguments, _: &Opened, _: Timestamp, _: &mut Console<'_>) {}

/// As the template has it for planner and responder, and a quarter for clocks that disagree.
#[cfg(feature = "aws")]
const RUN: jiff::SignedDuration = jiff::SignedDuration::from_secs(75);

/// Runs `adopt`.
pub(crate) fn adopt(arguments: &AdoptArguments, console: &mut Console<'_>) -> Done {
    let opened = Opened::open(&arguments.store)?;
    let target = target(&opened, &arguments.target)?;
    let was = if arguments.dry_run {
        let mark = opened.wait(load::<Released>(
            &opened.store,
            &keys::released(&target.name),
        ));
        let mark = mark.failed(|| format!("whether {} is released cannot be read", target.name))?;
        console.note("dry run: nothing was written");
        !matches!(mark, Loaded::Absent)
    } else {
        had_again(&arguments.store, &opened, &target)?
    };
    if !was {
        return console.line(&format!(
            "{} was not released: nothing changes",
            target.name
        ));
    }
    console.line(&format!(
        "{}: the next planner's run {} group {} with the limits that it then has",
        target.name,
        if arguments.dry_run {
            "would adopt"
        } else {
            "adopts"
        },
        target.group
    ))
}

fn target(opened: &Opened, name: &str) -> Done<Target> {
    let settings = opened.wait(load_settings(&opened.store, Timestamp::MAX));
    let settings = settings.input(|| format!("{} holds no usable configuration", opened.name))?;
    let config = &settings.config;
    config.target(name).cloned().ok_or_else(|| {
        let said = format!(
            "target {name} (one that was taken out is put back with mode = \"off\" to be released)"
        );
        near::no_target(&said, name, &opened.name, config)
    })
}

/// What is asked of a release.
pub(crate) struct Asked<'a> {
    pub(crate) target: &'a Target,
    pub(crate) reason: &'a str,
    /// Until the end of a pause, and not for good.
    pub(crate) for_pause: bool,
    /// Tell only.
    pub(crate) dry_run: bool,
}

/// What is to be done in a world.
enum Act<'a> {
    Release(&'a Asked<'a>),
    Adopt(&'a mut bool),
}

#[cfg(feature = "aws")]
fn in_world(
    place: &StoreArguments,
    opened: &Opened,
    target: &Target,
    act: Act<'_>,
) -> Done<Option<HandedBack>> {
    if place.bucket.is_none() {
        return simulated(opened, target, act);
    }
    opened.wait(async {
        let sdk = crate::account::connect(&opened.name).await?;
        let world = World {
            store: &opened.store,
            metrics: &aws::CloudWatchMetrics::new(&sdk),
            groups: &aws::Fleets::new(&sdk),
            notifier: &RecordingNotifier::new(),
            clock: &aws::SystemClock,
        };
        done(&world, target, act).await
    })
}

#[cfg(not(feature = "aws"))]
fn in_world(
    _: &StoreArguments,
    opened: &Opened,
    target: &Target,
    act: Act<'_>,
) -> Done<Option<HandedBack>> {
    simulated(opened, target, act)
}

/// A group as the plan left it, at the time it was made.
fn simulated(opened: &Opened, target: &Target, act: Act<'_>) -> Done<Option<HandedBack>> {
    let plan = opened.wait(load::<Plan>(&opened.store, &keys::plan(&target.name)));
    let plan = plan.failed(|| "the plan cannot be read")?;
    let plan = plan.body();
    let now = plan.map_or_else(moments::now, |plan| plan.decided_at);
    let floor = plan.and_then(|plan| plan.floors.first());
    let floor = floor.map_or(target.min_servers, |floor| floor.servers);
    let floor = floor.min(target.max_servers);
    let spec = GroupSpec::new(target.group.clone(), floor, floor, target.max_servers);
    let mut group = SimulatedGroup::new(spec, now).input(|| format!("target {}", target.name))?;
    let actions: Vec<fleet::ScheduledAction> = plan
        .iter()
        .flat_map(|plan| &plan.actions)
        .map(|action| fleet::ScheduledAction {
            name: action.name.clone(),
            start: Some(action.start),
            end: None,
            recurrence: None,
            min_size: Some(action.min_size),
            max_size: None,
            desired_capacity: action.desired_capacity,
        })
        .collect();
    let origin = Origin::new(now, Source::Planner, "as planned");
    for some in actions.chunks(fleet::MOST_ACTIONS_A_BATCH) {
        let put = group.put_scheduled_actions(now, some, &origin);
        put.failed(|| "the simulated group refuses the plan's actions")?;
    }
    let clock = VirtualClock::new(now);
    let history = opened.wait(load::<History>(&opened.store, &keys::history(&target.name)));
    let history = history.failed(|| "the history cannot be read")?;
    let mut metrics = CsvMetrics::new(clock.clone());
    if let Some(history) = history.body()
        && let Ok(series) = control::demand_series(history, timeseries::Step::FIVE_MINUTES)
    {
        metrics = metrics.with(control::metric_name(&target.demand), series);
    }
    let world = World {
        store: &opened.store,
        metrics: &metrics,
        groups: &SimulatedGroupPort::new([group], &clock),
        notifier: &RecordingNotifier::new(),
        clock: &clock,
    };
    opened.wait(done(&world, target, act))
}

async fn done<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    act: Act<'_>,
) -> Done<Option<HandedBack>>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupWriter,
    N: Notifier,
    C: Clock,
{
    let now = world.clock.now();
    let asked = match act {
        Act::Adopt(was) => {
            let lease = leased(acquire(world, &target.name, BY).await)?;
            let adopted = adopt_again(world, &lease).await;
            control::release(world, lease).await;
            *was = adopted.failed(|| {
                format!(
                    "{} is still released: the same command goes on",
                    target.name
                )
            })?;
            return Ok(None);
        }
        Act::Release(asked) => asked,
    };
    let recent = recent_demand(world.metrics, target, now).await;
    let measured = load::<Measurements>(world.store, &keys::measurements(&target.name)).await;
    let measured = measured.ok().and_then(|found| {
        let throughput = found.body()?.throughput.as_ref()?;
        throughput.per_server
    });
    let ask = HandBack {
        target: asked.target,
        by: BY,
        reason: asked.reason,
        for_pause: asked.for_pause,
        present: recent.ok().and_then(|recent| present(&recent, now)),
        throughput: measured.unwrap_or_else(|| target.throughput.assumed()),
    };
    if asked.dry_run {
        let would = rehearse_hand_back(world.store, world.groups, &ask, now).await;
        return would
            .map(Some)
            .failed(|| format!("{} was not looked at", target.name));
    }
    let lease = leased(acquire(world, &target.name, BY).await)?;
    let handed = hand_back(world, &lease, &ask).await;
    control::release(world, lease).await;
    handed.map(Some).failed(|| {
        format!(
            "{} is not released in full: the same command goes on",
            target.name
        )
    })
}

fn leased<T>(lease: Result<T, ControlError>) -> Done<T> {
    lease.failed(|| "nothing was changed: a function is at it, try again in a minute")
}

pub(crate) fn tell(
    console: &mut Console<'_>,
    target: &Target,
    done: &HandedBack,
    dry_run: bool,
) -> Done {
    let (name, group) = (&target.name, &target.group);
    if dry_run {
        console.note("dry run: nothing was changed");
    }
    if done.already {
        console.line(&format!(
            "{name} is released since {}: nothing changes; `forescale adopt {name}` has it planned again",
            done.mark.since
        ))?;
    } else {
        let would = if dry_run { "would be " } else { "" };
        console.line(&format!("{name}: group {group} {would}released"))?;
        console.line(&format!(
            "  scheduled actions {would}removed: {}",
            done.removed.len()
        ))?;
        console.line(&match done.min_size {
            Some(min_size) => format!(
                "  MinSize {would}set from {} to {min_size}",
                done.mark.found_min_size
            ),
            None => "  MinSize stays".to_owned(),
        })?;
        if let Some(max_size) = done.max_size {
            console.line(&format!("  MaxSize {would}set to {max_size}, its own"))?;
        }
        if let Some(policy) = &done.policy {
            console.line(&format!(
                "  policy {} {would}given its former value back",
                policy.name
            ))?;
        }
        console.line("  desired capacity stays")?;
    }
    for note in &done.notes {
        console.note(&format!("note: {note}"));
    }
    Ok(())
}
