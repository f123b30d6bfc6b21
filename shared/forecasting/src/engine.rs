use crate::carry::Carry;
use crate::explain::Explained;
use crate::fine::Smoothing;
use crate::frame::Frame;
use crate::holidays::Special;
use crate::measure::Measured;
use crate::mixture::mixed;
use crate::spread::Spread;
use crate::terrain::Terrain;
use crate::trials::{Panel, Trial};
use crate::weights::Weights;
use crate::{ForecastError, ForecastReport, ForecastRequest, LEVELS, Memory, Prediction};
use crate::{QuantileForecast, Verdict, occasions, predictability, report, young};

/// Quantiles for every step in `[cutoff, cutoff + horizon_steps * step)`.
///
/// Eleven cheap members forecast each day ahead. They are tried on the last days of the window as if
/// those were ahead, weighted by how they did, and combined so that none can lead the result
/// astray; what the combination missed on those days, by time of day, gives the quantiles. Days
/// beyond the first are forecast from the medians of the days before them.
///
/// # Errors
/// [`ForecastError::NoHistory`] when nothing was observed in the training window,
/// [`ForecastError::Horizon`] when the horizon is zero or more than 31 days of minutes,
/// [`ForecastError::Step`] when the history's step does not divide the asked one.
pub fn forecast(request: &ForecastRequest<'_>) -> Result<Prediction, ForecastError> {
    forecast_by_stages(request, &mut |_| {})
}

