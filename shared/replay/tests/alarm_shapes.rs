//! Alarms of every shape at the responder's door: what is ours is answered, however it comes, and
//! what is not is refused without a failure, which would deliver it again.
use crate::common::spiking::{incident, stage_of};
use crate::common::{ACTIVE, Stage, alarm, alarm_by_rule, alarm_by_topic, config};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A target whose alarms have names of their own, demand of `during`.
fn stage(during: f64) -> Stage {
    let text = format!(
        "{ACTIVE}\nalarms = [\"checkout-*\"]\n[target.response]\nresponse_time = {{ namespace = \
         \"Shop\", name = \"Latency\", dimensions = {{ Front = \"a\" }} }}"
    );
    stage_of(&config(&text), during)
}

fn direct(name: &str, at: Timestamp, configuration: Value, state: Value) -> Value {
    let mut event = alarm(at);
    event["alarmData"]["alarmName"] = name.into();
    event["alarmData"]["configuration"] = configuration;
    for (key, value) in state.as_object().unwrap() {
        event["alarmData"]["state"][key.as_str()] = value.clone();
    }
    event
}

fn metric(dimensions: Value) -> Value {
    json!({"metrics": [
        {"id": "e", "expression": "m / 2", "label": "half", "returnData": true},
        {"id": "m", "metricStat": {"metric": {"namespace": "n", "name": "c",
            "dimensions": dimensions}, "period": 60, "stat": "Sum"}, "returnData": false}]})
}

/// An event of the moment at which a stage is.
type Made = Box<dyn Fn(&Stage) -> Value>;

/// By the group's name, by another metric of the configuration, by a name pattern, by the alarms
/// behind a composite one, by the time series of Metrics Insights.
#[test]
fn an_alarm_of_any_shape_is_answered_once() {
    let rule = json!({"alarmRule": "ALARM(checkout-errors) OR ALARM(else)"});
    let query = "SELECT MAX(c) FROM n WHERE AutoScalingGroupName = 'web-asg'";
    let series = json!({"id": "6d", "attributes": {"AutoScalingGroupName": "web-asg"}});
    let at = |stage: &Stage| stage.now();
    let none = json!({});
    let cases: [(&str, Made); 6] = [
        ("group", {
            let none = none.clone();
            Box::new(move |s| {
                let group = json!({"AutoScalingGroupName": "web-asg"});
                direct("cpu", at(s), metric(group), none.clone())
            })
        }),
        ("metric", {
            let none = none.clone();
            Box::new(move |s| direct("slow", at(s), metric(json!({"Front": "a"})), none.clone()))
        }),
        ("pattern", {
            let none = none.clone();
            Box::new(move |s| direct("checkout-errors", at(s), json!(null), none.clone()))
        }),
        ("composite", {
            Box::new(move |s| direct("all", at(s), rule.clone(), json!({"reasonData": "{}"})))
        }),
        ("insights", {
            let none = none.clone();
            Box::new(move |s| {
                let metrics = json!({"metrics": [{"id": "q", "expression": query, "period": 60}]});
                direct("query", at(s), metrics, none.clone())
            })
        }),
        ("time series", {
            Box::new(move |s| {
                let mut event = direct("query", at(s), json!({}), none.clone());
                event["alarmData"]["alarmContributor"] = series.clone();
                event
            })
        }),
    ];
    for (name, event) in cases {
        let stage = stage(15_000.0);
        let event = event(&stage);
        for _ in 0..3 {
            let ended = stage.responder(&event);
            assert!(!ended.failed, "{name}: {ended:?}");
            // 15 and room for what single minutes do.
            assert_eq!(stage.group().min_size, 16, "{name}: {ended:?}");
        }
        assert_eq!(stage.notifier.messages().len(), 1, "{name}");
        assert_eq!(incident(&stage).seen.len(), 1, "{name}");
    }
}

/// One change of one alarm, by its own action, by a rule and by a topic at once.
#[test]
fn the_same_change_by_three_ways_is_one_decision() {
    let stage = stage_of(&config(ACTIVE), 15_000.0);
    let now = stage.now();
    let carried = json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1",
        "body": alarm_by_rule(now).to_string()}]});
    for event in [alarm_by_topic(now), alarm(now), alarm_by_rule(now), carried] {
        let ended = stage.responder(&event);
        assert!(!ended.failed, "{ended:?}");
        assert_eq!(stage.group().min_size, 16);
    }
    assert_eq!(stage.notifier.messages().len(), 1);
    assert_eq!(incident(&stage).seen.len(), 1);
    assert_eq!(stage.notifier.take_looks().len(), 1);
}

/// Somebody tries an alarm with SetAlarmState: what is measured decides, and nothing is wrong.
#[test]
fn a_test_by_hand_raises_nothing_and_is_answered() {
    let stage = stage(5500.0);
    let before = stage.group().min_size;
    let state = json!({"reason": "a test", "reasonData": null});
    let ended = stage.responder(&direct("checkout-errors", stage.now(), json!({}), state));
    assert!(!ended.failed, "{ended:?}");
    // Servers of the plan are on their way.
    assert_eq!(ended.word, "planned-ramp", "{ended:?}");
    assert_eq!(stage.group().min_size, before);
    assert_eq!(incident(&stage).hold, None);
    let told = stage.notifier.messages();
    assert!(
        told.len() == 1 && told[0].text.contains("a test"),
        "{told:?}"
    );
}

/// A failure would have it delivered again and again.
#[test]
fn what_is_not_ours_is_refused_with_a_reason_and_without_a_failure() {
    let stage = stage(15_000.0);
    let (now, written) = (stage.now(), stage.group_writes());
    let mut contributor = alarm_by_rule(now);
    contributor["detail-type"] = "CloudWatch Alarm Contributor State Change".into();
    let nobodys = metric(json!({"AutoScalingGroupName": "other"}));
    for (event, told) in [
        (contributor, "Contributor State Change"),
        (
            direct("other", now, nobodys, json!({})),
            "concerns no target",
        ),
        (
            json!({"source": "aws.events", "detail-type": "Scheduled Event"}),
            "Scheduled Event",
        ),
        (json!({"Records": []}), "refused"),
        (json!({"Records": [{"body": "not json"}]}), "not JSON"),
        (
            json!({"Records": [{"Sns": {"Message": "{\"budget\": 1}"}}]}),
            "AlarmName",
        ),
        (Value::Null, "refused"),
    ] {
        let ended = stage.responder(&event);
        assert!(
            !ended.failed && ended.text.contains(told),
            "{told}: {ended:?}"
        );
    }
    assert_eq!(stage.group_writes(), written);
    assert_eq!(
        (stage.group().min_size, incident(&stage).seen.len()),
        (6, 0)
    );
    assert_eq!(stage.notifier.messages().len(), 0);
}

/// A time that lies in the future does not make what comes after it old.
#[test]
fn a_change_of_the_future_overtakes_nothing() {
    let stage = stage_of(&config(ACTIVE), 15_000.0);
    let mut muted = alarm_by_rule(stage.now() + crate::common::mins(60 * 24 * 365));
    muted["detail"]["muteDetail"] = json!({"mutedByArn": "arn:mute"});
    assert!(!stage.responder(&muted).failed);
    let ended = stage.responder(&alarm(stage.now()));
    assert!(!ended.failed, "{ended:?}");
    assert_eq!(stage.group().min_size, 16, "{ended:?}");
}
