//! The three compiled functions, started as Lambda starts them, with a stand-in for AWS.

use documents::{Forecast, Plan, decode, keys};
use end_to_end::{AlarmEvent, Answer, Function, Scene, binary, daily_wave};
use fleet::ScheduledAction;
use jiff::{SignedDuration, Timestamp};
use ports::{DocumentStore, GroupReader, GroupWriter, Stored};
use serde_json::{Value, json};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// What a function answered about the one target.
fn report(answer: Answer) -> Outcome<Value> {
    match answer {
        Answer::Success(body) => Ok(body["targets"][0].clone()),
        Answer::Failure {
            error_type,
            message,
        } => Err(format!("{error_type}: {message}").into()),
    }
}

async fn stored(scene: &Scene, key: &str) -> Outcome<Stored> {
    let found = scene.store.get(key).await?;
    found.ok_or_else(|| format!("{key} is not there").into())
}

async fn actions(scene: &Scene) -> Outcome<Vec<ScheduledAction>> {
    let mut all = scene.groups.scheduled_actions(Scene::TARGET).await?;
    all.sort_by_key(|action| action.start);
    Ok(all)
}

#[tokio::test]
async fn a_night_an_hour_and_a_surge() -> Outcome {
    let scene = Scene::set(Timestamp::now(), "active").await?;
    a_night(&scene).await?;
    an_hour(&scene).await?;
    a_surge(&scene).await
}

/// The forecaster writes a forecast, and a second run leaves it as it is.
async fn a_night(scene: &Scene) -> Outcome {
    let mut forecaster = scene.start("forecaster")?;
    let said = report(forecaster.invoke(&json!({}))?)?;
    assert_eq!(said["outcome"], "forecast", "{said}");
    let written = scene.store.list(&keys::forecasts(Scene::TARGET)).await?;
    let [key] = written.as_slice() else {
        return Err(format!("not one forecast: {written:?}").into());
    };
    let first = stored(scene, key).await?;
    let forecast = decode::<Forecast>(key, &first.bytes)?.body;
    let hours = forecast.quantiles.len() as u64 * u64::from(forecast.step_seconds) / 3600;
    assert!(hours >= 48, "{hours} hours");
    let medians: Vec<f64> = forecast.quantiles.iter().map(|row| row[0]).collect();
    let (low, high) = (
        medians.iter().copied().fold(f64::MAX, f64::min),
        medians.iter().copied().fold(0.0, f64::max),
    );
    assert!((100.0..300.0).contains(&low), "least demand {low}");
    assert!((1700.0..2300.0).contains(&high), "most demand {high}");
    report(forecaster.invoke(&json!({}))?)?;
    assert_eq!(stored(scene, key).await?.version, first.version);
    let history = keys::history(Scene::TARGET);
    assert!(stored(scene, &history).await?.bytes.len() > 10_000);
    Ok(())
}

/// The planner writes scheduled actions, leaves other people's alone, and a second run makes no
/// change.
async fn an_hour(scene: &Scene) -> Outcome {
    let theirs = ScheduledAction {
        name: "weekend".to_owned(),
        start: Some(hour_start(scene.now) + SignedDuration::from_mins(7 * 60 + 13)),
        end: None,
        recurrence: None,
        min_size: None,
        max_size: Some(Scene::MAX_SIZE),
        desired_capacity: None,
    };
    scene
        .groups
        .put_scheduled_actions(Scene::TARGET, std::slice::from_ref(&theirs))
        .await?;
    // A run that straddles a full hour plans one step more than the one before it, and the last minutes
    // of demand are others a minute later: the reasons tell them.
    let minute = || Timestamp::now().as_second() / 60;
    for _ in 0..5 {
        let begun = minute();
        let said = report(scene.run("planner", &json!({}))?)?;
        let (plan, planned) = (
            stored(scene, &keys::plan(Scene::TARGET)).await?,
            actions(scene).await?,
        );
        check_plan(scene, &said, &planned, &theirs).await?;
        let again = report(scene.run("planner", &json!({}))?)?;
        if minute() != begun {
            continue;
        }
        assert_eq!(again["changes"], 0, "{again}");
        assert_eq!(actions(scene).await?, planned);
        let after = stored(scene, &keys::plan(Scene::TARGET)).await?;
        assert_eq!(after.version, plan.version, "{again}");
        return Ok(());
    }
    Err("five runs in a row straddled a full minute".into())
}

