//! Less usual alarms: of several time series, tests by hand, of rules and topics behind each other.
use diagnosis::{Alarm, AlarmState, Delivery};
use serde_json::{Value, json};

const AT: &str = "2026-11-22T09:36:15.490+0000";

fn only(event: &Value) -> Alarm {
    let mut alarms = Alarm::parse(event).unwrap_or_else(|error| panic!("{error}: {event}"));
    assert_eq!(alarms.len(), 1, "{event}");
    alarms.remove(0)
}

fn direct(data: Value) -> Value {
    let mut event = json!({"source": "aws.cloudwatch", "accountId": "1", "region": "eu-west-1",
        "time": AT, "alarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:shop"});
    event["alarmData"] = json!({"alarmName": "shop",
        "state": {"value": "ALARM", "reason": "crossed", "timestamp": AT}});
    merge(&mut event["alarmData"], data);
    event
}

fn by_rule(detail: Value) -> Value {
    let mut event = json!({"version": "0", "id": "1", "account": "1", "region": "eu-west-1",
        "time": "2026-11-22T09:36:15Z", "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": ["arn:aws:cloudwatch:eu-west-1:1:alarm:shop"]});
    event["detail"] = json!({"alarmName": "shop",
        "state": {"value": "ALARM", "reason": "crossed", "timestamp": AT}});
    merge(&mut event["detail"], detail);
    event
}

fn message(fields: Value) -> Value {
    let mut message = json!({"AlarmName": "shop", "AlarmDescription": null, "AWSAccountId": "1",
        "NewStateValue": "ALARM", "NewStateReason": "crossed", "StateChangeTime": AT,
        "OldStateValue": "OK", "Region": "EU (Ireland)"});
    merge(&mut message, fields);
    message
}

fn by_topic(message: &Value) -> Value {
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification",
        "Subject": "ALARM", "Message": message.to_string()}}]})
}

fn by_queue(body: &Value) -> Value {
    json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body.to_string()}]})
}

fn merge(into: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else {
        return;
    };
    for (key, value) in fields {
        into[key.as_str()] = value;
    }
}

