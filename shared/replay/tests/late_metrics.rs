//! Demand that comes late, in part or not at all while its alarm, which goes by the band, has gone
//! off: the band is published ahead and is there in any case.
use crate::common::spiking::{incident, look_event};
use crate::common::{ACTIVE, Stage, alarm, at, config, forecast, metric, mins, series};
use local::CsvMetrics;
use timeseries::Series;

const NOW: &str = "2026-11-20T08:50:00Z";

/// 15,000 a minute from 08:40 on, at 08:50, but for what `shown` makes of the minutes before now.
fn demand(shown: impl Fn(usize, f64) -> f64) -> Series {
    series(at(NOW) - mins(8 * 60), 36 * 60, |m| {
        let value = if m < 470 { 5500.0 } else { 15_000.0 };
        match 480_usize.checked_sub(m + 1) {
            Some(before) => shown(before, value),
            None => value,
        }
    })
}

fn stage(shown: impl Fn(usize, f64) -> f64) -> Stage {
    let begun = at(NOW) - mins(10);
    let stage = Stage::new(begun, &config(ACTIVE), demand(|_, value| value), true);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
    assert!(!stage.planner().failed);
    stage.pass(mins(10), 5500.0);
    shows(stage, shown)
}

fn shows(stage: Stage, shown: impl Fn(usize, f64) -> f64) -> Stage {
    let metrics = CsvMetrics::new(stage.clock.clone()).with(metric(), demand(shown));
    Stage { metrics, ..stage }
}

#[test]
fn demand_some_minutes_late_or_in_part_is_answered_by_servers() {
    for late in 0..8 {
        let stage = stage(|before, value| if before < late { f64::NAN } else { value });
        let ended = stage.responder(&alarm(stage.now()));
        assert!(!ended.failed, "{late}: {ended:?}");
        assert!(stage.group().min_size >= 15, "{late}: {ended:?}");
    }
    // Of the newest minute, or of the two newest, only a part has come.
    for (minutes, part) in [(1, 0.1), (1, 0.6), (2, 0.5)] {
        let stage = stage(|before, value| {
            if before < minutes {
                part * value
            } else {
                value
            }
        });
        let before = stage.group();
        let ended = stage.responder(&alarm(stage.now()));
        let context = format!("{minutes} {part}: {ended:?}");
        assert!(!ended.failed, "{context}");
        assert!(stage.group().min_size >= before.min_size, "{context}");
        let Some((look, _)) = stage.notifier.take_looks().pop() else {
            panic!("no look: {context}");
        };
        let stage = shows(stage, |_, value| value);
        stage.pass(mins(1), 15_000.0);
        assert!(!stage.responder(&look_event(&look)).failed, "{context}");
        assert!(stage.group().min_size >= 15, "{context}");
    }
}

#[test]
fn demand_that_has_not_come_yet_is_unknown_until_it_comes() {
    for late in [10, 12, 30, 240] {
        let stage = stage(|before, value| if before < late { f64::NAN } else { value });
        let before = stage.group();
        let ended = stage.responder(&alarm(stage.now()));
        assert!(
            !ended.failed && ended.text.contains("servers kept"),
            "{late}: {ended:?}"
        );
        let kept = stage.group();
        assert!(
            kept.min_size >= before.desired_capacity,
            "{late}: {ended:?}"
        );
        let told = stage.notifier.messages();
        assert_eq!(told[0].record["kind"], "unknown", "{late}: {told:?}");
        let (look, _) = stage.notifier.take_looks().pop().expect("a look");
        let stage = shows(stage, |_, value| value);
        stage.pass(mins(1), 15_000.0);
        let ended = stage.responder(&look_event(&look));
        assert!(!ended.failed, "{late}: {ended:?}");
        assert!(stage.group().min_size >= 15, "{late}: {ended:?}");
        assert_eq!(incident(&stage).closed.len(), 0);
    }
}
