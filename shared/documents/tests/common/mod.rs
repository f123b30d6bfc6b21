//! One document of each kind, as a function would write it.

use documents::{
    Accuracy, AddedEvent, Baseline, Brief, BriefFact, CandidateRecord, Closed, DataRecord,
    DriftRecord, Events, Following, Forecast, HeldBack, History, Hold, HorizonRecord, Incident,
    LadderRung, LeadTimeRecord, Lease, LedgerEntry, LeftOutDays, LeftOutStretch, Measurements,
    MemoryRecord, NearRecord, News, PastRecord, Pause, Plan, PlanStep, PlannedAction,
    PromisedFloor, Raise, Record, Released, RepairRecord, ReplayRecord, ScoredNight, SeenAlarm,
    SeenMinutes, ShadowLedger, Spent, SpentHours, State, ThroughputRecord, TunedFor, Tuning,
};
use jiff::Timestamp;

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn history() -> History {
    History {
        start: at("2026-01-01T00:00:00Z"),
        step_seconds: 300,
        demand: vec![Some(0.1 + 0.2), None, Some(0.0)],
        peak: vec![Some(1e9), None, None],
        asked_from: None,
    }
}

pub(crate) fn forecast() -> Forecast {
    Forecast {
        start: at("2026-01-01T00:00:00Z"),
        step_seconds: 900,
        levels: vec![0.5, 0.9, 0.99],
        quantiles: vec![vec![10.0, 20.0, 30.0], vec![0.0, 0.0, 5.5]],
        minute_spread: 0.2,
        memory: Some(MemoryRecord {
            lasting: 0.1,
            passing: 0.4,
            half_life_hours: 3.0,
            hourly: 0.8,
        }),
        model: "combination".to_owned(),
        candidates: vec![CandidateRecord {
            name: "seasonal naive".to_owned(),
            weight: 1.0,
            weighted_quantile_loss: None,
            relative_error: Some(1.0),
        }],
        accuracy: Accuracy::default(),
        data: DataRecord {
            from: Some(at("2025-11-01T00:00:00Z")),
            steps: 5856,
            missing: 3,
            repaired: vec![RepairRecord {
                start: at("2025-12-01T00:00:00Z"),
                end: at("2025-12-01T01:00:00Z"),
                reason: "outage".to_owned(),
            }],
        },
        events: vec!["new-year".to_owned()],
        notes: Vec::new(),
        past: Some(PastRecord {
            start: at("2025-12-31T23:30:00Z"),
            medians: vec![8.0, 9.5],
        }),
        ..Forecast::default()
    }
}

pub(crate) fn record() -> Record {
    Record {
        nights: vec![ScoredNight {
            forecast: at("2026-01-01T00:00:00Z"),
            rung: LadderRung::Model,
            steps: 96,
            loss: 0.08,
            relative_error: Some(0.7),
            over_p90: 0.1,
            over_p95: 0.04,
            needed: 0.9,
            widened: 1.0,
            steady: true,
        }],
        untold: None,
        drift: DriftRecord {
            widening: 1.0,
            ..DriftRecord::default()
        },
    }
}

pub(crate) fn measurements() -> Measurements {
    Measurements {
        versions: [("i-0ea10fdc59a07df6e".to_owned(), "42".to_owned())].into(),
        throughput: Some(ThroughputRecord {
            at: at("2026-01-01T00:40:00Z"),
            made_for: "CPUUtilization 60".to_owned(),
            per_server: Some(640.0),
            measured_at: Some(at("2025-12-30T00:40:00Z")),
            notes: vec!["measured on 2016 points".to_owned()],
        }),
        lead_time: Some(LeadTimeRecord {
            at: at("2025-12-24T00:40:00Z"),
            seconds: 210,
        }),
        spent: Some(SpentHours {
            since: at("2026-01-01T00:00:00Z"),
            until: at("2026-01-01T00:40:00Z"),
            servers: 3,
            server_hours: 1.5,
            unknown_hours: 0.25,
        }),
    }
}

