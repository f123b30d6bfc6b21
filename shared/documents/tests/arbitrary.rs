//! Any possible document is read back to the last bit; any bytes end in a document or an error.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use documents::{Baseline, Document, Envelope, Forecast, History, Incident, Lease, Plan};
use documents::{DataRecord, Hold, MemoryRecord, PlanStep, SeenAlarm, decode, encode};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn grid() -> impl Strategy<Value = Timestamp> {
    (0_i64..1_000_000).prop_map(|hour| Timestamp::from_second(hour * 3600).unwrap())
}

fn step() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![60, 300, 900, 1800, 3600])
}

fn demand() -> impl Strategy<Value = f64> {
    prop_oneof![
        0.0..1e12_f64,
        Just(0.0),
        Just(f64::MIN_POSITIVE),
        Just(f64::MAX)
    ]
}

prop_compose! {
    fn history()(
        start in grid(),
        step_seconds in step(),
        values in vec((option::of(demand()), option::of(demand())), 0..50),
    ) -> History {
        let (demand, peak) = values.into_iter().unzip();
        History { start, step_seconds, demand, peak, asked_from: None }
    }
}

prop_compose! {
    fn forecast()(
        start in grid(),
        step_seconds in step(),
        mut rows in vec([demand(), demand(), demand()], 0..50),
        minute_spread in 0.0..3.0_f64,
        model in "\\PC{0,20}",
        steps in any::<usize>(),
        notes in vec("\\PC{0,20}", 0..3),
        memory in option::of((0.0..0.5_f64, 0.0..0.5_f64, 0.1..100.0_f64)),
    ) -> Forecast {
        rows.iter_mut().for_each(|row| row.sort_by(f64::total_cmp));
        Forecast {
            start,
            step_seconds,
            levels: vec![0.5, 0.9, 0.99],
            quantiles: rows.into_iter().map(Vec::from).collect(),
            minute_spread,
            model,
            candidates: Vec::new(),
            accuracy: documents::Accuracy::default(),
            data: DataRecord { steps, ..DataRecord::default() },
            events: Vec::new(),
            notes,
            memory: memory.map(|(lasting, passing, half_life_hours)| MemoryRecord {
                lasting,
                passing,
                half_life_hours,
                hourly: lasting + passing + 0.1,
            }),
            ..Forecast::default()
        }
    }
}

prop_compose! {
    fn plan()(
        decided_at in time(),
        starts in prop::collection::btree_set(time(), 0..20),
        fence in any::<u64>(),
        servers in any::<u32>(),
        reason in "\\PC{0,20}",
        human_floor in option::of(any::<u32>()),
        applied in any::<bool>(),
        rehearsed in any::<bool>(),
    ) -> Plan {
        let steps: Vec<PlanStep> = starts
            .into_iter()
            .map(|start| PlanStep { start, servers, reason: reason.clone() })
            .collect();
        Plan {
            decided_at,
            decided_by: reason,
            fence,
            floors: steps.clone(),
            steps,
            expires_at: decided_at,
            actions: Vec::new(),
            canary: None,
            policy: None,
            ceiling: None,
            shortfall: None,
            changed_at: None,
            found_min_size: servers,
            human_floor,
            applied,
            rehearsed,
            unsettled: if applied { Vec::new() } else { vec![servers] },
            forecast: None,
            notes: Vec::new(),
        }
    }
}

prop_compose! {
    fn incident()(
        since in time(),
        minutes in 0_i64..10_000,
        servers in any::<u32>(),
        demand in demand(),
        reason in "\\PC{0,20}",
    ) -> Incident {
        let until = since + jiff::SignedDuration::from_mins(minutes);
        let hold = Hold { since, until, servers, demand, reason: reason.clone() };
        let seen = SeenAlarm {
            id: reason.clone(),
            at: since,
            decision: reason,
            changed_at: Some(since),
        };
        Incident {
            hold: Some(hold.clone()),
            seen: vec![seen],
            past: vec![hold],
            ..Incident::default()
        }
    }
}

fn comes_back<B: Document + Clone + PartialEq + std::fmt::Debug>(body: B, at: Timestamp) {
    let document = Envelope::new(None, at, "somebody \"else\"\n", body);
    let bytes = encode(&document).unwrap();
    assert_eq!(decode::<B>("key", &bytes).unwrap(), document);
}

proptest! {
    #[test]
    fn possible_documents_come_back(
        history in history(),
        forecast in forecast(),
        plan in plan(),
        incident in incident(),
        at in time(),
        fence in any::<u64>(),
        sizes in any::<(u32, u32, u32)>(),
    ) {
        comes_back(history, at);
        comes_back(forecast, at);
        comes_back(plan, at);
        comes_back(incident, at);
        comes_back(Lease { holder: "x".to_owned(), fence, expires_at: at }, at);
        comes_back(
            Baseline {
                group: "g".to_owned(),
                min_size: sizes.0.min(sizes.1),
                max_size: sizes.0.max(sizes.1),
                desired_capacity: sizes.2,
            },
            at,
        );
    }

    #[test]
    fn any_bytes_end_well(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(decode::<Plan>("key", &bytes).is_err());
    }

    #[test]
    fn a_flipped_byte_ends_well(forecast in forecast(), at in time(), place: usize, byte: u8) {
        let document = Envelope::new(Some("web"), at, "forecaster", forecast);
        let mut bytes = encode(&document).unwrap();
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok(read) = decode::<Forecast>("key", &bytes) {
            prop_assert!(read.body.check().is_ok());
        }
    }
}
