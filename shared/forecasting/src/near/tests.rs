use jiff::SignedDuration;

use super::*;

const DAY: usize = 1440;

/// Reproducible noise, uniform in [-1, 1].
fn noise(index: usize) -> f64 {
    let mut x = (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5555;
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 29;
    (x % 20_001) as f64 / 10_000.0 - 1.0
}

fn quarter() -> Step {
    Step::from_seconds(900).unwrap()
}

fn series(step: Step, values: Vec<f64>) -> Series {
    Series::new("2026-03-02T00:00:00Z".parse().unwrap(), step, values).unwrap()
}

fn shape(minute: usize) -> f64 {
    1000.0 + 400.0 * (minute as f64 * std::f64::consts::TAU / DAY as f64).sin()
}

fn days(count: usize, drift: impl Fn(usize) -> f64) -> (Series, Series) {
    let minutes = (0..count * DAY)
        .map(|m| shape(m) * drift(m) * (1.0 + 0.05 * noise(m)))
        .collect();
    let medians = (0..count * DAY / 15).map(|s| shape(s * 15 + 7)).collect();
    (series(Step::MINUTE, minutes), series(quarter(), medians))
}

#[test]
fn a_level_that_lasts_is_kept_and_one_that_does_not_is_dropped() {
    // Days of their own level: all of it is still there two hours later.
    let (minutes, medians) = days(10, |m| 1.0 + 0.3 * noise(m / DAY + 77));
    let model = NearModel::learn(&minutes, &medians, &[]).unwrap();
    assert!(model.horizons.iter().all(|h| h.gain > 0.8));
    // Without any level there is nothing to keep.
    let (minutes, medians) = days(10, |_| 1.0);
    let model = NearModel::learn(&minutes, &medians, &[]).unwrap();
    assert!(model.horizons.iter().all(|h| h.gain < 0.3));
}

#[test]
fn quantiles_cover_what_comes() {
    let drift = |m: usize| 1.0 + 0.2 * noise(m / DAY + 5);
    let (minutes, medians) = days(14, drift);
    let model = NearModel::learn(&minutes, &medians, &[]).unwrap();
    let fine = by_minute(&medians);
    let (mut above, mut count) = (0, 0);
    for origin in (DAY..13 * DAY).step_by(31) {
        let window = origin - 240..origin;
        let state = model
            .state(
                fine.time_at(origin - 240),
                &minutes.values()[window.clone()],
                &fine.values()[window],
            )
            .unwrap();
        let at = origin + 20 - 1;
        let row = model
            .quantiles(&state, fine.time_at(at), 20, fine.values()[at])
            .unwrap();
        above += usize::from(minutes.values()[at] > row[13]);
        count += 1;
    }
    let share = f64::from(above as u32) / f64::from(count);
    assert!(
        (0.02..0.09).contains(&share),
        "{share} above the 95th percentile"
    );
}

#[test]
fn a_collapse_is_a_dip_and_lowers_nothing() {
    let (minutes, medians) = days(10, |_| 1.0);
    let model = NearModel::learn(&minutes, &medians, &[]).unwrap();
    let quiet = model
        .state(minutes.start(), &[1000.0; 240], &[1000.0; 240])
        .unwrap();
    let mut recent = vec![1000.0; 240];
    recent[200..].fill(50.0);
    let state = model
        .state(minutes.start(), &recent, &[1000.0; 240])
        .unwrap();
    assert!(state.dip && !quiet.dip);
    let fallen = model
        .quantiles(&state, minutes.start(), 20, 1000.0)
        .unwrap();
    let usual = model
        .quantiles(&quiet, minutes.start(), 20, 1000.0)
        .unwrap();
    assert!(fallen[13] >= usual[13], "{} {}", fallen[13], usual[13]);
}

#[test]
fn a_day_that_goes_its_own_way_widens_the_band() {
    let (minutes, medians) = days(10, |_| 1.0);
    let model = NearModel::learn(&minutes, &medians, &[]).unwrap();
    let calm = model
        .state(minutes.start(), &[1000.0; 240], &[1000.0; 240])
        .unwrap();
    let wild: Vec<f64> = (0..240).map(|m| 1000.0 + 3.0 * m as f64).collect();
    let wild = model.state(minutes.start(), &wild, &[1000.0; 240]).unwrap();
    assert!(wild.spread > 1.5 * calm.spread, "{wild:?} {calm:?}");
}

#[test]
fn restless_hours_have_a_band_of_their_own() {
    // From 6 to 9 each half hour goes its own way, else hardly any.
    let drift = |m: usize| {
        let restless = (360..540).contains(&(m % DAY));
        1.0 + if restless { 0.3 } else { 0.02 } * noise(m / 30 + 7)
    };
    let (minutes, medians) = days(14, drift);
    let model = NearModel::learn(&minutes, &medians, &[]).unwrap();
    let start = minutes.start();
    let calm = model.state(start, &[1000.0; 240], &[1000.0; 240]).unwrap();
    let width = |hour: i64| {
        let at = start + SignedDuration::from_hours(hour);
        let row = model.quantiles(&calm, at, 43, 1000.0).unwrap();
        (row[16] / row[6]).ln()
    };
    assert!(width(7) > 3.0 * width(3), "{} {}", width(7), width(3));
}

#[test]
fn no_band_is_wider_than_the_largest_error_seen() {
    let (minutes, medians) = days(14, |m| 1.0 + 0.2 * noise(m / 60 + 9));
    let model = NearModel::learn(&minutes, &medians, &[]).unwrap();
    let calm = model
        .state(minutes.start(), &[1000.0; 240], &[1000.0; 240])
        .unwrap();
    let wild = NearState {
        spread: 8.0,
        ..calm
    };
    for ahead in [3, 20, 90] {
        let row = model
            .quantiles(&wild, minutes.start(), ahead, 1000.0)
            .unwrap();
        // Drift of a fifth up after one down, and a twentieth of noise on both.
        let most = (1.2_f64 * 1.05 / (0.8 * 0.95)).ln();
        assert!((row[20] / 1000.0).ln() < most, "{ahead}: {}", row[20]);
        assert!(row[20] > 1100.0, "{ahead}: {}", row[20]);
    }
}

#[test]
fn what_is_left_out_teaches_nothing() {
    let (minutes, medians) = days(8, |_| 1.0);
    let mut spiked = minutes.values().to_vec();
    spiked[3 * DAY..3 * DAY + 90].fill(20_000.0);
    let start = minutes.start();
    let spiked = series(Step::MINUTE, spiked);
    let during = Interval {
        start: start + SignedDuration::from_hours(72),
        end: start + SignedDuration::from_mins(72 * 60 + 90),
    };
    let clean = NearModel::learn(&minutes, &medians, &[during]).unwrap();
    let honoured = NearModel::learn(&spiked, &medians, &[during]).unwrap();
    assert_eq!(clean, honoured);
    assert_ne!(clean, NearModel::learn(&spiked, &medians, &[]).unwrap());
}

#[test]
fn too_little_teaches_nothing() {
    let (minutes, medians) = days(2, |_| 1.0);
    assert_eq!(NearModel::learn(&minutes, &medians, &[]), None);
    let nothing = series(Step::MINUTE, vec![f64::NAN; 10 * DAY]);
    assert_eq!(NearModel::learn(&nothing, &medians, &[]), None);
}

#[test]
fn what_else_varies_adds_up_by_squares() {
    let mut values = NEAR_LEVELS.map(|_| 100.0);
    for (value, score) in values.iter_mut().zip(NEAR_SCORES) {
        *value *= (0.3 * score).exp();
    }
    let own = values;
    widen_near(&mut values, 0.4);
    for (value, score) in values.iter().zip(NEAR_SCORES) {
        assert!((value / (100.0 * (0.5 * score).exp()) - 1.0).abs() < 1e-9);
    }
    let mut same = own;
    widen_near(&mut same, 0.0);
    assert_eq!(same, own);
}