pub(crate) fn tuning() -> Tuning {
    let replayed = ReplayRecord {
        utilization: Some(0.9),
        price: 0.1,
        risk: 0.0009,
        server_minutes: 120_000.0,
        days: 14,
        kept: true,
    };
    Tuning {
        made_for: TunedFor {
            forecast: "targets/web/forecast/2026-01-01.json".to_owned(),
            throughput: 1000.0,
            lead_seconds: 420,
            risk: 0.001,
            every_seconds: 3600,
            utilization: Some(0.9),
            exact: false,
        },
        near: Some(NearRecord {
            least: 20.0,
            usual: 0.001,
            lowest: -0.5,
            hours: [1.0; 24],
            levels: vec![0.5, 0.9],
            horizons: vec![HorizonRecord {
                minutes: 5,
                gain: 0.8,
                errors: vec![0.0, 0.1],
                most: Some(0.2),
            }],
        }),
        price: Some(0.1),
        replayed: Some(replayed.clone()),
        best: Some(replayed),
        notes: vec!["fourteen days replayed".to_owned()],
    }
}

pub(crate) fn plan() -> Plan {
    let step = |start: &str, servers| PlanStep {
        start: at(start),
        servers,
        reason: "p99".to_owned(),
    };
    Plan {
        decided_at: at("2026-01-01T00:40:00Z"),
        decided_by: "planner".to_owned(),
        fence: 7,
        steps: vec![
            step("2026-01-01T01:00:00Z", 3),
            step("2026-01-01T02:00:00Z", 5),
        ],
        expires_at: at("2026-01-03T01:00:00Z"),
        floors: vec![step("2026-01-01T01:00:00Z", 4)],
        actions: vec![PlannedAction {
            name: "forescale-web-20260101T0100Z".to_owned(),
            start: at("2026-01-01T01:00:00Z"),
            min_size: 4,
            max_size: Some(40),
            desired_capacity: None,
        }],
        canary: None,
        policy: None,
        ceiling: Some(documents::Ceiling {
            own: 40,
            set: 12,
            lifted_at: Some(at("2026-01-01T04:00:00Z")),
            found: 40,
            by_hand: false,
        }),
        shortfall: None,
        changed_at: None,
        found_min_size: 2,
        human_floor: None,
        applied: false,
        rehearsed: true,
        unsettled: Vec::new(),
        forecast: Some("targets/web/forecast/2026-01-01.json".to_owned()),
        notes: Vec::new(),
    }
}

pub(crate) fn baseline() -> Baseline {
    Baseline {
        group: "web-asg".to_owned(),
        min_size: 1,
        max_size: 10,
        desired_capacity: 2,
    }
}

pub(crate) fn lease() -> Lease {
    Lease {
        holder: "planner 1234".to_owned(),
        fence: u64::MAX,
        expires_at: at("2026-01-01T00:45:00Z"),
    }
}

fn following() -> Following {
    Following {
        since: at("2026-01-01T10:00:00Z"),
        alarm: "web-high[6d44]@2026-01-01T09:59:00Z".to_owned(),
        alarm_name: Some("web-high".to_owned()),
        region: Some("eu-central-1".to_owned()),
        look: 4,
        looked_at: at("2026-01-01T10:03:00Z"),
        diagnosis: "unforecast-demand".to_owned(),
        phase: "growing".to_owned(),
        told: "unforecast-demand growing".to_owned(),
        calm: 0,
        changed: at("2026-01-01T10:03:00Z"),
        step: Some(Raise {
            at: at("2026-01-01T10:00:00Z"),
            from: 8,
            to: 12,
        }),
        highest: 18_400.0,
        expected: None,
        refreshed: false,
        measured: Some(at("2026-01-01T10:03:00Z")),
        due: Some(at("2026-01-01T10:04:00Z")),
        news: vec![News {
            state: "unforecast-demand held".to_owned(),
            times: 1,
        }],
        state: Some(State {
            state: "unforecast-demand held".to_owned(),
            since: at("2026-01-01T10:00:00Z"),
        }),
        held_back: HeldBack {
            servers: 3,
            lost: 9_000.0,
            each_minute: 3_000.0,
        },
    }
}

