//! What Forescale tells about itself: metrics, written as log lines.
//!
//! CloudWatch makes metrics of log lines in its embedded metric format (source:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>),
//! so that no call is made and no permission needed. Only what must carry another time than the
//! line's own goes through the metrics port: the band ahead of now, and demand of past minutes.

mod ages;
mod figures;
pub mod measures;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use ages::{forecast_age, last_night, plan_age};
pub(crate) use figures::of_outcome;
pub use figures::{Figures, of_servers};
use measures::{Measure, NAMESPACE, STACK, TARGET};

use crate::TargetReport;

/// One line in embedded metric format about a target, as of `at`; `None` where there is nothing to
/// tell. What is about the stack comes with each target, and CloudWatch's statistics put it together:
/// targets may be worked off by any number of runs.
#[must_use]
pub fn metric_line(report: &TargetReport, stack: &str, at: Timestamp) -> Option<String> {
    Some(metric_record(report, stack, at)?.to_string())
}

/// What [`metric_line`] says.
#[must_use]
pub fn metric_record(report: &TargetReport, stack: &str, at: Timestamp) -> Option<Value> {
    let figures = &report.figures;
    let of_target: Vec<&Measure> = figures
        .measures()
        .filter(|measure| measure.target <= figures.asked)
        .collect();
    let of_stack: Vec<&Measure> = figures
        .measures()
        .filter(|measure| measure.stack.is_some())
        .collect();
    // Another stack may have a target of the same name.
    let both: [(&[&str], _); 2] = [(&[STACK, TARGET], of_target), (&[STACK], of_stack)];
    let directives: Vec<Value> = both
        .into_iter()
        .filter(|(_, measures)| !measures.is_empty())
        .map(|(dimensions, measures)| directive(dimensions, &measures))
        .collect();
    if directives.is_empty() {
        return None;
    }
    let mut record = Map::new();
    record.insert(
        "_aws".to_owned(),
        json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": directives }),
    );
    record.insert(TARGET.to_owned(), Value::from(report.target.as_str()));
    record.insert(STACK.to_owned(), Value::from(stack));
    record.insert("outcome".to_owned(), Value::from(report.outcome));
    for (measure, value) in figures.iter() {
        record.insert(measure.name.to_owned(), Value::from(value));
    }
    Some(Value::Object(record))
}

fn directive(dimensions: &[&str], measures: &[&Measure]) -> Value {
    let metrics: Vec<Value> = measures
        .iter()
        .map(|measure| json!({ "Name": measure.name, "Unit": measure.unit.as_str() }))
        .collect();
    json!({ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics })
}

#[cfg(test)]
mod tests {
    use config::Published;

    use super::measures::*;
    use super::*;

    fn report(asked: Published) -> TargetReport {
        let mut report = TargetReport::new("web", "planned", "");
        report.figures.asked = asked;
        report.figures.add(&FLOOR, 4.0);
        report.figures.add(&PLAN_AGE, 0.0);
        report.figures.add(&FORECAST_AGE, f64::NAN);
        report
    }

    /// The metrics that CloudWatch would make of `record`: dimensions, their values, name, value, unit.
    fn made(record: &Value) -> Vec<(String, String, String, f64, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let directives = record["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let mut made = Vec::new();
        for directive in directives {
            assert_eq!(directive["Namespace"], NAMESPACE);
            for set in directive["Dimensions"].as_array().unwrap() {
                let names: Vec<String> = set.as_array().unwrap().iter().map(text).collect();
                let values: Vec<String> = names.iter().map(|name| text(&record[name])).collect();
                for metric in directive["Metrics"].as_array().unwrap() {
                    let name = text(&metric["Name"]);
                    made.push((
                        names.join("/"),
                        values.join("/"),
                        name.clone(),
                        record[&name].as_f64().unwrap(),
                        text(&metric["Unit"]),
                    ));
                }
            }
        }
        made
    }

    fn metric(
        dimension: &str,
        of: &str,
        name: &str,
        value: f64,
        unit: &str,
    ) -> (String, String, String, f64, String) {
        (dimension.into(), of.into(), name.into(), value, unit.into())
    }

    #[test]
    fn a_line_is_what_cloudwatch_makes_metrics_of() {
        let at: Timestamp = "2026-11-20T08:40:00.5Z".parse().unwrap();
        let line = metric_line(&report(Published::All), "forescale", at).unwrap();
        assert!(!line.contains('\n'));
        let record: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(record["_aws"]["Timestamp"], 1_795_164_000_500_i64);
        assert_eq!(
            made(&record),
            [
                metric("Stack/Target", "forescale/web", "Floor", 4.0, "Count"),
                metric("Stack/Target", "forescale/web", "PlanAge", 0.0, "Seconds"),
                metric("Stack", "forescale", "PlanAge", 0.0, "Seconds"),
            ]
        );
    }

    #[test]
    fn a_target_is_told_about_as_much_as_is_asked_for() {
        let of_target = |asked| {
            let record = metric_record(&report(asked), "s", Timestamp::UNIX_EPOCH).unwrap();
            let made = made(&record).into_iter();
            let of_target = made.filter(|(dimensions, ..)| dimensions == "Stack/Target");
            of_target.map(|(_, _, name, ..)| name).collect::<Vec<_>>()
        };
        assert_eq!(of_target(Published::Stack), [""; 0]);
        assert_eq!(of_target(Published::Chart), ["Floor"]);
        assert_eq!(of_target(Published::All), ["Floor", "PlanAge"]);
    }

    #[test]
    fn two_stacks_with_targets_of_one_name_have_metrics_of_their_own() {
        let of = |stack| {
            let record = metric_record(&report(Published::All), stack, Timestamp::UNIX_EPOCH);
            let made = made(&record.unwrap()).into_iter();
            made.map(|(dimensions, values, name, ..)| (dimensions, values, name))
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert!(of("staging").is_disjoint(&of("production")));
    }

    #[test]
    fn a_target_without_figures_has_no_line() {
        let off = TargetReport::new("web", "off", "");
        assert_eq!(metric_line(&off, "s", Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn names_are_unique_and_no_line_is_too_large() {
        let names: std::collections::BTreeSet<&str> = MEASURES.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), MEASURES.len());
        // CloudWatch takes 100 metrics in a directive.
        assert!(names.len() <= 100);
        for reserved in [TARGET, STACK, "_aws", "outcome"] {
            assert!(!names.contains(reserved));
        }
    }
}
