use config::{Mode, Target, Throughput};
use control::{
    Ask, ControlError, HeldLease, Loaded, Outcome, Settings, Sight, TargetReport, World, acquire,
    append_to_ledger, chain, load, load_settings, needs, recent_demand, reconcile, rehearse,
    release, resolve_rules, save,
};
use diagnosis::{Alarm, AlarmState, Decision, Evidence, Kind, decide};
use documents::{Envelope, History, Hold, Incident, LedgerEntry, Plan, SeenAlarm, keys};
use fleet::Group;
use jiff::{SignedDuration, Timestamp};
use planning::Rules;
use ports::{Clock, DocumentStore, GroupReader, GroupWriter, Message, MetricSource, Notifier};
use serde_json::{Value, json};

use crate::{ResponderError, Response, concerned};

/// Who writes.
const BY: &str = "responder";
/// An alarm older than this is recorded and not acted on: Lambda may deliver one hours late, and
/// the hourly planner has long seen what it was about.
const TOO_OLD: SignedDuration = SignedDuration::from_mins(60);
/// Alarm events remembered for each target: CloudWatch repeats deliveries within hours.
const REMEMBERED: usize = 200;

/// Answers an alarm. An event that is not an alarm, or nobody's, or silenced, is answered with a
/// note: delivering it again would change nothing.
///
/// # Errors
/// [`ResponderError`] when delivering the alarm again may help.
pub async fn handle<S, M, G, N, C>(
    event: &Value,
    world: &World<'_, S, M, G, N, C>,
) -> Result<Response, ResponderError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupWriter,
    N: Notifier,
    C: Clock,
{
    let mut answer = Response {
        targets: Vec::new(),
        notes: Vec::new(),
    };
    let mut alarms = Vec::new();
    // Each by itself: one that cannot be read does not keep the others of a batch from theirs.
    for part in single_records(event) {
        match Alarm::parse(&part) {
            Ok(found) => alarms.extend(found),
            Err(error) => {
                tracing::warn!(error = %error, "event refused");
                answer.notes.push(format!("refused: {error}"));
            }
        }
    }
    if alarms.is_empty() {
        return Ok(answer);
    }
    let now = world.clock.now();
    let settings = load_settings(world.store, now)
        .await
        .map_err(ResponderError::Settings)?;
    answer.notes.extend(settings.notes.iter().cloned());
    for alarm in &alarms {
        if let Some(reason) = ignored(alarm, now) {
            tracing::info!(alarm = %alarm.name, reason = %reason, "alarm not acted on");
            answer.notes.push(format!("alarm {}: {reason}", alarm.name));
            continue;
        }
        let targets = concerned(&settings.config, alarm);
        if targets.is_empty() {
            tracing::warn!(alarm = %alarm.name, "alarm concerns no target");
            answer.notes.push(format!(
                "alarm {} concerns no target: no name pattern fits and no dimension names one",
                alarm.name
            ));
        }
        for target in targets {
            let report = match respond(world, &settings, target, alarm, now).await {
                Ok(report) => report,
                Err(error) => {
                    let chain = error.chain();
                    tracing::error!(target_name = %target.name, alarm = %alarm.name, error = %chain, code = error.code(), "alarm not answered");
                    TargetReport::failed(&target.name, &error)
                }
            };
            answer.targets.push(report);
        }
    }
    let failed = answer
        .targets
        .iter()
        .filter(|report| report.error.is_some());
    let failed: Vec<String> = failed.map(|report| report.notes.join("; ")).collect();
    if failed.is_empty() {
        return Ok(answer);
    }
    let (total, detail) = (answer.targets.len(), failed.join(" | "));
    Err(ResponderError::Targets {
        failed: failed.len(),
        total,
        detail,
    })
}

/// The records of an SNS event as events of one record each; any other event as it is.
fn single_records(event: &Value) -> Vec<Value> {
    match event.get("Records").and_then(Value::as_array) {
        Some(records) if records.len() > 1 => {
            let single = |record: &Value| json!({ "Records": [record] });
            records.iter().map(single).collect()
        }
        _ => vec![event.clone()],
    }
}

