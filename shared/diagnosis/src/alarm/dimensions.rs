//! What an alarm is about: the dimensions of its metrics, and the alarms behind a composite one.

use serde_json::Value;

/// Dimensions in the JSON shapes: an object by name, per metric. Entries without `metricStat` are
/// expressions, which have none but in a query of Metrics Insights.
pub(super) fn of_metrics(metrics: Option<&Value>) -> Vec<(String, String)> {
    let mut dimensions = Vec::new();
    for metric in metrics.and_then(Value::as_array).into_iter().flatten() {
        let named = metric.pointer("/metricStat/metric/dimensions");
        for (name, value) in named.and_then(Value::as_object).into_iter().flatten() {
            dimensions.extend(pair(Some(name), value.as_str()));
        }
        dimensions.extend(of_query(metric.get("expression")));
    }
    dimensions
}

/// Dimensions in an SNS message: lists of `{name, value}`, the alarm's own or per metric.
pub(super) fn of_trigger(trigger: Option<&Value>) -> Vec<(String, String)> {
    let Some(trigger) = trigger else {
        return Vec::new();
    };
    let metrics = || {
        trigger
            .get("Metrics")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let nested = metrics().filter_map(|metric| metric.pointer("/MetricStat/Metric/Dimensions"));
    let listed = trigger.get("Dimensions").into_iter().chain(nested);
    listed
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|it| {
            let part = |key: &str| it.get(key).and_then(Value::as_str);
            pair(part("name"), part("value"))
        })
        .chain(metrics().flat_map(|metric| of_query(metric.get("Expression"))))
        .collect()
}

fn pair(name: Option<&str>, value: Option<&str>) -> Option<(String, String)> {
    Some((name?.to_owned(), value?.to_owned()))
}

/// What a query of Metrics Insights holds equal: `SELECT ... WHERE LoadBalancer = 'app/x/1'`. Quotes
/// are `'` around values and `"` around odd names. Source: CloudWatch user guide, "Metrics Insights
/// query components and syntax".
fn of_query(expression: Option<&Value>) -> Vec<(String, String)> {
    let query = expression.and_then(Value::as_str).unwrap_or_default();
    let is_query = query
        .split_whitespace()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("select"));
    if !is_query {
        return Vec::new();
    }
    // Every second part stands in quotes.
    let parts: Vec<&str> = query.split('\'').collect();
    parts
        .chunks_exact(2)
        .filter_map(|two| {
            let before = two[0].trim_end().strip_suffix('=')?.trim_end();
            if before.ends_with('!') {
                return None;
            }
            let name = match before.strip_suffix('"') {
                Some(quoted) => quoted.rsplit('"').next()?,
                None => before
                    .rsplit(|c: char| c.is_whitespace() || c == '(')
                    .next()?,
            };
            (!name.is_empty()).then(|| (name.to_owned(), two[1].to_owned()))
        })
        .collect()
}

/// Names of the alarms that made a composite one go off, from the reason data, which is JSON in a
/// string.
pub(super) fn behind(reason_data: Option<&Value>) -> Vec<String> {
    let text = reason_data.and_then(Value::as_str).unwrap_or_default();
    let data: Value = serde_json::from_str(text).unwrap_or_default();
    named(data.get("triggeringAlarms"), "/arn", "/state/value")
}

/// The same from an SNS message, where they stand for themselves.
pub(super) fn children(message: &Value) -> Vec<String> {
    named(message.get("TriggeringChildren"), "/Arn", "/State/Value")
}

fn named(list: Option<&Value>, arn: &str, state: &str) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|it| {
            let state = it.pointer(state).and_then(Value::as_str);
            state.is_none_or(|state| state == "ALARM")
        })
        // arn:aws:cloudwatch:region:account:alarm:name, and a name may hold colons.
        .filter_map(|it| it.pointer(arn)?.as_str()?.splitn(7, ':').nth(6))
        .map(str::to_owned)
        .collect()
}
