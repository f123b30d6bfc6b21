use forecasting::NearModel;
use jiff::SignedDuration;
use timeseries::Step;

use super::*;

const DAY: usize = 1440;

fn noise(index: usize) -> f64 {
    let mut random = simulation::Random::keyed(index as u64, &[3]);
    random.normal()
}

/// Fourteen days with a level of their own and restless minutes.
fn past() -> (Series, Series) {
    let shape = |m: usize| 6000.0 - 3000.0 * (m as f64 * std::f64::consts::TAU / DAY as f64).cos();
    let start = "2026-03-02T00:00:00Z".parse().unwrap();
    let demand = (0..14 * DAY)
        .map(|m| shape(m) * (1.0 + 0.1 * noise(m / DAY)) * (1.0 + 0.04 * noise(m + 99)))
        .collect();
    let quarter = Step::from_seconds(900).unwrap();
    let medians = (0..14 * DAY / 15).map(|s| shape(s * 15 + 7)).collect();
    (
        Series::new(start, Step::MINUTE, demand).unwrap(),
        Series::new(start, quarter, medians).unwrap(),
    )
}

fn rules(risk: f64) -> Rules {
    Rules {
        min_servers: 1,
        max_servers: 1000,
        throughput: 500.0,
        lead_time: SignedDuration::from_mins(7),
        risk,
        share: 1.0,
        pace: crate::Pace::default(),
    }
}

const HOURLY: Rhythm = Rhythm {
    every: 60,
    delay: 2,
    exact: false,
};

fn tuned(risk: f64, rhythm: Rhythm, policies: &[Option<TargetTracking>]) -> Tuning {
    let (demand, medians) = past();
    let past = Past {
        demand: &demand,
        medians: &medians,
        left_out: &[],
    };
    let model = NearModel::learn(&demand, &medians, &[]).unwrap();
    tune(
        &HeldOut::learn(&model, &past),
        &past,
        &rules(risk),
        rhythm,
        policies,
    )
    .unwrap()
}

fn tuned_at(price: f64, policy: Option<TargetTracking>) -> f64 {
    let (demand, medians) = past();
    let past = Past {
        demand: &demand,
        medians: &medians,
        left_out: &[],
    };
    let model = NearModel::learn(&demand, &medians, &[]).unwrap();
    let rules = rules(0.001);
    let replay = Replay::new(&HeldOut::learn(&model, &past), &past, &rules, HOURLY).unwrap();
    replay.run(price, policy).unwrap().outcome.lost_share()
}

fn tracking(utilization: f64) -> Option<TargetTracking> {
    Some(TargetTracking {
        utilization,
        scales_in: true,
    })
}

#[test]
fn less_risk_costs_more_and_is_kept() {
    let mut last = 0.0;
    for risk in [0.01, 0.001, 0.0001] {
        let tuning = tuned(risk, HOURLY, &[tracking(1.0)]);
        assert!(tuning.kept && tuning.risk <= 1.5 * risk, "{tuning:?}");
        assert!(tuning.risk > risk / 10.0, "{tuning:?}");
        assert!(tuning.server_minutes > last, "{tuning:?}");
        last = tuning.server_minutes;
    }
}

#[test]
fn a_policy_that_already_keeps_the_risk_leaves_the_plan_little_to_do() {
    let alone = tuned(0.001, HOURLY, &[tracking(1.0)]);
    let eager = tuned(0.001, HOURLY, &[tracking(0.7)]);
    assert!(eager.price > alone.price, "{eager:?} {alone:?}");
    assert!(eager.server_minutes > alone.server_minutes);
}

#[test]
fn of_two_policies_the_cheaper_is_chosen() {
    let both = tuned(0.001, HOURLY, &[tracking(0.7), tracking(1.0)]);
    assert_eq!(both.reactive, tracking(1.0));
}

#[test]
fn running_more_often_is_no_dearer() {
    let hourly = tuned(0.001, HOURLY, &[tracking(1.0)]);
    let often = Rhythm { every: 5, ..HOURLY };
    let often = tuned(0.001, often, &[tracking(1.0)]);
    assert!(often.server_minutes <= hourly.server_minutes * 1.005);
}

