//! What an incident leaves for the night after: it must not become a habit.
use crate::common::{ACTIVE, Stage, at, config, mins, series};
use documents::{Closed, Forecast, HeldBack, Hold, Incident, keys};
use jiff::SignedDuration;

/// The night of Monday, 9 November 2026, after five weeks of a daily wave; `odd` is what demand was
/// multiplied by in a minute.
fn night(odd: impl Fn(usize) -> f64, past: Vec<Hold>) -> Forecast {
    let now = at("2026-11-09T00:10:00Z");
    let start = now - mins(10) - SignedDuration::from_hours(35 * 24);
    let demand = series(start, 36 * 1440, |minute| {
        let turn = minute as f64 / 1440.0 * std::f64::consts::TAU;
        let single = f64::from((minute * 7919 % 101) as u32) / 101.0;
        (4000.0 * (1.5 - turn.cos()) + 300.0 * single) * odd(minute)
    });
    let stage = Stage::new(now, &config(ACTIVE), demand, true);
    let incident = Incident {
        past,
        ..Incident::default()
    };
    stage.put(&keys::incident("web"), incident);
    let ended = stage.forecaster();
    assert!(!ended.failed, "{ended:?}");
    stage.get(&keys::forecast("web", now)).expect("a forecast")
}

/// How far the quantiles of today's hour from 14:00 on are from those of `clean`, at most.
fn away(made: &Forecast, clean: &Forecast) -> f64 {
    let an_hour = 3600 / made.step_seconds as usize;
    let hour = 14 * an_hour..15 * an_hour;
    let of = |forecast: &Forecast| forecast.quantiles[hour.clone()].concat();
    let pairs = of(made).into_iter().zip(of(clean));
    pairs
        .map(|(made, clean)| (made / clean - 1.0).abs())
        .fold(0.0, f64::max)
}

#[test]
fn what_the_responder_held_for_does_not_come_again_in_the_forecast() {
    // Last Monday and yesterday, from 14:00 to 15:00, five times the usual.
    let spiked = |minute: usize| {
        let (day, of_day) = (minute / 1440, minute % 1440);
        let on = [28, 34].contains(&day) && (840..900).contains(&of_day);
        if on { 5.0 } else { 1.0 }
    };
    let hold = |day: &str| Hold {
        since: at(&format!("{day}T14:00:00Z")),
        until: at(&format!("{day}T15:20:00Z")),
        servers: 50,
        demand: 50_000.0,
        reason: "unforecast demand".to_owned(),
    };
    let clean = night(|_| 1.0, Vec::new());
    let taught = away(&night(spiked, Vec::new()), &clean);
    let recorded = vec![hold("2026-11-02"), hold("2026-11-08")];
    let untaught = away(&night(spiked, recorded), &clean);
    assert!(taught > 0.2, "what is not on record is learnt: {taught}");
    assert!(
        untaught < 0.05 && untaught < taught / 4.0,
        "{untaught} {taught}"
    );
}

/// Mondays at 14:00 for the third time: the night proposes the event, until it is announced or its
/// time is over.
#[test]
fn what_recurs_is_proposed_by_the_night_until_it_is_announced() {
    let closed = |start: &str| Closed {
        since: at(start),
        until: at(start) + mins(70),
        diagnosis: "unforecast-demand".to_owned(),
        highest: 15_000.0,
        expected: Some(6000.0),
        held_back: HeldBack::default(),
    };
    let mondays = [
        "2026-10-19T14:04:00Z",
        "2026-10-26T14:09:00Z",
        "2026-11-02T14:05:00Z",
    ];
    let ended = |now: &str, text: &str| {
        let now = at(now);
        let start = now - mins(10) - SignedDuration::from_hours(15 * 24);
        let flat = series(start, 16 * 1440, |minute| {
            5000.0 + f64::from((minute % 7) as u32)
        });
        let stage = Stage::new(now, text, flat, true);
        let incident = Incident {
            closed: mondays.map(closed).to_vec(),
            ..Incident::default()
        };
        stage.put(&keys::incident("web"), incident);
        let ended = stage.forecaster();
        assert!(!ended.failed, "{ended:?}");
        ended.text
    };
    let night = "2026-11-08T00:10:00Z";
    let told = ended(night, &config(ACTIVE));
    assert!(told.contains("3 Mondays in a row around 14:00"), "{told}");
    let event = &told[told.find("[[event]]").expect("an event")..];
    let event = &event[..event.find("multiplier = 2.5").expect("a factor") + 16];
    assert!(event.contains("start = 2026-11-09T14:00:00"), "{event}");
    // Added as it stands, it is announced; once its time has passed without one, it is history.
    let announced = format!("{}\n{event}\n", config(ACTIVE));
    assert!(!ended(night, &announced).contains("in a row"));
    assert!(!ended("2026-11-10T00:10:00Z", &config(ACTIVE)).contains("in a row"));
}