/// Why an alarm is not acted on, if it is not.
fn ignored(alarm: &Alarm, now: Timestamp) -> Option<String> {
    if let Some(by) = &alarm.silenced_by {
        return Some(by.clone());
    }
    match alarm.state {
        AlarmState::Ok => return Some("back to OK; the hold runs out by itself".to_owned()),
        AlarmState::InsufficientData => {
            return Some(
                "INSUFFICIENT_DATA is no evidence of demand; nothing is lowered".to_owned(),
            );
        }
        AlarmState::Alarm => {}
    }
    let age = now.duration_since(alarm.changed_at);
    (age > TOO_OLD).then(|| format!("{} minutes old, too late to act on", age.as_mins()))
}

async fn respond<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    alarm: &Alarm,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupWriter,
    N: Notifier,
    C: Clock,
{
    if target.mode == Mode::Off {
        return Ok(TargetReport::new(&target.name, "off", ""));
    }
    if let Some(pause) = &settings.pause {
        let note = format!(
            "paused by {} since {}: {}",
            pause.by, pause.since, pause.reason
        );
        return Ok(TargetReport::new(&target.name, "paused", note));
    }
    let gathered = gather(world, settings, target, now).await?;
    if target.mode == Mode::Shadow {
        return shadow(world, target, alarm, &gathered, now).await;
    }
    let lease = acquire(world, &target.name, BY).await?;
    let report = act(world, target, alarm, &gathered, &lease, now).await;
    release(world, lease).await;
    report
}

/// Everything a decision is made from.
struct Gathered {
    group: Group,
    rules: Rules,
    evidence: Evidence,
    notes: Vec<String>,
}

async fn gather<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    settings: &Settings,
    target: &Target,
    now: Timestamp,
) -> Result<Gathered, ControlError>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
{
    let port = |source| ControlError::Port {
        target: target.name.clone(),
        source,
    };
    let plan_key = keys::plan(&target.name);
    let (group, plan, recent) = futures_util::join!(
        world.groups.group(&target.group),
        load::<Plan>(world.store, &plan_key),
        recent_demand(world.metrics, target, now),
    );
    let (group, plan) = (group.map_err(port)?, plan.map_err(port)?);
    let history = match target.throughput {
        Throughput::Given(_) => None,
        Throughput::Measured { .. } => load::<History>(world.store, &keys::history(&target.name))
            .await
            .map_err(port)?
            .body()
            .cloned(),
    };
    let (rules, measured) = resolve_rules(
        target,
        &group,
        history.as_ref(),
        world.metrics,
        world.groups,
        now,
    )
    .await;
    let mut missing = Vec::new();
    let demand = recent.unwrap_or_else(|error| {
        missing.push(format!("demand: {error}"));
        Vec::new()
    });
    let mut notes = measured.notes;
    if let Loaded::Unusable(error, _) = &plan {
        notes.push(format!("skipped: {}", chain(error)));
    }
    let expected = match needs(
        world.store,
        settings,
        target,
        &rules,
        None,
        &Sight::default(),
        now,
    )
    .await
    {
        Ok(standing) => {
            let skipped = standing.needs.notes.into_iter();
            notes.extend(skipped.filter(|note| note.starts_with("skipped: ")));
            standing.expected
        }
        Err(ControlError::Nothing { .. }) => None,
        Err(error) => return Err(error),
    };
    if expected.is_none() {
        missing.push("forecast".to_owned());
    }
    let floors = plan
        .body()
        .map(|plan| plan.floors.as_slice())
        .unwrap_or_default();
    let planned = floors.iter().take_while(|floor| floor.start <= now).last();
    let evidence = Evidence {
        demand,
        upper: expected.map(|(_, upper)| upper),
        in_service: group.in_service(),
        booting: group.booting(),
        desired_capacity: group.desired_capacity,
        most: group.max_size.min(rules.max_servers),
        planned: planned.map_or(group.min_size, |floor| floor.servers),
        throughput: rules.throughput,
        lead_time: rules.lead_time,
        most_extra: target.most_extra_servers,
        missing,
    };
    Ok(Gathered {
        group,
        rules,
        evidence,
        notes,
    })
}

