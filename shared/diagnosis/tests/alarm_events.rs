//! Alarms in the three shapes in which AWS delivers them, with every variant of each.
use diagnosis::{Alarm, AlarmState, Delivery};
use serde_json::{Value, json};

fn direct() -> Value {
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:web",
        "alarmData": {
            "alarmName": "web",
            "state": {"value": "ALARM", "reason": "r", "timestamp": "2026-11-22T09:36:15.490+0000"},
            "configuration": {"description": null, "metrics": [
                {"id": "e", "expression": "m1/2", "returnData": true},
                {"id": "m1", "metricStat": {"metric": {"namespace": "n", "name": "c",
                    "dimensions": {"LoadBalancer": "app/x/1"}}, "period": 60, "stat": "Sum"}}]}
        }
    })
}

fn eventbridge() -> Value {
    json!({
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "resources": ["arn:aws:cloudwatch:us-east-1:1:alarm:web"],
        "detail": {
            "alarmName": "web",
            "state": {"value": "ALARM", "reason": "r", "timestamp": "2026-11-22T09:36:15.490+0000"},
            "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": {
                "namespace": "n", "name": "c", "dimensions": {"LoadBalancer": "app/x/1"}}}}]}
        }
    })
}

fn sns() -> Value {
    let message = json!({
        "AlarmName": "web", "AlarmDescription": null,
        "NewStateValue": "ALARM", "NewStateReason": "r",
        "StateChangeTime": "2026-11-22T09:36:15.490+0000",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:web",
        "Trigger": {"Dimensions": [{"value": "app/x/1", "name": "LoadBalancer"}]}
    });
    json!({"Records": [{"Sns": {"Message": message.to_string()}}]})
}

#[test]
fn all_three_shapes_are_the_same_alarm() {
    let mut seen = Vec::new();
    for (event, delivery) in [
        (direct(), Delivery::Direct),
        (eventbridge(), Delivery::EventBridge),
        (sns(), Delivery::Sns),
    ] {
        let alarms = Alarm::parse(&event).unwrap();
        assert_eq!(alarms.len(), 1);
        assert_eq!(alarms[0].delivery, delivery);
        assert_eq!(alarms[0].state, AlarmState::Alarm);
        assert_eq!(
            alarms[0].dimensions,
            [("LoadBalancer".to_owned(), "app/x/1".to_owned())]
        );
        seen.push(alarms[0].id());
    }
    assert!(
        seen.iter().all(|id| id == "web@2026-11-22T09:36:15.49Z"),
        "{seen:?}"
    );
}

#[test]
fn silenced_alarms_say_by_whom() {
    let mut muted = eventbridge();
    muted["detail"]["muteDetail"] = json!({"mutedByArn": "arn:mute"});
    assert_eq!(
        Alarm::parse(&muted).unwrap()[0].silenced_by.as_deref(),
        Some("muted by arn:mute")
    );
    let mut suppressed = direct();
    suppressed["alarmData"]["state"]["actionsSuppressedBy"] = json!("WaitPeriod");
    assert!(Alarm::parse(&suppressed).unwrap()[0].silenced_by.is_some());
}

#[test]
fn missing_fields_are_named() {
    let refuse = |event: Value| Alarm::parse(&event).unwrap_err().to_string();
    assert!(refuse(json!({})).ends_with("its fields are: none"));
    assert!(
        refuse(json!({"detail-type": "CloudWatch Alarm Configuration Change", "detail": {}}))
            .contains("not a CloudWatch alarm")
    );
    for (pointer, field) in [
        ("/alarmData/alarmName", "alarmData.alarmName"),
        ("/alarmData/state/value", "alarmData.state.value"),
        ("/alarmData/state/timestamp", "alarmData.state.timestamp"),
    ] {
        let mut event = direct();
        *event.pointer_mut(pointer).unwrap() = Value::Null;
        assert!(refuse(event).contains(field), "{field}");
    }
    assert!(refuse(json!({"Records": [{"Sns": {"Message": "not json"}}]})).contains("not JSON"));
    assert!(refuse(json!({"Records": [{}]})).contains("Records[].Sns.Message"));
    assert!(refuse(json!("text")).contains("none"));
}

const WHEN: &str = "2026-11-22T09:36:15.490+0000";

/// One state and configuration as the alarm's own action, a rule and a topic deliver it.
fn shapes(state: &Value, configuration: &Value, sns: &Value) -> [Value; 3] {
    let mut message = json!({
        "AlarmName": "shop", "AlarmDescription": null, "NewStateValue": state["value"],
        "NewStateReason": state["reason"], "StateChangeTime": state["timestamp"],
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:shop",
    });
    for (key, value) in sns.as_object().unwrap() {
        message[key] = value.clone();
    }
    [
        json!({"source": "aws.cloudwatch", "alarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:shop",
            "alarmData": {"alarmName": "shop", "state": state, "previousState": null,
                "configuration": configuration}}),
        json!({"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change",
            "resources": ["arn:aws:cloudwatch:us-east-1:1:alarm:shop"],
            "detail": {"alarmName": "shop", "state": state, "configuration": configuration}}),
        json!({"Records": [{"Sns": {"Message": message.to_string()}}]}),
    ]
}

fn state(data: Value) -> Value {
    let mut state = json!({"value": "ALARM", "reason": "crossed", "timestamp": WHEN});
    if let Value::Object(fields) = data {
        for (key, value) in fields {
            state[key] = value;
        }
    }
    state
}

fn only(event: &Value) -> Alarm {
    let mut alarms = Alarm::parse(event).unwrap_or_else(|error| panic!("{error}: {event}"));
    assert_eq!(alarms.len(), 1);
    alarms.remove(0)
}

