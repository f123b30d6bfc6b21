//! Everything a decision is made from, read at once.

mod servers;
mod signals;

use config::{Mode, Target};
use control::{
    ControlError, Edges, Known, Loaded, Settings, TimelyWorld, World, band, chain, demand_minutes,
    load, metric_name, resolve_rules,
};
use diagnosis::{Band, Evidence, Fleet, Missing, Track};
use documents::{Measurements, Plan, Tuning, keys};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::{Rules, own_max};
use ports::{Clock, DocumentStore, GroupReader, MetricSource, PortError, Reading};
use timeseries::Step;

use servers::{as_forecast, planned, read_activities, release, unhealthy};
use signals::{Asked, asked, named, place, track};

/// Minutes of metrics that are looked at: a leak shows over hours.
const MINUTES: usize = 240;
/// Minutes of the forecast ahead of now: the longest lead time that is told apart.
const AHEAD: usize = 120;
/// How long a call may take that only brings evidence: capacity is not kept waiting for it. Answers
/// take some tens of milliseconds; the third of three attempts at a call that is throttled may come
/// after three seconds.
const EVIDENCE: SignedDuration = SignedDuration::from_secs(4);
/// How far back activities are asked for.
const ACTIVITIES: SignedDuration = SignedDuration::from_hours(1);

/// Everything a decision is made from, but for what the incident's record adds.
pub(crate) struct Gathered {
    pub(crate) group: Group,
    pub(crate) rules: Rules,
    pub(crate) evidence: Evidence,
    pub(crate) notes: Vec<String>,
}