fn named(dimensions: &[(String, String)]) -> Vec<(&str, &str)> {
    dimensions
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// A rule's target may be a topic, a topic's a queue: the alarm within is the same one.
#[test]
fn what_carries_an_alarm_does_not_change_it() {
    let stat = json!({"metrics": [{"id": "m", "metricStat": {"metric": {
        "namespace": "n", "name": "c", "dimensions": {"LoadBalancer": "app/x/1"}}}}]});
    let rule = by_rule(json!({"configuration": stat}));
    let sns = message(json!({"Trigger": {"Dimensions":
        [{"name": "LoadBalancer", "value": "app/x/1"}]}}));
    let envelope = |inner: &Value| json!({"Type": "Notification", "Message": inner.to_string()});
    for (event, delivery) in [
        (direct(json!({"configuration": stat})), Delivery::Direct),
        (rule.clone(), Delivery::EventBridge),
        (by_topic(&rule), Delivery::EventBridge),
        (by_queue(&rule), Delivery::EventBridge),
        (by_queue(&envelope(&rule)), Delivery::EventBridge),
        (by_topic(&sns), Delivery::Sns),
        (by_queue(&sns), Delivery::Sns),
        (by_queue(&envelope(&sns)), Delivery::Sns),
    ] {
        let alarm = only(&event);
        assert_eq!(alarm.delivery, delivery, "{event}");
        assert_eq!(alarm.id(), "shop@2026-11-22T09:36:15.49Z", "{event}");
        assert_eq!(named(&alarm.dimensions), [("LoadBalancer", "app/x/1")]);
    }
}

/// An alarm of Metrics Insights with `GROUP BY` calls for each time series by itself.
#[test]
fn a_time_series_of_an_alarm_is_told_apart_and_says_what_it_is_about() {
    let query = "SELECT AVG(RequestCount) FROM \"AWS/ApplicationELB\" GROUP BY LoadBalancer";
    let configuration = json!({"metrics": [{"id": "q", "expression": query, "period": 60}]});
    let of = |id: &str, balancer: &str| {
        only(&direct(json!({"configuration": configuration,
            "alarmContributor": {"id": id, "attributes": {"LoadBalancer": balancer}}})))
    };
    let (first, second) = (of("6d44", "app/x/1"), of("91ab", "app/y/2"));
    assert_eq!(named(&first.dimensions), [("LoadBalancer", "app/x/1")]);
    assert_eq!(named(&second.dimensions), [("LoadBalancer", "app/y/2")]);
    assert_eq!(first.name, second.name);
    assert_ne!(first.id(), second.id());
    // The whole alarm says how many; which, nobody knows.
    let whole = only(&by_rule(json!({"configuration": configuration})));
    assert!(whole.dimensions.is_empty() && whole.contributor.is_none());
}

/// `aws cloudwatch set-alarm-state`: no reason data unless given, and then anything.
#[test]
fn a_test_by_hand_is_an_alarm_like_any_other() {
    for data in [
        json!(null),
        json!("not json"),
        json!("{}"),
        json!("[1]"),
        json!("{\"a\": 1}"),
    ] {
        let state = json!({"value": "ALARM", "reason": "a test", "timestamp": AT,
            "reasonData": data});
        for event in [
            direct(json!({"state": state})),
            by_rule(json!({"state": state})),
        ] {
            let alarm = only(&event);
            assert_eq!(alarm.state, AlarmState::Alarm);
            assert_eq!(alarm.reason, "a test");
            assert_eq!(alarm.silenced_by, None);
        }
    }
    // Of a composite alarm it names no child: its rule does.
    let rule = "(ALARM(forescale-web-slow) OR ALARM(\"arn:aws:cloudwatch:eu-west-1:1:alarm:a:b\")) \
                AND NOT ALARM('maintenance') AND NOT OK(other)";
    let names = ["forescale-web-slow", "a:b"];
    let configuration = json!({"alarmRule": rule});
    for event in [
        direct(json!({"configuration": configuration})),
        by_rule(json!({"configuration": configuration})),
        by_topic(&message(
            json!({"AlarmRule": rule, "TriggeringChildren": []}),
        )),
    ] {
        assert_eq!(only(&event).behind, names, "{event}");
    }
}

/// Children of a composite alarm in SNS come as objects, with or without a state, or as ARNs.
#[test]
fn children_of_a_composite_alarm_come_in_several_forms() {
    let arn = "arn:aws:cloudwatch:eu-west-1:1:alarm:forescale-web-slow";
    for children in [
        json!([{"Arn": arn, "State": {"Value": "ALARM", "Timestamp": AT}}]),
        json!([{"Arn": arn}]),
        json!([arn]),
        json!([{"Arn": "arn:aws:cloudwatch:eu-west-1:1:alarm:b", "State": {"Value": "OK"}}, arn]),
    ] {
        let fields = json!({"AlarmRule": "ALARM(x)", "TriggeringChildren": children});
        assert_eq!(
            only(&by_topic(&message(fields))).behind,
            ["forescale-web-slow"]
        );
    }
}

/// An event that is muted or suppressed comes all the same, and says so.
#[test]
fn whoever_silences_it_is_named() {
    let mute = json!({"mutedByArn": "arn:aws:cloudwatch:eu-west-1:1:alarm-mute-rule:night",
        "muteWindowStart": AT, "muteWindowEnd": AT});
    let muted = "muted by arn:aws:cloudwatch:eu-west-1:1:alarm-mute-rule:night";
    let both = json!({"muteDetail": mute, "state": {"value": "ALARM", "timestamp": AT,
        "actionsSuppressedBy": "Alarm"}});
    let mute = json!({"muteDetail": mute});
    for fields in [mute, both] {
        for event in [
            direct(fields.clone()),
            by_rule(fields.clone()),
            by_queue(&by_rule(fields.clone())),
        ] {
            assert_eq!(only(&event).silenced_by.as_deref(), Some(muted), "{event}");
        }
    }
    for by in ["WaitPeriod", "ExtensionPeriod", "Alarm", "AlarmSuppressor"] {
        let state = json!({"value": "ALARM", "timestamp": AT, "actionsSuppressedBy": by,
            "actionsSuppressedReason": format!("Actions suppressed by {by}")});
        let told = format!("suppressed by {by}: Actions suppressed by {by}");
        for event in [
            direct(json!({"state": state})),
            by_rule(json!({"state": state})),
        ] {
            assert_eq!(only(&event).silenced_by.as_deref(), Some(told.as_str()));
        }
    }
    // Before, or by nobody.
    for fields in [
        json!({"muteDetail": null, "previousState": {"value": "OK", "actionsSuppressedBy": "Alarm"}}),
        json!({"state": {"value": "ALARM", "timestamp": AT, "actionsSuppressedBy": null}}),
        json!({"configuration": {"alarmRule": "ALARM(a)", "actionsSuppressor": "maintenance"}}),
    ] {
        assert_eq!(only(&by_rule(fields)).silenced_by, None);
    }
}

/// Without region code, ARN or description, and with what nobody expects of a metric.
#[test]
fn old_and_odd_alarms_are_read() {
    let old = message(
        json!({"Trigger": {"MetricName": "RequestCount", "Namespace": "n",
        "StatisticType": "Statistic", "Statistic": "SUM", "Unit": null, "Period": 86400,
        "Dimensions": [{"Name": "LoadBalancer", "Value": "app/x/1"}]}}),
    );
    let alarm = only(&by_topic(&old));
    assert_eq!((alarm.arn.as_deref(), alarm.dimensions.len()), (None, 1));
    for metrics in [
        json!([{"id": "m", "metricStat": {"metric": {"namespace": "n", "name": "c"}}}]),
        json!([{"id": "m", "metricStat": {"metric": {"dimensions": null}, "period": 86400}}]),
        json!([{"id": "m", "metricStat": {"metric": {"dimensions": {"a": 1}}}}, 7, null]),
        json!([{"id": "e", "expression": "SEARCH('{n,d} c', 'Sum')", "label": "select x = 'y'"}]),
        json!([]),
    ] {
        let alarm = only(&by_rule(json!({"configuration": {"metrics": metrics}})));
        assert!(alarm.dimensions.is_empty(), "{metrics}");
    }
    // Of PromQL: no metrics and no reason.
    let promql = json!({"configuration": {"evaluationCriteria": {"promQLCriteria": {"query": "up"}}},
        "state": {"value": "ALARM", "timestamp": AT}});
    assert_eq!(only(&direct(promql)).reason, "");
}

#[test]
fn times_are_read_as_cloudwatch_writes_them() {
    for text in [
        "2026-11-22T09:36:15.490+0000",
        "2026-11-22T09:36:15.49Z",
        "2026-11-22T10:36:15.490+0100",
        "2026-11-22T09:36:15.490+00:00",
        "2026-11-22T09: 36: 15.490+0000",
    ] {
        let state = json!({"value": "ALARM", "timestamp": text});
        let alarm = only(&direct(json!({"state": state})));
        assert_eq!(
            alarm.changed_at.to_string(),
            "2026-11-22T09:36:15.49Z",
            "{text}"
        );
    }
    let whole = json!({"value": "OK", "timestamp": "2026-11-22T09:36:15+0000"});
    let whole = only(&direct(json!({"state": whole})));
    assert_eq!(whole.changed_at.to_string(), "2026-11-22T09:36:15Z");
    for text in [
        "",
        "yesterday",
        "2026-13-22T09:36:15.490+0000",
        "1763804175",
    ] {
        let state = json!({"value": "ALARM", "timestamp": text});
        let refused = Alarm::parse(&direct(json!({"state": state}))).unwrap_err();
        assert!(
            refused.to_string().contains("alarmData.state.timestamp"),
            "{refused}"
        );
    }
}

/// What is no change of an alarm is refused, and the reason names it.
#[test]
fn what_is_not_ours_is_refused_by_its_name() {
    let mut contributor = by_rule(json!({"alarmContributor": {"id": "6d44", "attributes": {}}}));
    contributor["detail-type"] = json!("CloudWatch Alarm Contributor State Change");
    let mut changed = by_rule(json!({"operation": "update"}));
    changed["detail-type"] = json!("CloudWatch Alarm Configuration Change");
    let schedule = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    for (event, told) in [
        (
            contributor.clone(),
            "detail-type \"CloudWatch Alarm Contributor State Change\"",
        ),
        (by_topic(&contributor), "Contributor State Change"),
        (changed, "Configuration Change"),
        (schedule, "source \"aws.events\""),
        (json!({"Records": []}), "its fields are: Records"),
        (json!([]), "none"),
        (Value::Null, "none"),
        (by_topic(&json!({"budgetName": "x"})), "AlarmName"),
        (by_topic(&json!("text")), "AlarmName"),
        (by_queue(&json!({"Message": 7})), "Message"),
        (
            json!({"Records": [{"s3": {"bucket": {}}}]}),
            "Records[].Sns.Message",
        ),
    ] {
        let refused = Alarm::parse(&event).expect_err(told).to_string();
        assert!(refused.contains(told), "{refused}");
    }
}
