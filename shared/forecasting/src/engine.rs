use crate::combine::{Spread, Trials, combine};
use crate::frame::Frame;
use crate::members::{Member, Naive, Profile, Ridge};
use crate::terrain::Terrain;
use crate::{
    Candidate, DataState, ForecastError, ForecastReport, ForecastRequest, Prediction,
    QuantileForecast,
};

/// The most past days on which the members are tried.
const MOST_TRIALS: usize = 21;
/// Penalty of the ridge, in rows of a standardised feature.
const PENALTY: f64 = 30.0;

/// Quantiles for every step in `[cutoff, cutoff + horizon_steps * step)`.
///
/// # Errors
/// [`ForecastError`] when there is nothing to learn from or the horizon is out of range.
pub fn forecast(request: &ForecastRequest<'_>) -> Result<Prediction, ForecastError> {
    let frame = Frame::new(request)?;
    let mut terrain = Terrain::new(&frame.values, &frame.calendar);
    let end = frame.values.len();
    let per_day = frame.per_day();
    let trials = (end / per_day).saturating_sub(3).min(MOST_TRIALS);
    let ridge = Ridge::fit(&terrain, &frame.observed, trials, PENALTY);
    let members: [&dyn Member; 4] = [&ridge, &Profile, &Naive::WEEK, &Naive::DAY];
    let trials = Trials::run(&terrain, &members, end, trials);
    let spread = Spread::learn(&frame, &terrain, &trials);
    let mut rows = Vec::with_capacity(request.horizon_steps);
    let mut origin = end;
    while rows.len() < request.horizon_steps {
        let days: Vec<Vec<f64>> = members
            .iter()
            .map(|member| member.day_ahead(&terrain, origin))
            .collect();
        let centres: Vec<f64> = (0..per_day)
            .map(|step| combine(&days, step).max(frame.least))
            .collect();
        for centre in &centres {
            rows.push(spread.around(&terrain, *centre, (origin - end) / per_day, frame.least));
        }
        if rows.len() < request.horizon_steps {
            terrain.extend(&centres);
        }
        origin += per_day;
    }
    rows.truncate(request.horizon_steps);
    let report = report(&frame, &terrain, &members, &trials);
    Ok(Prediction {
        forecast: QuantileForecast {
            start: frame.cutoff,
            step: request.step,
            rows,
        },
        report,
    })
}

fn report(
    frame: &Frame,
    terrain: &Terrain<'_>,
    members: &[&dyn Member],
    trials: &Trials,
) -> ForecastReport {
    let mut candidates: Vec<Candidate> = members
        .iter()
        .enumerate()
        .map(|(which, member)| Candidate {
            name: member.name().to_owned(),
            weight: 1.0 / members.len() as f64,
            weighted_quantile_loss: None,
            relative_error: relative_error(frame, terrain, trials, which),
        })
        .collect();
    candidates.sort_by(|a, b| {
        let error = |one: &Candidate| one.relative_error.unwrap_or(f64::MAX);
        error(a).total_cmp(&error(b))
    });
    ForecastReport {
        model: "median of members".to_owned(),
        candidates,
        data: DataState {
            steps: frame.values.len(),
            missing: frame.missing,
            repaired: Vec::new(),
        },
        notes: Vec::new(),
    }
}

/// Absolute error of a member over that of the same time last week (or yesterday), on the trials.
fn relative_error(
    frame: &Frame,
    terrain: &Terrain<'_>,
    trials: &Trials,
    which: usize,
) -> Option<f64> {
    let (mut own, mut naive) = (0.0, 0.0);
    for trial in &trials.days {
        for (step, value) in trial.members[which].iter().enumerate() {
            let index = trial.origin + step;
            let back = frame
                .calendar
                .back(index, 7, trial.origin)
                .or_else(|| frame.calendar.back(index, 1, trial.origin));
            if let Some(back) = back.filter(|_| frame.observed[index]) {
                own += (terrain.values[index] - value).abs();
                naive += (terrain.values[index] - terrain.values[back]).abs();
            }
        }
    }
    (naive > 0.0).then(|| own / naive)
}
