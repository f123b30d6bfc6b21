//! The model path on whatever a metric may hold, with holidays and occasions: no panic, nothing that is
//! not finite, quantiles in order, nothing below zero, the same twice.

use crate::common::{Watch, cases};
use ::holidays::Place;
use forecasting::{Effect, ForecastRequest, Holiday, Interval, Occasion, forecast};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use timeseries::{Series, Step};

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..1000.0_f64,
        2 => Just(0.0),
        2 => Just(f64::NAN),
        1 => prop::sample::select(vec![1e-300, 1e-9, 1e9, 1e15, 4_294_967_296.0, 1e100]),
    ]
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        any::<f64>().prop_map(Effect::Multiplier),
        any::<f64>().prop_map(Effect::Absolute),
        (0.0..100.0_f64).prop_map(Effect::Multiplier),
        (0_i64..2_000_000).prop_map(|back| Effect::Like(at(-back))),
        Just(Effect::Learnt),
    ]
}

fn at(seconds: i64) -> Timestamp {
    "2026-01-08T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_series_has_a_sound_forecast_or_an_error(
        day in prop::collection::vec(value(), 1..40),
        repeats in 1..30_usize,
        jump in prop::sample::select(vec![1.0, 60.0, 1000.0, 0.001]),
        effect in effect(),
        hours in (-200_i64..40, 0_i64..30, 0_i64..10),
        code in prop::sample::select(vec!["US", "JP", "DE-BY"]),
    ) {
        let _watch = Watch::over(format!("{day:?} x {repeats}, {jump}, {effect:?}, {hours:?}, {code}"));
        let mut values: Vec<f64> = day.iter().copied().cycle().take(day.len() * repeats).collect();
        let half = values.len() / 2;
        values[half..].iter_mut().for_each(|value| *value *= jump);
        let length = i64::try_from(values.len()).unwrap();
        let history = Series::new(at(-3600 * length), Step::HOUR, values).unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        let holidays = Holiday::kept(Place::find(code).unwrap(), &zone, history.start(), at(200_000));
        let (from, length, beside) = hours;
        let occasions = [0, 7 * 24].map(|back| Occasion {
            name: "any".to_owned(),
            during: Interval { start: at(3600 * (from - back)), end: at(3600 * (from - back + length)) },
            lead: SignedDuration::from_hours(beside),
            tail: SignedDuration::from_hours(beside),
            effect,
            announced_at: None,
        });
        let request = ForecastRequest {
            history: &history,
            cutoff: history.end(),
            step: Step::HOUR,
            horizon_steps: 40,
            zone: &zone,
            training_days: 56,
            occasions: &occasions,
            holidays: &holidays,
            left_out: &[],
        };
        let made = forecast(&request);
        if let Ok(made) = &made {
            for row in &made.forecast.rows {
                prop_assert!(row.iter().all(|value| value.is_finite() && *value >= 0.0), "{row:?}");
                prop_assert!(row.is_sorted(), "{row:?}");
            }
            let sound = |weight: f64| (0.0..=1.0).contains(&weight);
            prop_assert!(made.report.candidates.iter().all(|one| sound(one.weight)), "weights");
            prop_assert!(made == &forecast(&request).unwrap(), "another answer the second time");
            // Whichever thread is first, and whatever others do meanwhile.
            let others: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| forecast(&request))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            for other in others {
                prop_assert!(made == &other.unwrap(), "another answer on a thread");
            }
        }
    }
}