async fn check_plan(
    scene: &Scene,
    said: &Value,
    planned: &[ScheduledAction],
    theirs: &ScheduledAction,
) -> Outcome {
    assert!(planned.contains(theirs), "{planned:?}");
    let ours: Vec<_> = planned.iter().filter(|action| *action != theirs).collect();
    assert!(ours.len() >= 4, "a day has more steps: {said} {ours:?}");
    let sizes: Vec<u32> = ours.iter().filter_map(|action| action.min_size).collect();
    assert_eq!(sizes.len(), ours.len());
    // A server sustains 200 requests a minute; a little more than the wave needs, to be safe.
    let highest = (0..24 * 60)
        .map(|minute| daily_wave(scene.now + SignedDuration::from_mins(minute)))
        .fold(0.0, f64::max);
    let needed = highest / 200.0;
    let most = sizes.iter().max().copied().unwrap_or_default();
    assert!(
        (needed - 0.5..needed * 2.0).contains(&f64::from(most)),
        "{needed}: {sizes:?}"
    );
    assert_eq!(
        sizes.last(),
        Some(&Scene::MIN_SIZE),
        "the plan ends at the baseline"
    );
    assert!(ours.iter().all(|action| action.start > Some(scene.now)));
    assert!(ours.iter().all(|action| action.max_size.is_none()));
    let key = keys::plan(Scene::TARGET);
    let plan = decode::<Plan>(&key, &stored(scene, &key).await?.bytes)?.body;
    assert!(plan.applied);
    assert_eq!(plan.actions.len(), ours.len());
    let day = SignedDuration::from_hours(24);
    assert!(plan.expires_at >= scene.now + day, "{}", plan.expires_at);
    Ok(())
}

/// Three alarms, one in each shape, each after demand has grown again: capacity grows with it, and
/// no delivery counts twice.
async fn a_surge(scene: &Scene) -> Outcome {
    let mut responder = scene.start("responder")?;
    let mut before = scene.groups.group(Scene::TARGET).await?.desired_capacity;
    let shapes = [AlarmEvent::direct, AlarmEvent::eventbridge, AlarmEvent::sns];
    for (round, shape) in shapes.into_iter().enumerate() {
        let now = Timestamp::now();
        scene.surge(now, 6, 4000.0).await?;
        let alarm = AlarmEvent {
            name: format!("demand-{round}"),
            at: now,
        };
        let said = report(responder.invoke(&shape(&alarm))?)?;
        let group = scene.groups.group(Scene::TARGET).await?;
        // Each round adds 4,000 requests a minute, which is twenty servers.
        assert!(
            group.desired_capacity >= before + 15,
            "round {round}: {said} {group:?}"
        );
        assert!(group.min_size > Scene::MIN_SIZE && group.desired_capacity <= Scene::MAX_SIZE);
        before = group.desired_capacity;
        let record = stored(scene, &keys::incident(Scene::TARGET)).await?;
        for again in shapes {
            report(responder.invoke(&again(&alarm))?)?;
        }
        let group = scene.groups.group(Scene::TARGET).await?;
        assert_eq!(group.desired_capacity, before, "round {round}, again");
        assert_eq!(
            stored(scene, &keys::incident(Scene::TARGET)).await?.version,
            record.version
        );
    }
    // No pending action may undo it.
    let soon = Timestamp::now() + SignedDuration::from_mins(30);
    for action in actions(scene).await? {
        if action.start < Some(soon) && action.name != "weekend" {
            assert!(action.min_size >= Some(before), "{action:?}");
        }
    }
    Ok(())
}

/// Memory runs out while demand stays: no server is added, people hear of it once, and it is looked
/// at again.
#[tokio::test]
async fn a_leak_raises_nothing_and_says_so() -> Outcome {
    let scene = Scene::leaking(Timestamp::now()).await?;
    let before = scene.groups.group(Scene::TARGET).await?;
    let alarm = AlarmEvent {
        name: "memory".to_owned(),
        at: Timestamp::now(),
    };
    let mut responder = scene.start("responder")?;
    let said = report(responder.invoke(&alarm.direct())?)?;
    assert_eq!(said["outcome"], "resource-leak", "{said}");
    let record = stored(&scene, &keys::incident(Scene::TARGET)).await?;
    // A second delivery changes nothing and tells nobody.
    report(responder.invoke(&alarm.eventbridge())?)?;
    assert_eq!(
        stored(&scene, &keys::incident(Scene::TARGET))
            .await?
            .version,
        record.version
    );
    let after = scene.groups.group(Scene::TARGET).await?;
    assert_eq!(
        (after.min_size, after.desired_capacity),
        (before.min_size, before.desired_capacity)
    );
    assert_eq!(actions(&scene).await?, []);
    let messages = scene.aws.messages(&scene.places.messages)?;
    let [message] = messages.as_slice() else {
        return Err(format!("not one message: {messages:?}").into());
    };
    let words = message["Message"].as_str().unwrap_or_default();
    assert!(words.contains("memory runs out in"), "{words}");
    assert!(words.contains("To do: "), "{words}");
    let attribute = &message["MessageAttributes"]["record"]["Value"];
    let record: Value = serde_json::from_str(attribute.as_str().unwrap_or_default())?;
    assert_eq!(record["kind"], "resource-leak", "{record}");
    assert_eq!(record["hold"], Value::Null, "{record}");
    let hourly = record["leak"]["eachHour"].as_f64().unwrap_or_default();
    assert!((11.0..13.0).contains(&hourly), "{record}");
    // The next look waits for its minute.
    assert!(scene.aws.messages(&scene.places.looks)?.is_empty());
    Ok(())
}