/// Decides under the lease, records the decision, and makes the group match it. An event that was
/// decided on before is not decided on again, but what was decided is brought about all the same:
/// the earlier delivery may have been cut short.
async fn act<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    alarm: &Alarm,
    gathered: &Gathered,
    lease: &HeldLease,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    G: GroupWriter,
    N: Notifier,
    C: Clock,
{
    let recorded = record(world.store, target, alarm, gathered, now).await?;
    let ask = Ask {
        target,
        by: BY,
        rules: gathered.rules.clone(),
        needs: None,
        present: None,
    };
    // Nothing to hold and nothing held: the group is as the plan wants it.
    let idle = recorded.decision.as_ref().is_some_and(|d| d.hold.is_none()) && !recorded.holding;
    let made = if idle {
        Ok(TargetReport::new(&target.name, "covered", ""))
    } else {
        let outcome = reconcile(world, lease, ask).await;
        outcome.map(|outcome| TargetReport::of(&target.name, &outcome))
    };
    // People are told also of what failed: the retry will find the event decided on before.
    if let Some(decision) = &recorded.decision {
        let telling = Telling {
            shadow: false,
            failure: made.as_ref().err(),
        };
        tell(world.notifier, target, alarm, decision, telling).await;
    }
    let mut report = made?;
    match &recorded.decision {
        Some(decision) => report.notes.insert(0, decision.reason.clone()),
        None => report
            .notes
            .insert(0, format!("{} was decided on before", alarm.id())),
    }
    report.notes.extend(recorded.note);
    report.notes.extend(gathered.notes.iter().cloned());
    Ok(report)
}

struct Recorded {
    /// The decision, unless the event was decided on before.
    decision: Option<Decision>,
    /// Whether a hold is in force.
    holding: bool,
    /// What was odd about the record.
    note: Option<String>,
}

/// Writes the decision into the incident record, on the condition that nobody else wrote it since.
async fn record<S: DocumentStore>(
    store: &S,
    target: &Target,
    alarm: &Alarm,
    gathered: &Gathered,
    now: Timestamp,
) -> Result<Recorded, ControlError> {
    let key = keys::incident(&target.name);
    let loaded = load::<Incident>(store, &key).await;
    let loaded = loaded.map_err(|source| ControlError::Port {
        target: target.name.clone(),
        source,
    })?;
    if let (true, Loaded::Unusable(..)) = (loaded.is_newer(), &loaded) {
        // A newer responder keeps this record; reconcile holds what is there.
        return Ok(Recorded {
            decision: None,
            holding: true,
            note: None,
        });
    }
    let note = match &loaded {
        Loaded::Unusable(error, _) => Some(format!("begun anew: {}", chain(error))),
        Loaded::Absent | Loaded::Found(..) => None,
    };
    let mut incident = loaded.body().cloned().unwrap_or_default();
    let active = incident.hold.clone().filter(|hold| hold.until > now);
    if incident.seen.iter().any(|seen| seen.id == alarm.id()) {
        return Ok(Recorded {
            decision: None,
            holding: active.is_some(),
            note: None,
        });
    }
    let decision = in_share(decide(&gathered.evidence, now), gathered);
    remember(&mut incident, &decision, active, alarm, now);
    let holding = incident.hold.is_some();
    let document = Envelope::new(Some(&target.name), now, BY, incident);
    save(store, &key, &document, loaded.unchanged()).await?;
    Ok(Recorded {
        decision: Some(decision),
        holding,
        note,
    })
}

/// A canary holds its share of what a decision adds to the planned floor.
fn in_share(mut decision: Decision, gathered: &Gathered) -> Decision {
    let (planned, share) = (gathered.evidence.planned, gathered.rules.share);
    let Some(whole) = decision.hold.filter(|n| share < 1.0 && *n > planned) else {
        return decision;
    };
    // Between two u32 values, so it is one after rounding up.
    let added = (f64::from(whole - planned) * share - 1e-9).ceil().max(0.0) as u32;
    decision.hold = Some(planned + added);
    decision.reason.push_str(&format!(
        "; canary of {:.0} %: {} of {whole} held",
        share * 100.0,
        planned + added
    ));
    decision
}