/// What the alarm is about is found in each kind of alarm.
#[test]
fn every_kind_of_alarm_says_what_it_is_about() {
    let stat = json!({"id": "m1", "metricStat": {"metric": {"namespace": "AWS/ApplicationELB",
        "name": "RequestCount", "dimensions": {"LoadBalancer": "app/x/1"}}, "period": 86400,
        "stat": "Sum"}, "returnData": false});
    let sns_stat = json!({"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/ApplicationELB",
        "MetricName": "RequestCount", "Dimensions": [{"value": "app/x/1", "name": "LoadBalancer"}]},
        "Period": 86400, "Stat": "Sum"}, "ReturnData": false});
    let band = "ANOMALY_DETECTION_BAND(m1, 2)";
    let query = "SELECT SUM(RequestCount) FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer) \
                 WHERE LoadBalancer = 'app/x/1' AND AvailabilityZone != 'eu-west-1a'";
    let expression = |text: &str| json!({"id": "e", "expression": text, "returnData": true});
    let sns_expression = |text: &str| json!({"Id": "e", "Expression": text, "ReturnData": true});
    let bands = json!({"recentLowerThresholds": [1.0], "recentUpperThresholds": [9.0]});
    let cases = [
        (
            "metric math",
            state(json!({"reasonData": "{\"version\":\"1.0\"}"})),
            vec![expression("m1 / 2"), stat.clone()],
            vec![sns_expression("m1 / 2"), sns_stat.clone()],
        ),
        (
            "anomaly band",
            state(json!({"reasonData": bands.to_string()})),
            vec![stat.clone(), expression(band)],
            vec![sns_stat.clone(), sns_expression(band)],
        ),
        (
            "insights",
            state(json!(null)),
            vec![expression(query)],
            vec![sns_expression(query)],
        ),
    ];
    for (kind, state, metrics, sns) in cases {
        let configuration = json!({"description": null, "metrics": metrics});
        let trigger = json!({"Trigger": {"Metrics": sns, "Period": 86400}});
        for event in shapes(&state, &configuration, &trigger) {
            let alarm = only(&event);
            assert_eq!(
                alarm.dimensions,
                [("LoadBalancer".to_owned(), "app/x/1".to_owned())],
                "{kind}: {event}"
            );
            assert_eq!((alarm.silenced_by, alarm.behind.len()), (None, 0), "{kind}");
        }
    }
}

/// A composite alarm has no metrics; the alarms that made it go off stand for what it is about.
#[test]
fn a_composite_alarm_names_the_alarms_behind_it() {
    let triggering = json!({"triggeringAlarms": [
        {"arn": "arn:aws:cloudwatch:us-east-1:1:alarm:forescale-web:slow", "state": {"value": "ALARM"}},
        {"arn": "arn:aws:cloudwatch:us-east-1:1:alarm:other", "state": {"value": "OK"}},
    ]});
    let configuration = json!({"alarmRule": "ALARM(a) OR ALARM(b)"});
    let sns = json!({"AlarmRule": "ALARM(a)", "TriggeringChildren": [
        {"Arn": "arn:aws:cloudwatch:us-east-1:1:alarm:forescale-web:slow", "State": {"Value": "ALARM"}},
    ]});
    let composite = state(json!({"reasonData": triggering.to_string()}));
    for event in shapes(&composite, &configuration, &sns) {
        let alarm = only(&event);
        assert_eq!(alarm.behind, ["forescale-web:slow"], "{event}");
        assert!(alarm.dimensions.is_empty());
    }
    // Suppressed at the moment, or only before.
    let by = json!({"actionsSuppressedBy": "Alarm", "actionsSuppressedReason": "maintenance"});
    let sns = json!({"ActionsSuppressedBy": "Alarm", "ActionsSuppressedReason": "maintenance"});
    for event in shapes(&state(by), &configuration, &sns) {
        let by = only(&event).silenced_by;
        assert_eq!(
            by.as_deref(),
            Some("suppressed by Alarm: maintenance"),
            "{event}"
        );
    }
    let [mut before, mut rule, _] = shapes(&state(json!(null)), &configuration, &json!({}));
    before["alarmData"]["previousState"] = json!({"value": "OK", "actionsSuppressedBy": "Alarm"});
    rule["detail"]["muteDetail"] = Value::Null;
    assert_eq!(
        (only(&before).silenced_by, only(&rule).silenced_by),
        (None, None)
    );
}

/// Whatever else is missing, null or of another type, an alarm is one by name, state and time.
#[test]
fn what_is_not_needed_may_be_anything() {
    for odd in [
        json!(null),
        json!([]),
        json!("text"),
        json!(7),
        json!({"metrics": {"a": 1}}),
    ] {
        let data = state(json!({"reasonData": odd, "reason": odd}));
        let sns = json!({"Trigger": odd, "TriggeringChildren": odd, "NewStateReason": odd});
        for event in shapes(&data, &odd, &sns) {
            let alarm = only(&event);
            assert_eq!(
                (alarm.name.as_str(), alarm.state),
                ("shop", AlarmState::Alarm)
            );
        }
    }
    for value in ["OK", "INSUFFICIENT_DATA"] {
        for event in shapes(&state(json!({"value": value})), &json!({}), &json!({})) {
            assert_ne!(only(&event).state, AlarmState::Alarm);
        }
    }
    // Not a change of an alarm's state.
    for other in [
        "CloudWatch Alarm Contributor State Change",
        "CloudWatch Alarm Configuration Change",
    ] {
        let [_, mut event, _] = shapes(&state(json!(null)), &json!({}), &json!({}));
        event["detail-type"] = json!(other);
        assert!(Alarm::parse(&event).is_err(), "{other}");
    }
}
