//! What the functions have to learn from: history, metrics.

use super::*;

#[test]
fn short_missing_and_holey_history_is_found() {
    let history = |days: i64, missing| {
        Seen::Known(Some(HistoryFacts {
            from: ago(24 * days),
            to: ago(0),
            missing,
        }))
    };
    let finding = only("history-short", Warning, |facts| {
        web(facts).history = history(9, 0.0)
    });
    assert_eq!(finding.numbers["days"], 9.0);
    only("history-short", Error, |facts| {
        web(facts).history = history(1, 0.0)
    });
    only("history-short", Error, |facts| {
        web(facts).history = Seen::Known(None)
    });
    let finding = only("history-gaps", Warning, |facts| {
        web(facts).history = history(30, 0.4)
    });
    assert_eq!(finding.numbers["missing_share"], 0.4);
    assert!(
        planted(|facts| web(facts).history = history(14, 0.2))
            .findings
            .is_empty()
    );
}

#[test]
fn silent_and_five_minute_metrics_are_found() {
    let points = |minutes, fives| Datapoints {
        hours: 3,
        minutes,
        fives,
    };
    only("metric-silent", Error, |facts| {
        web(facts).demand = Seen::Known(points(0, 0))
    });
    let finding = only("metric-coarse", Warning, |facts| {
        web(facts).demand = Seen::Known(points(36, 36))
    });
    assert_eq!(finding.numbers["by_five_minutes"], 36.0);
    let finding = only("metric-coarse", Warning, |facts| {
        web(facts).resource = Some(Seen::Known(points(36, 36)))
    });
    assert!(finding.fix.contains("detailed monitoring"));
    // Rare requests leave minutes out, but not by fives.
    assert!(
        planted(|facts| web(facts).demand = Seen::Known(points(60, 30)))
            .findings
            .is_empty()
    );
}