fn remember(
    incident: &mut Incident,
    decision: &Decision,
    active: Option<Hold>,
    alarm: &Alarm,
    now: Timestamp,
) {
    if active.is_none() {
        incident.past.extend(incident.hold.take());
    }
    if let Some(servers) = decision.hold {
        // A hold in force is only ever extended.
        let before = active.as_ref();
        incident.hold = Some(Hold {
            since: before.map_or(now, |hold| hold.since),
            until: before.map_or(decision.until, |hold| hold.until.max(decision.until)),
            servers: before.map_or(servers, |hold| hold.servers.max(servers)),
            demand: decision.demand.unwrap_or(0.0),
            reason: decision.reason.clone(),
        });
    }
    incident.seen.push(SeenAlarm {
        id: alarm.id(),
        at: now,
        decision: decision.reason.clone(),
    });
    let surplus = incident.seen.len().saturating_sub(REMEMBERED);
    incident.seen.drain(..surplus);
    let surplus = incident.past.len().saturating_sub(REMEMBERED);
    incident.past.drain(..surplus);
}

/// What would have been done; the record of incidents stays as it is, and the group can only be
/// looked at.
async fn shadow<S, M, G, N, C>(
    world: &World<'_, S, M, G, N, C>,
    target: &Target,
    alarm: &Alarm,
    gathered: &Gathered,
    now: Timestamp,
) -> Result<TargetReport, ControlError>
where
    S: DocumentStore,
    G: GroupReader,
    N: Notifier,
{
    let decision = decide(&gathered.evidence, now);
    let ask = Ask {
        target,
        by: BY,
        rules: gathered.rules.clone(),
        needs: None,
        present: None,
    };
    let outcome: Outcome = rehearse(world.store, world.groups, ask, now).await?;
    let floor = decision
        .hold
        .or(outcome.plan.floors.first().map(|floor| floor.servers));
    let entry = LedgerEntry {
        at: now,
        by: BY.to_owned(),
        event: Some(alarm.id()),
        min_size: gathered.group.min_size,
        in_service: gathered.group.in_service(),
        floor: floor.unwrap_or(gathered.group.min_size),
        demand: decision.demand,
        would_write: usize::from(decision.hold.is_some()),
        reason: decision.reason.clone(),
    };
    if append_to_ledger(world.store, &target.name, entry).await? {
        let telling = Telling {
            shadow: true,
            failure: None,
        };
        tell(world.notifier, target, alarm, &decision, telling).await;
    }
    let mut report = TargetReport::new(&target.name, "shadow", decision.reason);
    report.floor = floor;
    report.changes = usize::from(decision.hold.is_some());
    Ok(report)
}

/// What a message says beside the decision.
struct Telling<'a> {
    /// Whether nothing was done because the target is in shadow mode.
    shadow: bool,
    /// Why the decision could not be carried out.
    failure: Option<&'a ControlError>,
}

async fn tell<N: Notifier>(
    notifier: &N,
    target: &Target,
    alarm: &Alarm,
    decision: &Decision,
    telling: Telling<'_>,
) {
    let Telling { shadow, failure } = telling;
    let verb = if shadow { "would hold" } else { "holds" };
    let subject = match (decision.kind, decision.hold) {
        (Kind::UnforecastDemand, Some(n)) => {
            format!("{}: unforecast demand, {verb} {n} servers", target.name)
        }
        (Kind::Unknown, Some(n)) => format!("{}: demand unknown, {verb} {n} servers", target.name),
        (Kind::Covered, _) | (_, None) => format!("{}: alarm seen, capacity suffices", target.name),
    };
    let mut text = format!(
        "Alarm {} ({}).\n{}",
        alarm.name, alarm.reason, decision.reason
    );
    if decision.held_back > 0 {
        text.push_str(&format!(
            "\n{} more servers are needed than most_extra_servers, max_servers or MaxSize allow: raise the one that binds.",
            decision.held_back
        ));
    }
    if let Some(failure) = failure {
        text.push_str(&format!(
            "\nThe group could not be changed yet: {}. The alarm is delivered again; look at the group if this repeats.",
            failure.chain()
        ));
    }
    let record = json!({
        "target": target.name,
        "group": target.group,
        "alarm": alarm.name,
        "event": alarm.id(),
        "kind": format!("{:?}", decision.kind),
        "hold": decision.hold,
        "until": decision.until.to_string(),
        "demand": decision.demand,
        "held_back": decision.held_back,
        "shadow": shadow,
        "failure": failure.map(ControlError::code),
    });
    if let Err(error) = notifier
        .notify(&Message {
            subject,
            text,
            record,
        })
        .await
    {
        tracing::error!(target_name = %target.name, error = %error, "message not sent");
    }
}
