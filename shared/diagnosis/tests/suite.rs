//! A labelled suite: what the simulator did is what the diagnosis finds.
use crate::scenarios::Setting;
use diagnosis::{Band, Caps, Evidence, Fleet, Kind, Phase, Standing, Track, decide, diagnose};
use jiff::SignedDuration;

/// Seeds of the suite; larger draws are the example's, `confusion`.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=8;

#[test]
fn every_kind_is_found_and_no_spike_is_withheld_from() {
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for kind in Kind::ALL {
        for seed in SEEDS {
            let drawn = crate::scenarios::draw(Setting::Usual, kind, seed);
            let decision = decide(&drawn.evidence, None, &drawn.policy, drawn.evidence.until);
            let spike = matches!(kind, Kind::UnforecastDemand | Kind::CapReached);
            assert!(
                !(spike && decision.kind.withholds()),
                "{seed}: {} taken for {:?}: {}",
                drawn.about,
                decision.kind,
                decision.reason
            );
            assert!((0.0..=1.0).contains(&decision.diagnosis.confidence));
            assert!(!decision.diagnosis.evidence.is_empty() && !decision.advice.is_empty());
            // Whatever it is, nothing is ever lowered by a first decision.
            let there = drawn.evidence.fleet.desired.min(drawn.evidence.fleet.most);
            assert!(
                decision
                    .hold
                    .is_none_or(|hold| hold >= there || kind == Kind::UnforecastDemand)
            );
            all += 1;
            if decision.kind == kind {
                right += 1;
            } else {
                wrong.push(format!("{} {seed}: {}", kind.word(), decision.reason));
            }
        }
    }
    assert!(all >= 60);
    assert!(
        f64::from(right) >= 0.95 * f64::from(all),
        "{right} of {all}: {wrong:#?}"
    );
}