/// The same as [`forecast`]; `ended` is called with the name of each stage when that is done, so that
/// whoever holds a clock can tell where the time goes.
///
/// # Errors
/// Those of [`forecast`].
pub fn forecast_by_stages(
    request: &ForecastRequest<'_>,
    ended: &mut dyn FnMut(&'static str),
) -> Result<Prediction, ForecastError> {
    let measured = Measured::of(request);
    measured_forecast(&measured.request(request), ended).map(|made| measured.back(made))
}

/// The forecast of a request in its own unit.
fn measured_forecast(
    request: &ForecastRequest<'_>,
    ended: &mut dyn FnMut(&'static str),
) -> Result<Prediction, ForecastError> {
    let special = Special::learn(request);
    let frame = Frame::new(request, &special.apart, &special.hidden)?;
    ended("window, repair");
    let mut made = Made::of(&frame, request.horizon_steps, ended);
    if let Some(before) = frame.before_shift() {
        made.hedge(&Made::of(&before, request.horizon_steps, ended), &frame);
    }
    if let Some(gone) = frame.gone {
        for row in &mut made.rows {
            *row = mixed(&[(gone.chance, *row), (1.0 - gone.chance, gone.rest)]);
        }
    }
    let Made {
        mut rows,
        mut explained,
        mut report,
        memory,
        past,
    } = made;
    report.notes.extend(young::widen(&frame, &mut rows));
    report.notes.extend(frame.shifted());
    report.notes.extend(frame.gone());
    if report.predictability.verdict == Verdict::No {
        predictability::widen(&frame, &mut rows);
    }
    explained.stage(&rows, |parts| &mut parts.correction);
    let apart = special.apart.iter();
    report.data.repaired.extend(
        apart
            .filter(|(during, _)| during.end > frame.time_at(0))
            .cloned(),
    );
    report.data.repaired.sort_by_key(|(during, _)| *during);
    let told = special.apply(request, &frame, &mut rows);
    report.notes.extend(told);
    explained.stage(&rows, |parts| &mut parts.calendar);
    let told = occasions::apply(request, &frame, &mut rows);
    report.notes.extend(told);
    for value in rows.iter_mut().flatten() {
        *value = value.clamp(f64::MIN, f64::MAX);
    }
    explained.stage(&rows, |parts| &mut parts.event);
    report.parts = explained.parts();
    ended("calendar, events");
    Ok(Prediction {
        forecast: QuantileForecast {
            start: frame.cutoff,
            step: request.step,
            rows,
            memory,
        },
        report,
        past,
    })
}

/// What the models make of a frame.
struct Made {
    rows: Vec<[f64; LEVELS.len()]>,
    explained: Explained,
    report: ForecastReport,
    memory: Memory,
    /// Medians of the trials, the oldest first.
    past: Vec<f64>,
}

impl Made {
    fn of(frame: &Frame, horizon: usize, ended: &mut dyn FnMut(&'static str)) -> Self {
        let mut panel = Panel::fit(frame);
        ended("fits of the members");
        let trials = panel.trials();
        ended("trials");
        let names = panel.names();
        let all = Weights::learn(frame, &trials, names.len(), |_| true);
        let mut centres = cross_fitted(frame, &trials, names.len());
        let smoothing = Smoothing::learn(frame, &trials, &centres);
        for centre in &mut centres {
            *centre = smoothing.apply(centre);
        }
        let carry = Carry::learn(frame, &panel.terrain, &trials, &centres);
        let carried = carried(frame, &panel, &trials, &carry, &centres);
        ended("weights, smoothing, carry");
        let spread = Spread::learn(frame, &panel.terrain, &trials, &carried);
        ended("calibration of the quantiles");
        let memory = memory(frame, &panel.terrain, &trials, &carried, &spread);
        ended("memory for the intraday correction");

        let end = frame.values.len();
        let per_day = frame.per_day();
        let mut rows = Vec::with_capacity(horizon + per_day);
        let mut explained = Explained::new(frame);
        while rows.len() < horizon {
            let origin = end + rows.len();
            let days = rows.len() / per_day;
            let centre = all.combine(&panel.day_ahead(origin), frame.least);
            let mut centre = smoothing.apply(&centre);
            explained.day(&panel.terrain, origin, &centre);
            if let (0, Some(trial), Some(before)) = (days, trials.first(), centres.first()) {
                carry.apply(frame, &panel.terrain, trial.origin, before, &mut centre);
            }
            for (step, value) in centre.iter().enumerate() {
                let index = origin + step;
                rows.push(spread.around(&panel.terrain, index, *value, days, frame.least));
            }
            if rows.len() < horizon {
                panel.extend(&centre);
            }
        }
        rows.truncate(horizon);
        ended("days ahead, their quantiles");
        let report = report::report(frame, &names, &all, &trials, &carried);
        ended("candidates' scores, predictability");
        Self {
            rows,
            explained,
            report,
            memory,
            // The trials lie back to back and the latest comes first.
            past: carried.iter().rev().flatten().copied().collect(),
        }
    }

    /// Mixes in what a forecast that does not believe the young shift of `frame` says.
    fn hedge(&mut self, unshifted: &Self, frame: &Frame) {
        let chance = frame.shift.map_or(1.0, |shift| shift.chance);
        for (row, other) in self.rows.iter_mut().zip(&unshifted.rows) {
            *row = mixed(&[(chance, *row), (1.0 - chance, *other)]);
        }
    }
}

/// How the misses of the trials hang together within their days.
fn memory(
    frame: &Frame,
    terrain: &Terrain<'_>,
    trials: &[Trial],
    carried: &[Vec<f64>],
    spread: &Spread,
) -> Memory {
    let days: Vec<Vec<_>> = trials
        .iter()
        .zip(carried)
        .enumerate()
        .map(|(age, (trial, centre))| {
            let steps = (trial.origin..).zip(centre);
            steps
                .map(|(index, centre)| {
                    let row = spread.on_trial(terrain, index, *centre, age, frame.least);
                    (row, frame.observed[index].then(|| frame.values[index]))
                })
                .collect()
        })
        .collect();
    Memory::learn(&days, frame.per_day())
}

/// Combinations of the trials, each with weights that were learnt without it: on the even days
/// for the odd ones and the other way round. Their errors are then those of new days.
fn cross_fitted(frame: &Frame, trials: &[Trial], members: usize) -> Vec<Vec<f64>> {
    let halves =
        [0, 1].map(|left_out| Weights::learn(frame, trials, members, |age| age % 2 != left_out));
    trials
        .iter()
        .enumerate()
        .map(|(age, trial)| halves[age % 2].combine(&trial.members, frame.least))
        .collect()
}

/// The trials' combinations after the correction by the day before each.
fn carried(
    frame: &Frame,
    panel: &Panel<'_>,
    trials: &[Trial],
    carry: &Carry,
    centres: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let mut carried = centres.to_vec();
    for (age, centre) in carried.iter_mut().enumerate() {
        if let (Some(trial), Some(before)) = (trials.get(age + 1), centres.get(age + 1)) {
            carry.apply(frame, &panel.terrain, trial.origin, before, centre);
        }
    }
    carried
}
