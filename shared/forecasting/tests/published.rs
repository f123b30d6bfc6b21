//! Where any good method must come to the same, so do published ones: the day after eight regular
//! weeks, and the medians against statsforecast 2.1.1 and statsmodels 0.15.0. The numbers are printed
//! by `peers/known_answers.py`.

use forecasting::{ForecastRequest, forecast};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use timeseries::{Series, Step};

/// `statsforecast.models.MSTL(season_length=[24, 168], trend_forecaster=AutoETS("ZZN"))`.
const MSTL: [f64; 24] = [
    49.897_176_34,
    41.619_292_063,
    39.334_378_479,
    44.561_752_23,
    57.655_748_869,
    76.859_250_186,
    99.841_592_248,
    122.701_360_06,
    141.828_371_145,
    154.654_492_625,
    160.194_298_688,
    158.104_067_495,
    149.578_159_592,
    138.053_914_318,
    125.682_743_692,
    115.382_660_624,
    107.869_703_469,
    102.783_937_511,
    100.173_541_801,
    97.146_474_58,
    92.670_308_709,
    85.155_887_883,
    74.299_389_088,
    62.289_455_545,
];
/// `statsmodels.tsa.holtwinters.ExponentialSmoothing`, additive season of 168, no trend.
const HOLT_WINTERS: [f64; 24] = [
    50.006_003_45,
    41.630_740_893,
    39.236_598_713,
    44.622_687_17,
    57.540_022_932,
    77.108_183_89,
    99.871_470_292,
    122.549_957_861,
    142.310_651_184,
    155.051_841_224,
    160.807_929_672,
    158.181_443_368,
    149.609_890_774,
    138.369_073_083,
    125.811_314_125,
    115.560_512_61,
    107.668_832_593,
    102.736_850_129,
    100.113_295_033,
    96.987_388_817,
    92.541_588_06,
    84.689_949_769,
    73.919_661_963,
    61.813_461_958,
];

/// A working week by formula, with a ripple of one percent either way.
fn week(hours: usize) -> Vec<f64> {
    (0..hours)
        .map(|hour| {
            let level = if hour / 24 % 7 < 5 { 100.0 } else { 60.0 };
            let day = hour as f64 / 24.0 * std::f64::consts::TAU;
            let wave = 1.0 - 0.5 * day.cos() - 0.2 * (2.0 * day).sin();
            level * wave * (1.0 + 0.02 * ((hour * 7919 % 101) as f64 / 101.0 - 0.5))
        })
        .collect()
}

#[test]
fn regular_weeks_are_forecast_as_published_implementations_do() {
    let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let history = Series::new(start, Step::HOUR, week(24 * 56)).unwrap();
    let prediction = forecast(&ForecastRequest {
        history: &history,
        cutoff: history.end(),
        step: Step::HOUR,
        horizon_steps: 24,
        zone: &TimeZone::UTC,
        training_days: 56,
        occasions: &[],
        holidays: &[],
        left_out: &[],
    })
    .unwrap();
    let medians: Vec<f64> = prediction.forecast.median().collect();
    for (name, published) in [("MSTL", MSTL), ("Holt-Winters", HOLT_WINTERS)] {
        for (hour, (median, expected)) in medians.iter().zip(published).enumerate() {
            let off = (median / expected - 1.0).abs();
            assert!(off < 0.02, "{name} at {hour}: {median} for {expected}");
        }
    }
    // The ripple is uniform within one percent: so is the band, give or take.
    for row in &prediction.forecast.rows {
        let width = (row[5] - row[0]) / row[2];
        assert!((0.01..0.045).contains(&width), "{width}");
    }
}