#[test]
fn what_is_left_out_costs_nothing_and_what_no_plan_could_carry_little() {
    let (demand, medians) = past();
    let start = demand.start();
    let mut spiked = demand.values().to_vec();
    spiked[6 * DAY..6 * DAY + 60].fill(90_000.0);
    let spiked = Series::new(start, Step::MINUTE, spiked).unwrap();
    let during = Interval {
        start: start + SignedDuration::from_hours(144),
        end: start + SignedDuration::from_hours(145),
    };
    let model = NearModel::learn(&demand, &medians, &[]).unwrap();
    for risk in [0.001, 0.0001] {
        let of = |demand: &Series, left_out: &[Interval]| {
            let past = Past {
                demand,
                medians: &medians,
                left_out,
            };
            tune(
                &HeldOut::learn(&model, &past),
                &past,
                &rules(risk),
                HOURLY,
                &[tracking(1.0)],
            )
            .unwrap()
        };
        assert_eq!(of(&spiked, &[during]), of(&demand, &[during]));
        let (beyond, usual) = (of(&spiked, &[]), of(&demand, &[]));
        // Half of the risk is left for what plans can do.
        assert!(beyond.price > usual.price / 4.0, "{beyond:?} {usual:?}");
        assert!(beyond.price < usual.price, "{beyond:?} {usual:?}");
        assert!(beyond.risk > usual.risk);
    }
}

#[test]
fn a_policy_that_loses_much_does_not_hide_what_a_plan_would_save() {
    // At high prices every floor lies under what the policy keeps anyway, and a little less
    // changes nothing: that is no proof that nothing can be done.
    let lost = |price| tuned_at(price, tracking(0.9));
    let most = lost(0.5);
    assert!(most > 1e-6 && most < 1.1 * lost(0.5 / MUCH_LESS), "{most}");
    let tuning = tuned(most / 2.0, HOURLY, &[tracking(0.9)]);
    assert!(tuning.kept && tuning.risk <= most / 2.0, "{tuning:?}");
}

#[test]
fn a_short_past_tunes_nothing() {
    let (demand, medians) = past();
    let model = NearModel::learn(&demand, &medians, &[]).unwrap();
    let tuned = |days: usize| {
        let short = demand.between(demand.start(), demand.time_at(days * DAY));
        let past = Past {
            demand: &short,
            medians: &medians,
            left_out: &[],
        };
        tune(
            &HeldOut::learn(&model, &past),
            &past,
            &rules(0.001),
            HOURLY,
            &[tracking(1.0)],
        )
    };
    assert_eq!(tuned(3), None);
    // One day settles, three are judged, and what they may not know is in the price.
    let (short, whole) = (tuned(4).unwrap(), tuned(14).unwrap());
    assert_eq!(short.days, 3);
    assert!(short.kept && short.risk <= 0.001, "{short:?}");
    assert!(short.price < 2.0 * whole.price, "{short:?} {whole:?}");
}

#[test]
fn a_day_is_not_served_by_what_only_that_day_has_taught() {
    let (demand, medians) = past();
    // On the ninth day demand stands a third higher from a quarter past ten on, for three hours.
    let burst = 8 * DAY + 615..8 * DAY + 795;
    let values = demand.values().iter().enumerate();
    let values = values.map(|(m, v)| if burst.contains(&m) { v * 1.33 } else { *v });
    let demand = Series::new(demand.start(), Step::MINUTE, values.collect()).unwrap();
    let past = Past {
        demand: &demand,
        medians: &medians,
        left_out: &[],
    };
    let whole = NearModel::learn(&demand, &medians, &[]).unwrap();
    let held_out = HeldOut::learn(&whole, &past);
    let most = |model: &NearModel| model.horizons.last().unwrap().most;
    let own = held_out.at(8 * DAY).unwrap();
    assert!(
        most(own) < 0.9 * most(&whole),
        "{} {}",
        most(own),
        most(&whole)
    );
    // The dearer choice: what the day lost at a price is more than a model that knows it admits.
    let rules = rules(0.001);
    let lost = |models: &HeldOut| {
        let replay = Replay::new(models, &past, &rules, HOURLY).unwrap();
        let tally = replay.run(1e-3, tracking(1.0)).unwrap();
        tally.lost_by_day[7]
    };
    let knowing = HeldOut::of(past.demand.start(), vec![whole; 14]);
    assert!(
        lost(&held_out) > 1.1 * lost(&knowing),
        "{} {}",
        lost(&held_out),
        lost(&knowing)
    );
}

#[test]
fn with_three_days_all_of_them_are_learnt_from() {
    let (demand, medians) = past();
    let end = demand.start() + SignedDuration::from_hours(72);
    let (demand, medians) = (
        demand.between(demand.start(), end),
        medians.between(demand.start(), end),
    );
    let past = Past {
        demand: &demand,
        medians: &medians,
        left_out: &[],
    };
    let whole = NearModel::learn(&demand, &medians, &[]).unwrap();
    let held_out = HeldOut::learn(&whole, &past);
    assert!((0..3).all(|day| held_out.at(day * DAY) == Some(&whole)));
}
