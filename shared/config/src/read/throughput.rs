use super::field::Field;
use super::section::Section;
use super::target::optional;
use super::{metric, response};
use crate::{Bound, BoundKind, DemandMetric, Signals, Throughput};

pub(crate) fn read(
    section: &Section<'_>,
    group: &str,
    signals: Option<&Signals>,
) -> Option<Throughput> {
    let allowed = "above 0, at most 1000000000 (requests per minute and server)";
    let whole = "requests per minute and server, or a table { utilization, initial, resource }";
    let number = |field: &Field<'_>| field.number(|value| value > 0.0 && value <= 1e9, allowed);
    let field = section.required("throughput", whole)?;
    let Some(section) = field.as_section() else {
        return number(&field).map(Throughput::Given);
    };
    let utilization = optional(section.get("utilization"), 60.0, |field| {
        let allowed = "1 to 100 (percent)";
        field.number(|percent| (1.0..=100.0).contains(&percent), allowed)
    });
    let value = section.get("value");
    let typed = value.is_some();
    if let (Some(_), Some(initial)) = (&value, section.get("initial")) {
        initial.refuse("stands beside value", "one of value and initial");
    }
    let initial = match value {
        Some(value) => number(&value),
        None => section
            .required("initial", allowed)
            .and_then(|field| number(&field)),
    };
    let cpu = response::cpu(group);
    let resource = optional(section.get("resource"), cpu, |field| {
        metric::read(field, "Average")
    });
    let bounds = bounds(&section, signals);
    section.finish();
    Some(Throughput::Measured {
        resource: resource?,
        utilization: utilization?,
        initial: initial?,
        typed,
        bounds: bounds?,
    })
}

/// What else one server is not to exceed.
fn bounds(section: &Section<'_>, signals: Option<&Signals>) -> Option<Vec<Bound>> {
    const PERCENT: &str = "above 0, at most 100 (percent)";
    const AMOUNT: &str = "above 0, at most 1000000000";
    const SHARE: &str = "above 0, at most 1 (share of demand)";
    let known = |of: fn(&Signals) -> Option<&DemandMetric>| signals.and_then(of).cloned();
    let kinds = [
        (
            "memory",
            BoundKind::Memory,
            (100.0, PERCENT),
            known(|signals| signals.exhaustible.first().map(|level| &level.metric)),
        ),
        (
            "response_time",
            BoundKind::ResponseTime,
            (1e9, AMOUNT),
            known(|signals| signals.response_time.as_ref()),
        ),
        (
            "errors",
            BoundKind::Errors,
            (1.0, SHARE),
            known(|signals| signals.errors.as_ref()),
        ),
        ("queue", BoundKind::Queue, (1e9, AMOUNT), None),
    ];
    // Every one is read before any is missed, so that all that is wrong is found.
    let read: Vec<Option<Bound>> = kinds
        .into_iter()
        .filter_map(|(key, kind, most, known)| {
            let field = section.get(key)?;
            Some(bound(&field, kind, most, known))
        })
        .collect();
    read.into_iter().collect()
}

fn bound(
    field: &Field<'_>,
    kind: BoundKind,
    (most, allowed): (f64, &str),
    known: Option<DemandMetric>,
) -> Option<Bound> {
    let section = field.section("a table { limit, namespace, name, dimensions, statistic }")?;
    let limit = section
        .required("limit", allowed)
        .and_then(|field| field.number(|value| value > 0.0 && value <= most, allowed));
    let named = ["namespace", "name", "dimensions", "statistic"];
    let metric = if named.iter().any(|key| section.get(key).is_some()) {
        let statistic = if kind == BoundKind::Errors {
            "Sum"
        } else {
            "Average"
        };
        metric::read_section(section, statistic)
    } else {
        section.finish();
        if known.is_none() {
            field.refuse(
                "names no metric",
                "namespace and name beside limit, or the metric in response",
            );
        }
        known
    };
    Some(Bound {
        kind,
        limit: limit?,
        metric: metric?,
    })
}
