//! One change of state of one alarm in the three shapes in which it may arrive.
//!
//! Source: Amazon CloudWatch user guide, "Invoke a Lambda function from an alarm" and "Alarm events
//! and EventBridge"; Amazon SNS messages of alarms.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// An alarm on the shop's demand that went off at `at`.
#[derive(Debug, Clone)]
pub struct AlarmEvent {
    /// Its name.
    pub name: String,
    /// When it changed to ALARM.
    pub at: Timestamp,
}

const REASON: &str = "Threshold Crossed: 3 datapoints were greater than the threshold (2500.0).";

impl AlarmEvent {
    fn arn(&self) -> String {
        format!(
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{}",
            self.name
        )
    }

    /// CloudWatch writes the offset without a colon.
    fn moment(&self) -> String {
        let local = self.at.to_zoned(TimeZone::UTC);
        local.strftime("%Y-%m-%dT%H:%M:%S.%3f%z").to_string()
    }

    fn configuration(&self) -> Value {
        json!({
            "description": null,
            "metrics": [{
                "id": "demand",
                "metricStat": {
                    "metric": {
                        "namespace": "AWS/ApplicationELB",
                        "name": "RequestCount",
                        "dimensions": {"LoadBalancer": "app/shop/50dc6c495c0c9188"},
                    },
                    "period": 60,
                    "stat": "Sum",
                },
                "returnData": true,
            }],
        })
    }

    fn states(&self) -> (Value, Value) {
        let state = json!({"value": "ALARM", "reason": REASON, "timestamp": self.moment()});
        let previous = json!({"value": "OK", "reason": "", "timestamp": self.moment()});
        (state, previous)
    }

    /// As the alarm's own Lambda action sends it.
    #[must_use]
    pub fn direct(&self) -> Value {
        let (state, previous) = self.states();
        json!({
            "source": "aws.cloudwatch",
            "alarmArn": self.arn(),
            "accountId": "123456789012",
            "time": self.moment(),
            "region": "eu-west-1",
            "alarmData": {
                "alarmName": self.name,
                "state": state,
                "previousState": previous,
                "configuration": self.configuration(),
            },
        })
    }

    /// As an EventBridge rule sends it.
    #[must_use]
    pub fn eventbridge(&self) -> Value {
        let (state, previous) = self.states();
        json!({
            "version": "0",
            "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "account": "123456789012",
            "time": self.at.to_string(),
            "region": "eu-west-1",
            "resources": [self.arn()],
            "detail": {
                "alarmName": self.name,
                "state": state,
                "previousState": previous,
                "configuration": self.configuration(),
            },
        })
    }

    /// As a subscription to an SNS topic sends it.
    #[must_use]
    pub fn sns(&self) -> Value {
        let message = json!({
            "AlarmName": self.name,
            "AlarmDescription": null,
            "AWSAccountId": "123456789012",
            "NewStateValue": "ALARM",
            "NewStateReason": REASON,
            "StateChangeTime": self.moment(),
            "Region": "EU (Ireland)",
            "AlarmArn": self.arn(),
            "OldStateValue": "OK",
            "Trigger": {
                "MetricName": "RequestCount",
                "Namespace": "AWS/ApplicationELB",
                "StatisticType": "Statistic",
                "Statistic": "SUM",
                "Unit": null,
                "Dimensions": [{"value": "app/shop/50dc6c495c0c9188", "name": "LoadBalancer"}],
                "Period": 60,
                "EvaluationPeriods": 3,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 2500.0,
            },
        });
        json!({
            "Records": [{
                "EventVersion": "1.0",
                "EventSource": "aws:sns",
                "EventSubscriptionArn": "arn:aws:sns:eu-west-1:123456789012:alarms:1",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
                    "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
                    "Subject": "ALARM",
                    "Message": message.to_string(),
                    "Timestamp": self.at.to_string(),
                },
            }],
        })
    }
}