/// Few servers, much noise, metrics of five minutes: less can be told then, but no spike may be
/// withheld from.
#[test]
fn no_spike_is_withheld_from_where_less_can_be_told() {
    for setting in Setting::ALL {
        for seed in 1..=40 {
            let drawn = crate::scenarios::draw(setting, Kind::UnforecastDemand, seed);
            let decision = decide(&drawn.evidence, None, &drawn.policy, drawn.evidence.until);
            assert!(
                !decision.kind.withholds(),
                "{setting:?} {seed}: {} taken for {}",
                drawn.about,
                decision.reason
            );
        }
    }
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// Ten servers of 1,000 a minute at `demand`, forecast 8,000, at most 9,000.
fn at(demand: &[f64]) -> Evidence {
    let fleet = Fleet {
        in_service: 10,
        unhealthy: 0,
        booting: 0,
        desired: 10,
        most: 100,
        planned: 10,
    };
    let mut evidence = Evidence::bare(crate::scenarios::minute(240), fleet, 1000.0, minutes(5));
    let mut values = vec![8000.0; 60];
    values.extend_from_slice(demand);
    let present = values.len() - 1;
    let ahead = values.len() + 60;
    evidence.demand = Some(Track::new(values, "demand"));
    evidence.band = Some(Band {
        lower: vec![7000.0; ahead],
        median: vec![8000.0; ahead],
        upper: vec![9000.0; ahead],
        present,
    });
    evidence
}

fn decided(evidence: &Evidence, standing: Option<Standing>, caps: Caps) -> diagnosis::Decision {
    decide(
        evidence,
        standing.as_ref(),
        &crate::scenarios::policy(caps),
        evidence.until,
    )
}

#[test]
fn a_step_is_met_and_a_ramp_is_met_where_it_will_be() {
    let step = decided(&at(&[30_000.0; 4]), None, Caps::default());
    assert_eq!(
        (step.kind, step.phase),
        (Kind::UnforecastDemand, Phase::Growing)
    );
    let hold = step.hold.unwrap();
    assert!((30..=33).contains(&hold), "{hold}");
    // 1,000 a minute more each minute, and 5 minutes of boot, one and a half until the next look.
    let ramp: Vec<f64> = (1..=8).map(|m| 8000.0 + 1000.0 * f64::from(m)).collect();
    let met = decided(&at(&ramp), None, Caps::default());
    let hold = met.hold.unwrap();
    assert!((22..=25).contains(&hold), "{hold}: {}", met.reason);
    assert!(
        met.reason.contains("forecast 8,000/min, p99 9,000/min"),
        "{}",
        met.reason
    );
    assert!(
        met.reason.contains("10 of 10 servers in service"),
        "{}",
        met.reason
    );
}

#[test]
fn a_fall_that_the_forecast_knows_is_no_outage_unless_something_bears_it_out() {
    let fallen: Vec<f64> = [vec![1500.0; 6], vec![8000.0; 12]].concat();
    let kinds = |lower: f64, unhealthy: Option<f64>| {
        let mut evidence = at(&fallen);
        if let Some(band) = &mut evidence.band {
            band.lower.fill(lower);
        }
        evidence.unhealthy = unhealthy.map(|count| {
            let mut values = vec![0.0; 60];
            values.extend([vec![count; 6], vec![0.0; 12]].concat());
            Track::new(values, "unhealthy")
        });
        decided(&evidence, None, Caps::default()).kind
    };
    assert_eq!(kinds(7000.0, None), Kind::Recovery);
    assert_eq!(kinds(1000.0, None), Kind::Covered);
    assert_eq!(kinds(f64::NAN, None), Kind::Recovery);
    assert_eq!(kinds(1000.0, Some(3.0)), Kind::Recovery);
}

#[test]
fn what_usually_passes_before_servers_come_takes_none_while_it_is_inside_the_forecast() {
    let held = |burst: f64, stays: Option<f64>| {
        let mut evidence = at(&[burst; 3]);
        if let Some(band) = &mut evidence.band {
            band.upper.fill(20_000.0);
        }
        evidence.stays = stays;
        decided(&evidence, None, Caps::default()).hold.unwrap_or(0)
    };
    let whole = held(14_000.0, None);
    assert!(whole >= 14, "{whole}");
    assert_eq!(held(14_000.0, Some(1.0)), whole);
    // 8,000 times 1.75 to the power of 0.2 is 8,950: the ten that are there carry it.
    assert!(held(14_000.0, Some(0.2)) <= 10);
    let half = held(14_000.0, Some(0.7));
    assert!(half > 10 && half < whole, "{half}");
    // Beyond the forecast nothing is usual.
    assert_eq!(held(25_000.0, Some(0.2)), held(25_000.0, None));
}

/// Three of nine servers run a release of an hour ago, and only their memory climbs.
#[test]
fn a_leak_since_a_release_names_its_servers_and_version() {
    let mut evidence = at(&[8000.0; 180]);
    let server = |index: u32, version: &str, value: &dyn Fn(usize) -> f64| diagnosis::Server {
        id: format!("i-{index}"),
        version: Some(version.to_owned()),
        resource: Track::new((0..240).map(value).collect(), "memory"),
        ..diagnosis::Server::default()
    };
    let wobble = |m: usize| [0.0, 0.4, -0.3, 0.2, -0.1][m % 5];
    let steady = |m: usize| 40.0 + wobble(m);
    let young = |m: usize| match m.checked_sub(178) {
        None => f64::NAN,
        Some(age) => 30.0 + 0.25 * age as f64 + wobble(m),
    };
    evidence.servers = (0..9)
        .map(|index| match index {
            0..3 => server(index, "8", &young),
            _ => server(index, "7", &steady),
        })
        .collect();
    // Three were replaced: the mean falls, then climbs by a third of it.
    let mean = |m: usize| match m.checked_sub(178) {
        None => steady(m),
        Some(_) => (6.0 * steady(m) + 3.0 * young(m)) / 9.0,
    };
    evidence.resources = vec![diagnosis::Resource {
        name: "memory".to_owned(),
        full: 100.0,
        track: Track::new((0..240).map(mean).collect(), "memory"),
    }];
    let found = diagnose(&evidence);
    assert_eq!(found.kind, Kind::ResourceLeak, "{:?}", found.evidence);
    let leak = found.leak.unwrap();
    assert_eq!(leak.servers, ["i-0", "i-1", "i-2"]);
    assert!((leak.each_hour - 15.0).abs() < 1.0, "{leak:?}");
    let left = leak.left.as_mins();
    assert!((190..=240).contains(&left), "{left}");
    let told = found.evidence.join("; ");
    assert!(told.contains("all of version 8"), "{told}");
}

/// What EC2 reports by itself comes each five minutes and stands for them.
#[test]
fn five_minute_metrics_tell_the_same_and_old_demand_says_nothing_of_now() {
    let mut right = 0;
    for kind in Kind::ALL {
        for seed in SEEDS {
            let drawn = crate::scenarios::draw(Setting::Sparse, kind, seed);
            let now = drawn.evidence.until;
            let decision = decide(&drawn.evidence, None, &drawn.policy, now);
            right += u32::from(decision.kind == kind);
        }
    }
    assert!(right >= 82, "{right} of 96");
    let mut evidence = at(&[8000.0; 20]);
    assert_eq!(
        decided(&evidence, None, Caps::default()).kind,
        Kind::Covered
    );
    if let Some(track) = &mut evidence.demand {
        let length = track.values.len();
        track.values[length - 5..].fill(f64::NAN);
    }
    let stale = decided(&evidence, None, Caps::default());
    assert_eq!((stale.kind, stale.hold), (Kind::Unknown, Some(10)));
    assert!(format!("{:?}", stale.diagnosis).contains("5 min old"));
}

#[test]
fn caps_hold_back_and_say_what_that_costs() {
    let caps = |day_left| Caps {
        day_left: Some(day_left),
        ..Caps::default()
    };
    let some = decided(&at(&[30_000.0; 4]), None, caps(7));
    assert_eq!((some.hold, some.kind), (Some(17), Kind::UnforecastDemand));
    assert!(some.held_back >= 13 && some.lost > 12_000.0, "{some:?}");
    assert!(some.bound.as_deref().unwrap().contains("per day"));
    let none = decided(&at(&[30_000.0; 4]), None, caps(0));
    assert_eq!((none.hold, none.kind), (Some(10), Kind::CapReached));
    assert!(none.reason.contains("held back by"), "{}", none.reason);
}

#[test]
fn what_is_held_goes_back_in_steps_once_demand_is_back() {
    let mut held = 30;
    let mut evidence = at(&[8000.0; 30]);
    evidence.fleet.planned = 10;
    evidence.fleet.desired = held;
    evidence.fleet.in_service = held;
    let long_ago = evidence.until - minutes(30);
    let mut seen = vec![held];
    loop {
        let standing = Standing {
            servers: held,
            changed: long_ago,
        };
        let decision = decided(&evidence, Some(standing), Caps::default());
        match decision.hold {
            Some(next) => {
                assert_eq!(decision.phase, Phase::HandingBack);
                assert!(next < held && held - next <= (held - 10).div_ceil(4).max(1));
                held = next;
                seen.push(held);
            }
            None => {
                assert_eq!(decision.phase, Phase::Over);
                break;
            }
        }
    }
    assert!(seen.len() > 4, "{seen:?}");
    // Not within five minutes of the last step, not on a gap, not while demand is above the band.
    let standing = Standing {
        servers: 30,
        changed: evidence.until - minutes(2),
    };
    assert_eq!(
        decided(&evidence, Some(standing), Caps::default()).hold,
        Some(30)
    );
    let standing = Standing {
        changed: long_ago,
        ..standing
    };
    let mut gap = evidence.clone();
    if let Some(track) = &mut gap.demand {
        let length = track.values.len();
        track.values[length - 8..length - 2].fill(f64::NAN);
    }
    assert_eq!(
        decided(&gap, Some(standing), Caps::default()).hold,
        Some(30)
    );
    let blind = Evidence {
        demand: None,
        ..evidence.clone()
    };
    assert_eq!(
        decided(&blind, Some(standing), Caps::default()).hold,
        Some(30)
    );
}

/// Looked at again, a hold stays what it is: neither a bridge over a leak nor a canary's share counts
/// what was added before.
#[test]
fn a_second_look_neither_adds_to_a_bridge_nor_takes_from_a_canary() {
    let mut leak = (1..=50)
        .map(|seed| crate::scenarios::draw(Setting::Usual, Kind::ResourceLeak, seed))
        .find(|drawn| {
            decide(&drawn.evidence, None, &drawn.policy, drawn.evidence.until)
                .hold
                .is_none()
        })
        .unwrap();
    leak.policy.people_within = minutes(100_000);
    let mut canary = (
        at(&[30_000.0; 6]),
        crate::scenarios::policy(Caps::default()),
    );
    canary.1.share = 0.3;
    for (mut evidence, policy) in [(leak.evidence, leak.policy), canary] {
        let first = decide(&evidence, None, &policy, evidence.until);
        let hold = first.hold.unwrap();
        assert!(hold > evidence.fleet.desired, "{}", first.reason);
        for look in 1..4 {
            let standing = Standing {
                servers: hold,
                changed: evidence.until - minutes(10 * look),
            };
            evidence.fleet.desired = hold;
            evidence.fleet.in_service = hold.min(evidence.fleet.in_service + 2);
            let again = decide(&evidence, Some(&standing), &policy, evidence.until);
            assert_eq!(again.hold, Some(hold), "{}", again.reason);
        }
    }
}

#[test]
fn a_hand_back_leaves_what_demand_will_need_when_servers_could_come_again() {
    // Above the band, climbing by less than a hundredth a minute, and servers that take long.
    let climbing: Vec<f64> = (0..30).map(|m| 20_000.0 * 1.007_f64.powi(m)).collect();
    let mut evidence = at(&climbing);
    evidence.lead_time = minutes(20);
    let wanted = decided(&evidence, None, Caps::default()).hold.unwrap();
    let last = climbing[climbing.len() - 1] / 1000.0;
    assert!(f64::from(wanted) > last + 2.0, "{wanted}");
    evidence.fleet.desired = 60;
    evidence.fleet.in_service = 60;
    let mut held = 60;
    for _ in 0..30 {
        let standing = Standing {
            servers: held,
            changed: evidence.until - minutes(30),
        };
        held = decided(&evidence, Some(standing), Caps::default())
            .hold
            .unwrap();
        assert!(held >= wanted, "{held} {wanted}");
    }
    assert_eq!(held, wanted);
}

/// CPU alone says that something is wrong: one step, and no other before that one could be seen.
#[test]
fn what_cpu_alone_asks_for_is_not_asked_for_at_every_look() {
    let mut evidence = at(&[]);
    evidence.demand = None;
    evidence.cpu = Some(Track::new(vec![95.0; 60], "CPU"));
    let first = decided(&evidence, None, Caps::default());
    assert_eq!((first.kind, first.hold), (Kind::Unknown, Some(16)));
    evidence.fleet.desired = 16;
    evidence.fleet.in_service = 16;
    let since = |ago| {
        Some(diagnosis::Step {
            at: evidence.until - minutes(ago),
            from: 10,
            to: 16,
        })
    };
    let standing = Standing {
        servers: 16,
        changed: evidence.until - minutes(3),
    };
    for (ago, hold) in [(3, 16), (9, 16), (11, 26)] {
        let looked = Evidence {
            step: since(ago),
            ..evidence.clone()
        };
        assert_eq!(
            decided(&looked, Some(standing), Caps::default()).hold,
            Some(hold),
            "{ago}"
        );
    }
}

#[test]
fn no_evidence_panics_and_none_lowers() {
    let nothing = Evidence::bare(
        crate::scenarios::minute(0),
        Fleet::default(),
        0.0,
        minutes(0),
    );
    assert_eq!(diagnose(&nothing).kind, Kind::Unknown);
    let odd = [
        f64::NAN,
        f64::INFINITY,
        -1.0,
        0.0,
        f64::MAX,
        f64::MIN_POSITIVE,
    ];
    for value in odd {
        for length in [0, 1, 2, 5, 61, 300] {
            let mut evidence = at(&[]);
            let track = Track::new(vec![value; length], "odd");
            evidence.demand = Some(track.clone());
            evidence.cpu = Some(track.clone());
            evidence.errors = Some(track.clone());
            evidence.response_time = Some(track.clone());
            evidence.unhealthy = Some(track.clone());
            evidence.in_service = Some(track.clone());
            evidence.resources = vec![diagnosis::Resource {
                name: "memory".to_owned(),
                full: 100.0,
                track: track.clone(),
            }];
            evidence.servers = vec![
                diagnosis::Server {
                    cpu: track.clone(),
                    resource: track.clone(),
                    errors: track,
                    ..diagnosis::Server::default()
                };
                4
            ];
            if let Some(band) = &mut evidence.band {
                band.upper = vec![value; 3];
            }
            let decision = decided(&evidence, None, Caps::default());
            assert!(decision.diagnosis.confidence.is_finite());
            assert!(
                decision.hold.is_none_or(|hold| hold >= 10),
                "{value} {length}: {decision:?}"
            );
        }
    }
}

/// Real spikes, where `FORESCALE_SERIES` names a folder of `timestamp,value` files: wherever the
/// newest ten minutes are at twice the median of the day before and more, no diagnosis may withhold
/// servers. Steps longer than five minutes hold no minutes and are passed over.
#[test]
#[expect(clippy::disallowed_methods, reason = "where measured series lie")]
fn no_real_spike_is_taken_for_what_withholds_servers() {
    let Ok(folder) = std::env::var("FORESCALE_SERIES") else {
        return;
    };
    let spikes = crate::scenarios::real::spikes(folder.as_ref(), |_| true);
    assert!(!spikes.is_empty(), "none of the series holds a spike");
    let mut withheld = Vec::new();
    for spike in &spikes {
        let decision = decided(&spike.evidence, None, Caps::default());
        // Without a forecast a long rise is the usual; capacity follows it all the same.
        let throughput = spike.evidence.throughput;
        let short = decision
            .hold
            .is_none_or(|hold| f64::from(hold) * throughput < spike.now);
        if (spike.known || short) && decision.kind.withholds() {
            withheld.push(format!("{}: {}", spike.series.display(), decision.reason));
        }
    }
    assert!(
        withheld.is_empty(),
        "{} of {}: {withheld:#?}",
        withheld.len(),
        spikes.len()
    );
}
