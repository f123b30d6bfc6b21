//! What an alarm is about: the dimensions of its metrics, and the alarms behind a composite one.

use serde_json::Value;

/// Dimensions of an alarm in the direct shape and that of EventBridge: of its metrics, and of the time
/// series that it is about.
pub(super) fn of_alarm(data: &Value) -> Vec<(String, String)> {
    let metrics = list(data.pointer("/configuration/metrics"));
    let mut dimensions: Vec<(String, String)> = metrics
        .flat_map(|metric| {
            let mut found = pairs(metric.pointer("/metricStat/metric/dimensions"));
            found.extend(of_query(metric.get("expression")));
            found
        })
        .collect();
    dimensions.extend(pairs(data.pointer("/alarmContributor/attributes")));
    dimensions
}

/// The same in an SNS message: the alarm's own or those of its metrics.
pub(super) fn of_message(message: &Value) -> Vec<(String, String)> {
    let mut dimensions = pairs(message.pointer("/Trigger/Dimensions"));
    for metric in list(message.pointer("/Trigger/Metrics")) {
        dimensions.extend(pairs(metric.pointer("/MetricStat/Metric/Dimensions")));
        dimensions.extend(of_query(metric.get("Expression")));
    }
    dimensions.extend(pairs(message.get("AlarmContributorAttributes")));
    dimensions
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// Dimensions as an object by name (direct, EventBridge) or as a list of `{name, value}` (SNS).
fn pairs(dimensions: Option<&Value>) -> Vec<(String, String)> {
    let text = |it: &Value, small: &str, large: &str| {
        let text = it.get(small).or_else(|| it.get(large))?;
        text.as_str().map(str::to_owned)
    };
    match dimensions {
        Some(Value::Object(named)) => named
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        Some(Value::Array(listed)) => listed
            .iter()
            .filter_map(|it| Some((text(it, "name", "Name")?, text(it, "value", "Value")?)))
            .collect(),
        _ => Vec::new(),
    }
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
/// string; those of its rule where there are none.
pub(super) fn behind(data: &Value) -> Vec<String> {
    let text = data.pointer("/state/reasonData").and_then(Value::as_str);
    let reason: Value = serde_json::from_str(text.unwrap_or_default()).unwrap_or_default();
    let named = named(reason.get("triggeringAlarms"), "/arn", "/state/value");
    or_of_rule(named, data.pointer("/configuration/alarmRule"))
}

/// The same from an SNS message, where they stand for themselves.
pub(super) fn children(message: &Value) -> Vec<String> {
    let named = named(message.get("TriggeringChildren"), "/Arn", "/State/Value");
    or_of_rule(named, message.get("AlarmRule"))
}

fn named(alarms: Option<&Value>, arn: &str, state: &str) -> Vec<String> {
    list(alarms)
        .filter(|it| {
            let state = it.pointer(state).and_then(Value::as_str);
            state.is_none_or(|state| state == "ALARM")
        })
        .filter_map(|it| it.as_str().or_else(|| it.pointer(arn)?.as_str()))
        .map(name_of)
        .collect()
}

/// `arn:aws:cloudwatch:region:account:alarm:name` or a name; a name may hold colons.
fn name_of(alarm: &str) -> String {
    let in_arn = alarm.starts_with("arn:");
    let name = in_arn.then(|| alarm.splitn(7, ':').nth(6)).flatten();
    name.unwrap_or(alarm).to_owned()
}

/// `named`, or else every alarm whose ALARM the rule asks for: `ALARM(a) OR ALARM("b")`.
/// Source: CloudWatch API reference, PutCompositeAlarm, AlarmRule.
fn or_of_rule(named: Vec<String>, rule: Option<&Value>) -> Vec<String> {
    if !named.is_empty() {
        return named;
    }
    let rule = rule.and_then(Value::as_str).unwrap_or_default();
    let wanted = |at: usize| !rule[..at].trim_end().ends_with("NOT");
    let states = rule.match_indices("ALARM").filter(|(at, _)| wanted(*at));
    states
        .map(|(at, word)| &rule[at + word.len()..])
        .filter_map(|after| {
            let inside = after.trim_start().strip_prefix('(')?.trim_start();
            let quote = inside
                .chars()
                .next()
                .filter(|first| ['"', '\''].contains(first));
            let name = match quote {
                Some(quote) => inside[1..].split(quote).next()?,
                None => inside.split(')').next()?.trim_end(),
            };
            (!name.is_empty()).then(|| name_of(name))
        })
        .collect()
}