#[tokio::test]
async fn shadow_mode_touches_nothing() -> Outcome {
    let scene = Scene::set(Timestamp::now(), "shadow").await?;
    report(scene.run("forecaster", &json!({}))?)?;
    let said = report(scene.run("planner", &json!({}))?)?;
    assert_eq!(said["outcome"], "shadow", "{said}");
    let now = Timestamp::now();
    scene.surge(now, 6, 4000.0).await?;
    let alarm = AlarmEvent {
        name: "demand".to_owned(),
        at: now,
    };
    let said = report(scene.run("responder", &alarm.sns())?)?;
    assert_eq!(said["outcome"], "shadow", "{said}");
    assert_eq!(actions(&scene).await?, []);
    let group = scene.groups.group(Scene::TARGET).await?;
    assert_eq!(
        (group.min_size, group.desired_capacity),
        (Scene::MIN_SIZE, Scene::MIN_SIZE)
    );
    assert!(
        !scene
            .store
            .list(&keys::ledgers(Scene::TARGET))
            .await?
            .is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn what_is_missing_is_named() -> Outcome {
    let scene = Scene::bare(Timestamp::now()).await?;
    for name in ["forecaster", "planner"] {
        let Answer::Failure {
            error_type,
            message,
        } = scene.run(name, &json!({}))?
        else {
            return Err(format!("{name} worked without a configuration").into());
        };
        assert_eq!(error_type, "NoConfig", "{message}");
        // The cause is there, not only what it led to.
        assert!(message.contains("config/forescale.toml"), "{message}");
    }
    scene
        .configure("[[target]]\nname = \"web\"\nthroughputs = 1\n")
        .await?;
    let Answer::Failure {
        error_type,
        message,
    } = scene.run("planner", &json!({}))?
    else {
        return Err("the planner took a wrong configuration".into());
    };
    assert_eq!(error_type, "Config");
    assert!(message.contains("throughputs"), "{message}");
    let answer = scene.run("responder", &json!({"alarmData": {"state": {}}}))?;
    let Answer::Success(body) = answer else {
        return Err(format!("an event with missing fields: {answer:?}").into());
    };
    assert!(
        body["notes"][0]
            .as_str()
            .is_some_and(|note| note.contains("alarmName")),
        "{body}"
    );
    let group = scene.groups.group(Scene::TARGET).await?;
    assert_eq!(
        (group.min_size, group.desired_capacity),
        (Scene::MIN_SIZE, Scene::MIN_SIZE)
    );
    Ok(())
}

#[tokio::test]
async fn faults_of_aws_never_make_a_smaller_fleet() -> Outcome {
    let scene = Scene::set(Timestamp::now(), "active").await?;
    report(scene.run("forecaster", &json!({}))?)?;
    // Two refusals are within the client's own attempts.
    scene.aws.fail_next("autoscaling", 400, "Throttling", 2)?;
    report(scene.run("planner", &json!({}))?)?;
    let (planned, group) = (
        actions(&scene).await?,
        scene.groups.group(Scene::TARGET).await?,
    );
    assert!(!planned.is_empty());
    for (service, status, code) in [
        ("autoscaling", 400, "Throttling"),
        ("autoscaling", 500, "InternalFailure"),
        ("autoscaling", 403, "AccessDenied"),
        ("s3", 503, "SlowDown"),
        ("s3", 403, "AccessDenied"),
    ] {
        scene.aws.fail_next(service, status, code, 1000)?;
        let answer = scene.run("planner", &json!({}))?;
        scene.aws.fail_next(service, status, code, 0)?;
        let Answer::Failure { message, .. } = answer else {
            return Err(format!("{service} {code}: {answer:?}").into());
        };
        assert!(message.contains(code), "{service} {code}: {message}");
        assert_eq!(actions(&scene).await?, planned, "{service} {code}");
        let now = scene.groups.group(Scene::TARGET).await?;
        assert!(now.min_size >= group.min_size && now.desired_capacity >= group.desired_capacity);
    }
    // Without CloudWatch the plan goes on from the forecast.
    scene
        .aws
        .fail_next("monitoring", 500, "InternalFailure", 1000)?;
    report(scene.run("planner", &json!({}))?)?;
    Ok(())
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_named() -> Outcome {
    let scene = Scene::bare(Timestamp::now()).await?;
    let target = "[[target]]\nname = \"web\"\ngroup = \"nowhere\"\nmode = \"active\"\n\
                  load_balancer = \"app/shop/50dc6c495c0c9188\"\nmax_servers = 9\nthroughput = 200\n";
    scene.configure(target).await?;
    let Answer::Failure {
        error_type,
        message,
    } = scene.run("planner", &json!({}))?
    else {
        return Err("the planner planned for nothing".into());
    };
    assert_eq!(error_type, "TargetsFailed");
    assert!(message.contains("nowhere does not exist"), "{message}");
    Ok(())
}

#[test]
fn a_missing_variable_is_named() -> Outcome {
    for name in ["forecaster", "planner", "responder"] {
        let Err(error) = Function::start(&binary(name)?, &[]) else {
            return Err(format!("{name} started without a bucket").into());
        };
        assert!(error.to_string().contains("FORESCALE_BUCKET"), "{error}");
    }
    Ok(())
}

fn hour_start(at: Timestamp) -> Timestamp {
    timeseries::Step::HOUR.floor(at)
}