/// Reads group, plan, forecast, metrics and activities, as much as possible at the same time. Only
/// the group is needed; what else cannot be read, or not soon, is missing evidence.
pub(crate) async fn gather<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
) -> Result<Gathered, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
    C: Clock,
{
    let limited = TimelyWorld::new(world, EVIDENCE);
    let brief = limited.world();
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let until = Step::MINUTE.floor(now);
    let from = until
        .saturating_sub(SignedDuration::from_mins(MINUTES as i64))
        .unwrap_or(Timestamp::MIN);
    let plan_key = keys::plan(&target.name);
    let mut notes = Vec::new();
    let span = (from, MINUTES + AHEAD);
    let measurements_key = keys::measurements(&target.name);
    let tuning_key = keys::tuning(&target.name);
    let (group, plan, tuning, measurements, edges) = futures_util::join!(
        world.groups.group(&target.group),
        load::<Plan>(brief.store, &plan_key),
        load::<Tuning>(brief.store, &tuning_key),
        load::<Measurements>(brief.store, &measurements_key),
        band(brief.store, settings, target, span, now, &mut notes),
    );
    let mut group = group.map_err(port)?;
    let mut missing = Vec::new();
    let mut known = |what: &str, error: &PortError| {
        missing.push(Missing {
            what: what.to_owned(),
            why: error.to_string(),
        });
    };
    let plan = plan.unwrap_or_else(|error| {
        known("plan", &error);
        Loaded::Absent
    });
    // A ceiling of ours is no limit to what demand needs.
    group.max_size = own_max(plan.body(), group.max_size, now).servers;
    // Without them versions are known of present servers only.
    let measurements = measurements.unwrap_or_else(|error| {
        known("earlier measurements", &error);
        Loaded::Absent
    });
    let remembered = Known {
        measurements: measurements.body(),
        check: false,
    };
    let since = now.saturating_sub(ACTIVITIES).unwrap_or(Timestamp::MIN);
    let asked = asked(target, &group, (from, until));
    let readings: Vec<Reading> = asked.iter().map(|(_, reading)| reading.clone()).collect();
    let ((rules, resolved), activities, demand, answers) = futures_util::join!(
        resolve_rules(target, &group, remembered, brief.metrics, brief.groups, now),
        brief.groups.activities(&target.group, since),
        demand_minutes(brief.metrics, target, now, MINUTES),
        brief.metrics.read_many(&readings),
    );
    notes.extend(resolved.notes);
    // What a canary has grown to; what is added is above the group's own MinSize.
    let mut rules = rules;
    if let Some(canary) = plan.body().and_then(|plan| plan.canary.as_ref()) {
        rules.share = f64::from(canary.above()) / 100.0;
    }
    if let Loaded::Unusable(error, _) = &plan {
        notes.push(format!("skipped: {}", chain(error)));
    }
    let fleet = Fleet {
        in_service: group.in_service(),
        unhealthy: unhealthy(&group),
        booting: group.booting(),
        desired: group.desired_capacity,
        most: group.max_size.min(rules.max_servers),
        planned: planned(plan.body(), &group, &rules, now),
    };
    let mut evidence = Evidence::bare(until, fleet, rules.throughput, rules.lead_time);
    let edges = edges.unwrap_or_else(|error| {
        known("forecast", &error);
        None
    });
    evidence.band = edges.map(within);
    evidence.stays = match &tuning {
        Ok(Loaded::Unusable(error, _)) => {
            notes.push(format!("skipped: {}", chain(error)));
            None
        }
        Ok(tuning) => tuning.body().and_then(|tuning| stays(tuning, &rules)),
        Err(error) => {
            known("what the past says of the next minutes", error);
            None
        }
    };
    // There is no plan in shadow mode, to which what is held could go back.
    if target.mode == Mode::Shadow
        && let Some(band) = &evidence.band
    {
        let planned = &mut evidence.fleet.planned;
        *planned = (*planned).max(as_forecast(band, &rules)).min(fleet.most);
    }
    evidence.demand = match demand {
        Ok(mut values) => {
            let counted = ["Sum", "SampleCount"].contains(&target.demand.statistic.as_str());
            if let Some(band) = evidence.band.as_ref().filter(|_| counted) {
                quiet(&mut values, band);
            }
            let any = values.iter().any(|value| value.is_finite());
            any.then(|| Track::new(values, named(&metric_name(&target.demand))))
        }
        Err(error) => {
            known("demand", &error);
            None
        }
    };
    let launched = match activities {
        Ok(found) => {
            evidence.activities = Some(read_activities(&found));
            found
        }
        Err(error) => {
            known("scaling activities", &error);
            Vec::new()
        }
    };
    evidence.release = release(&group, &launched);
    evidence.missing = missing;
    let mut of_servers = Vec::new();
    for ((what, reading), answer) in asked.iter().zip(answers) {
        let error = match answer {
            Ok(points) => {
                place(&mut evidence, target, what, track(&points, reading));
                continue;
            }
            Err(error) => error.to_string(),
        };
        match what {
            Asked::Server(..) => of_servers.push(error),
            _ => evidence.missing.push(Missing {
                what: what.words(target),
                why: error,
            }),
        }
    }
    // Once for them all: a group has many.
    if let Some(why) = of_servers.first() {
        evidence.missing.push(Missing {
            what: format!("{} metrics of single servers", of_servers.len()),
            why: why.clone(),
        });
    }
    evidence.servers.retain(|server| {
        let measured = |track: &Track| track.values.iter().any(|value| value.is_finite());
        measured(&server.cpu) || measured(&server.resource) || measured(&server.errors)
    });
    Ok(Gathered {
        group,
        rules,
        evidence,
        notes,
    })
}

/// Counts that did not come where next to none are expected: load balancers report no minute without
/// a request, so it had none. The newest minutes may still be on their way.
/// Source: Elastic Load Balancing user guide, CloudWatch metrics.
fn quiet(demand: &mut [f64], band: &Band) {
    /// Requests a minute up to which one without any is likely enough.
    const FEW: f64 = 20.0;
    /// Minutes that a metric may be late.
    const LATE: usize = 3;
    let settled = demand.len().saturating_sub(LATE);
    let edges = band.upper.iter().copied();
    for (value, upper) in demand.iter_mut().zip(edges).take(settled) {
        if value.is_nan() && upper <= FEW {
            *value = 0.0;
        }
    }
}

/// What stays of a departure from the forecast until servers ordered now are ready.
fn stays(tuning: &Tuning, rules: &Rules) -> Option<f64> {
    let minutes = (rules.lead_time.as_secs().max(0) + 59) / 60;
    let model = tuning.near.as_ref()?.model()?;
    model.stays(u32::try_from(minutes).unwrap_or(u32::MAX))
}

fn within(edges: Edges) -> Band {
    Band {
        lower: edges.lower,
        median: edges.median,
        upper: edges.upper,
        present: MINUTES - 1,
    }
}
