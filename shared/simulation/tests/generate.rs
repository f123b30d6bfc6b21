//! The generator: determinism, shape, and that one part does not move another.
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use simulation::generate::{Bump, Demo, Generated, Outage, Scenario, Shape, Shift};
use simulation::required_servers;

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn at(day: i64, minute: i64) -> Timestamp {
    start() + SignedDuration::from_mins(day * 1440 + minute)
}

fn values(scenario: &Scenario) -> Vec<f64> {
    scenario.generate().unwrap().demand.values().to_vec()
}

/// Nothing but the rhythm.
fn smooth(days: u32) -> Scenario {
    let mut scenario = Scenario::new(start(), days, 1_000.0, 1);
    scenario.shape = Shape::Flat;
    scenario.week = [1.0; 7];
    (scenario.day_spread, scenario.noise, scenario.counts) = (0.0, 0.0, false);
    scenario
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// FNV-1a over the bits.
fn fingerprint(values: &[f64]) -> u64 {
    let bytes = values
        .iter()
        .flat_map(|value| value.to_bits().to_le_bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[test]
fn a_seed_means_the_same_demand_everywhere() {
    let demo = values(&Demo::new(1).scenario);
    assert_eq!(demo.len(), 64 * 1440);
    assert_eq!(fingerprint(&demo), FINGERPRINT, "the demo's demand changed");
    assert_eq!(demo, values(&Demo::new(1).scenario));
    assert_ne!(demo, values(&Demo::new(2).scenario));
}

#[test]
fn the_demo_is_what_it_says() {
    let demo = Demo::new(1);
    let Generated { demand, bumps, .. } = demo.scenario.generate().unwrap();
    assert_eq!(demo.from, at(56, 0));
    assert_eq!((demo.to, demand.end()), (at(64, 0), at(64, 0)));
    let campaign = demo.campaign().unwrap();
    let known = campaign.announced_at.unwrap();
    assert_eq!(
        known.duration_until(campaign.start),
        SignedDuration::from_hours(28)
    );
    let unknown: Vec<&Bump> = bumps.iter().filter(|b| b.announced_at.is_none()).collect();
    assert_eq!(unknown.len(), 1);
    assert!(unknown[0].start > demo.from && unknown[0].start < demo.to);
    let replay = demand.between(demo.from, demo.to);
    let servers = |values: &[f64]| required_servers(mean(values), demo.throughput);
    assert!((10..=16).contains(&servers(replay.values())));
    let sale = demand.between(
        campaign.start + SignedDuration::from_mins(20),
        campaign.start + SignedDuration::from_mins(60),
    );
    let day_before = demand.between(
        campaign.start - SignedDuration::from_hours(24),
        campaign.start - SignedDuration::from_hours(23),
    );
    let lift = mean(sale.values()) / mean(day_before.values());
    assert!((2.0..3.2).contains(&lift), "{lift}");
}

#[test]
fn growth_shifts_and_weeks_add_up() {
    let mut scenario = smooth(21);
    scenario.growth_per_week = 0.1;
    let grown = values(&scenario);
    assert!((grown[7 * 1440] / grown[0] - 1.1).abs() < 1e-9);
    assert!((grown[14 * 1440] / grown[0] - 1.21).abs() < 1e-9);

    let mut scenario = smooth(8);
    scenario.week = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    scenario.shifts = vec![Shift {
        at: at(7, 720),
        factor: 0.5,
    }];
    let weeks = values(&scenario);
    let by_day: Vec<f64> = (0..8).map(|day| weeks[day * 1440] / 1_000.0).collect();
    assert_eq!(by_day, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1.0]);
    assert_eq!(
        (weeks[7 * 1440 + 719], weeks[7 * 1440 + 720]),
        (1_000.0, 500.0)
    );
}

#[test]
fn days_follow_the_zone_through_a_clock_change() {
    let mut scenario = smooth(30);
    scenario.shape = Shape::Office;
    scenario.zone = TimeZone::get("Europe/Berlin").unwrap();
    let demand = values(&scenario);
    let noon_ratio =
        |day: usize, utc_minute: usize| demand[day * 1440 + utc_minute] / demand[day * 1440 + 60];
    // The rise at 08:36 local is at 07:36 in winter and, from 29 March (day 27) on, 06:36.
    assert!(noon_ratio(25, 7 * 60) < noon_ratio(25, 9 * 60) / 2.0);
    assert!(noon_ratio(28, 7 * 60) > noon_ratio(28, 9 * 60) / 2.0);
    assert!((demand[25 * 1440 + 456] - demand[28 * 1440 + 396]).abs() < 1e-9);
}

#[test]
fn a_bump_ramps_holds_and_fades() {
    let mut scenario = smooth(1);
    scenario.bumps = vec![Bump {
        name: "sale".to_owned(),
        start: at(0, 600),
        announced_at: None,
        multiplier: 3.0,
        announced_multiplier: None,
        ramp: SignedDuration::from_mins(10),
        hold: SignedDuration::from_mins(20),
        half_life: SignedDuration::from_mins(30),
    }];
    let demand = values(&scenario);
    for (minute, factor) in [
        (599, 1.0),
        (600, 1.0),
        (605, 2.0),
        (610, 3.0),
        (630, 3.0),
        (660, 2.0),
        (690, 1.5),
    ] {
        assert!(
            (demand[minute] - 1_000.0 * factor).abs() < 1e-6,
            "minute {minute}: {}",
            demand[minute]
        );
    }
}

#[test]
fn an_outage_is_followed_by_a_storm() {
    let mut scenario = smooth(1);
    scenario.outages = vec![Outage {
        start: at(0, 100),
        length: SignedDuration::from_mins(50),
        left: 0.05,
        storm: 1.8,
        storm_half_life: SignedDuration::from_mins(10),
    }];
    let demand = values(&scenario);
    for (minute, factor) in [
        (99, 1.0),
        (100, 0.05),
        (149, 0.05),
        (150, 1.8),
        (160, 1.4),
        (170, 1.2),
    ] {
        assert!(
            (demand[minute] - 1_000.0 * factor).abs() < 1e-6,
            "minute {minute}: {}",
            demand[minute]
        );
    }
}

#[test]
fn noise_has_its_spread_memory_and_counts() {
    let mut scenario = smooth(20);
    (scenario.noise, scenario.noise_memory) = (0.05, 0.7);
    let noisy = values(&scenario);
    let level = mean(&noisy);
    assert!((level / 1_000.0 - 1.0).abs() < 0.005, "{level}");
    let off = |i: usize| noisy[i] - level;
    let variance = (0..noisy.len()).map(|i| off(i) * off(i)).sum::<f64>() / noisy.len() as f64;
    let next = (1..noisy.len()).map(|i| off(i) * off(i - 1)).sum::<f64>() / noisy.len() as f64;
    assert!((variance.sqrt() / level - 0.05).abs() < 0.003);
    assert!((next / variance - 0.7).abs() < 0.02);

    let mut counted = smooth(20);
    counted.counts = true;
    let counts = values(&counted);
    assert!(counts.iter().all(|v| v.fract() == 0.0));
    let level = mean(&counts);
    let variance = counts
        .iter()
        .map(|v| (v - level) * (v - level))
        .sum::<f64>()
        / counts.len() as f64;
    assert!((variance / level - 1.0).abs() < 0.05);
}

#[test]
fn one_more_campaign_or_day_changes_nothing_else() {
    let base = Scenario {
        spikes_per_week: 4.0,
        outages_per_week: 2.0,
        ..Scenario::new(start(), 14, 800.0, 9)
    };
    let before = values(&base);
    let longer = values(&Scenario {
        days: 21,
        ..base.clone()
    });
    assert_eq!(before, longer[..before.len()]);
    let mut busier = base.clone();
    busier.bumps = Scenario::with_broadcasts(start(), 14, 800.0, 9).bumps;
    let first = busier.bumps[0].start;
    let generated = busier.generate().unwrap();
    let untouched = usize::try_from(start().duration_until(first).as_mins()).unwrap();
    assert_eq!(before[..untouched], generated.demand.values()[..untouched]);
    assert_ne!(before, generated.demand.values());
    assert!(generated.bumps.len() > 2 && !generated.outages.is_empty());
    assert!(generated.bumps.is_sorted_by_key(|b| b.start));
}

type Spoil = fn(&mut Scenario);

#[test]
fn presets_generate_and_nonsense_is_refused() {
    let presets = [
        Scenario::new(start(), 15, 500.0, 1),
        Scenario::office(start(), 15, 500.0, 1),
        Scenario::growing(start(), 15, 500.0, 1),
        Scenario::noisy(start(), 15, 500.0, 1),
        Scenario::with_outages(start(), 15, 500.0, 1),
        Scenario::with_spikes(start(), 15, 500.0, 1),
        Scenario::shifting(start(), 15, 500.0, 1),
        Scenario::with_broadcasts(start(), 15, 500.0, 1),
    ];
    for preset in presets {
        let demand = values(&preset);
        assert!(demand.iter().all(|v| v.is_finite() && *v >= 0.0));
        assert!((200.0..1_500.0).contains(&mean(&demand)));
    }
    let spoil: [(&str, Spoil); 8] = [
        ("days", |s| s.days = 0),
        ("days", |s| s.days = 1_001),
        ("base", |s| s.base = f64::NAN),
        ("noise", |s| s.noise = -0.1),
        ("noise_memory", |s| s.noise_memory = 1.0),
        ("growth_per_week", |s| s.growth_per_week = -1.0),
        ("week", |s| s.week[3] = -1.0),
        ("start", |s| s.start += SignedDuration::from_secs(1)),
    ];
    for (field, spoil) in spoil {
        let mut scenario = smooth(1);
        spoil(&mut scenario);
        let error = scenario.generate().unwrap_err().to_string();
        assert!(error.starts_with(field), "{error}");
    }
}

const FINGERPRINT: u64 = 14_617_112_098_529_455_472;
