//! Nothing people may write makes the reader panic, and a refusal always says something.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use config::{Config, Event, EventEffect, EventTime, Every, parse_event};
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const WHOLE: &str = include_str!("forescale.toml");

fn check(text: &str) {
    if let Err(errors) = Config::parse("f", text) {
        assert!(!errors.findings.is_empty());
        for finding in errors.findings {
            assert!(finding.line >= 1 && finding.line <= text.lines().count().max(1) + 1);
            assert!(!finding.to_string().ends_with('.'));
        }
    }
    if let Err(errors) = parse_event("f", text) {
        assert!(!errors.findings.is_empty());
    }
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn a_damaged_configuration(cut in 0..WHOLE.len(), length in 0_usize..40, put in "[\\PC\n]{0,8}") {
        // The example is ASCII, so every place is a boundary.
        let end = (cut + length).min(WHOLE.len());
        check(&format!("{}{put}{}", &WHOLE[..cut], &WHOLE[end..]));
        check(&WHOLE[..cut]);
    }
}

fn event() -> impl Strategy<Value = Event> {
    let second = 0_i64..32_000_000_000;
    let time = (second, any::<bool>()).prop_map(|(second, local)| {
        let at = Timestamp::from_second(second).unwrap();
        if local {
            EventTime::Local(TimeZone::UTC.to_datetime(at))
        } else {
            EventTime::Instant(at)
        }
    });
    let every = prop_oneof![
        (1_u32..367).prop_map(Every::Days),
        Just(Every::Month),
        Just(Every::MonthWeekday),
        Just(Every::Year)
    ];
    let effect = prop_oneof![
        (0.0_f64..1000.0).prop_map(|f| EventEffect::Multiplier(f.max(f64::MIN_POSITIVE))),
        (0.0_f64..1e12).prop_map(EventEffect::Demand),
        (0_i16..1000).prop_map(|year| EventEffect::Like(date(1970 + year, 2, 28))),
        Just(EventEffect::Learnt),
    ];
    let whole = (
        "[^\\pC]{1,100}",
        proptest::collection::vec("[^\\pC]{0,10}", 0..3),
        time.clone(),
        1_i64..86_400,
        proptest::option::of((every, proptest::option::of(time.clone()))),
        (0_i64..2_678_401, 0_i64..2_678_401),
        effect,
        proptest::option::of(time),
    );
    whole.prop_map(
        |(name, targets, start, length, every, beside, effect, announced_at)| {
            let length = SignedDuration::from_secs(length);
            Event {
                name,
                targets,
                start,
                end: match start {
                    EventTime::Instant(at) => EventTime::Instant(at + length),
                    EventTime::Local(at) => EventTime::Local(at + length),
                },
                every: every.map(|(every, _)| every),
                until: every.and_then(|(_, until)| until),
                lead: SignedDuration::from_secs(beside.0),
                tail: SignedDuration::from_secs(beside.1),
                effect,
                announced_at,
            }
        },
    )
}

proptest! {
    #[test]
    fn an_event_is_written_as_it_is_read(event in event()) {
        let text = event.to_toml();
        let read = parse_event("f", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(read, event);
    }
}

#[test]
fn thousands_of_targets_are_read_at_once() {
    let targets: String = (0..3_000)
        .map(|number| {
            format!(
                "[[target]]\nname = \"service-{number}\"\nmax_servers = 9\nthroughput = 10\n\
                 demand = {{ namespace = \"A\", name = \"B\" }}\ntime_zone = \"Asia/Tokyo\"\n\n"
            )
        })
        .collect();
    let config = Config::parse("f", &targets).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.targets.len(), 3_000);
    let broken = targets.replacen("max_servers", "most_servers", 500);
    let errors = Config::parse("f", &broken).unwrap_err();
    assert_eq!(errors.findings.len(), 1_000, "each is named");
}