pub(crate) fn incident() -> Incident {
    let hold = Hold {
        since: at("2026-01-01T10:00:00Z"),
        until: at("2026-01-01T10:30:00Z"),
        servers: 12,
        demand: 18_400.0,
        reason: "demand 18,400/min, forecast p99 9,100/min".to_owned(),
    };
    Incident {
        hold: Some(hold.clone()),
        seen: vec![SeenAlarm {
            id: "web-high@2026-01-01T09:59:00Z".to_owned(),
            at: at("2026-01-01T10:00:00Z"),
            decision: "raised to 12".to_owned(),
            changed_at: Some(at("2026-01-01T09:59:00Z")),
        }],
        past: vec![hold],
        following: Some(following()),
        closed: vec![Closed {
            since: at("2026-01-01T08:00:00Z"),
            until: at("2026-01-01T08:40:00Z"),
            diagnosis: "unforecast-demand".to_owned(),
            highest: 18_400.0,
            expected: Some(8_000.0),
            held_back: HeldBack::default(),
        }],
        spent: Spent {
            day: "2026-01-01".to_owned(),
            servers: 5,
            month: "2026-01".to_owned(),
            server_minutes: 210.5,
        },
        shadow: false,
    }
}

pub(crate) fn events() -> Events {
    Events {
        events: vec![AddedEvent {
            added_at: at("2026-01-01T00:00:00Z"),
            toml: "name = \"show\"\n".to_owned(),
            uid: Some("1@calendar".to_owned()),
        }],
    }
}

pub(crate) fn left_out_days() -> LeftOutDays {
    LeftOutDays {
        stretches: vec![LeftOutStretch {
            start: at("2026-01-01T00:00:00Z"),
            end: at("2026-01-02T00:00:00Z"),
            reason: "load test".to_owned(),
        }],
    }
}

pub(crate) fn shadow_ledger() -> ShadowLedger {
    ShadowLedger {
        entries: vec![LedgerEntry {
            at: at("2026-01-01T00:40:00Z"),
            event: None,
            by: "planner".to_owned(),
            min_size: 2,
            in_service: 2,
            floor: 4,
            demand: Some(1234.5),
            would_write: 3,
            reason: "p99 of 3,900/min".to_owned(),
            promised: vec![PromisedFloor {
                start: at("2026-01-01T00:40:00Z"),
                servers: 4,
            }],
        }],
        seen: Some(SeenMinutes {
            of: "Shop/Requests Sum".to_owned(),
            start: at("2026-01-01T00:00:00Z"),
            demand: vec![Some(1234.5), None],
            in_service: vec![Some(2.0), None],
        }),
    }
}

pub(crate) fn pause() -> Pause {
    Pause {
        since: at("2026-01-01T00:00:00Z"),
        until: None,
        by: "Ada".to_owned(),
        reason: "migration".to_owned(),
    }
}

pub(crate) fn released() -> Released {
    Released {
        since: at("2026-01-01T00:00:00Z"),
        by: "Ada".to_owned(),
        reason: "moving away".to_owned(),
        found_min_size: 9,
        min_size: Some(2),
        done: false,
        by_pause: false,
    }
}

pub(crate) fn brief() -> Brief {
    Brief {
        mode: "shadow".to_owned(),
        facts: vec![BriefFact::cut("plan", "none", "", true)],
        zone: "Europe/Berlin".to_owned(),
        start: at("2026-01-01T00:00:00Z"),
        demand: vec![Some(120.5), None],
        expected: vec![None, Some(0.0)],
    }
}
