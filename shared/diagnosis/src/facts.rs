//! What the evidence comes down to, computed once for all hypotheses.

use crate::Evidence;
use crate::evidence::Track;
use crate::robust::{Shift, Slope, median, noise, rise, slope, spread};

/// Minutes looked back on for what is usual.
const USUAL: usize = 60;
/// Minutes within which a change counts as what the alarm is about.
const RECENT: usize = 45;
/// Least deviation of single minutes, as a share of their level: nothing is smoother than that.
const SMOOTHEST: f64 = 0.005;

/// Demand at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Level now, requests per minute.
    pub now: f64,
    /// Growth each minute since the onset (in the last minutes without one), as far as it stands
    /// out from the noise, requests per minute; negative when it falls.
    pub growth: f64,
    /// Deviation of single minutes, as a share of the level.
    pub noise: f64,
    /// Minutes since demand left the band, or jumped where there is no band; 0 while it has not.
    pub onset: usize,
    /// Minutes from the newest value to [`Evidence::until`].
    pub age: usize,
    /// The forecast for now: lower edge, median, upper edge.
    pub expected: Option<(f64, f64, f64)>,
    /// Deviations of the level above the upper edge; above the usual where there is no band.
    pub above: f64,
    /// Its clearest rise in the last minutes.
    pub rise: Option<Shift>,
}

impl Demand {
    /// Demand `minutes` after [`Evidence::until`], requests per minute: the growth goes on, to at
    /// most four times the present level, since no line holds for ever.
    #[must_use]
    pub fn coming(&self, minutes: f64) -> f64 {
        let ahead = minutes + self.age as f64;
        (self.now + self.growth.max(0.0) * ahead).min(4.0 * self.now)
    }
}

/// A stretch in which demand was away although it was expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dip {
    /// Minutes it lasted.
    pub minutes: usize,
    /// Minutes since it ended; 0 while it lasts.
    pub since: usize,
    /// Share of the expected demand that was missing, 0 to 1.
    pub depth: f64,
    /// Errors as a share of demand within it, where known.
    pub errors: Option<f64>,
    /// What demand was expected or usual, requests per minute.
    pub normal: f64,
    /// Whether errors, unhealthy servers or lost ones bear out that it was an outage.
    pub borne_out: bool,
}

/// Everything the hypotheses ask.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'e> {
    pub(crate) evidence: &'e Evidence,
    pub(crate) demand: Option<Demand>,
    /// Demand over what the servers in service carry.
    pub(crate) load: Option<f64>,
    /// Errors as a share of demand, by the minute.
    pub(crate) error_share: Option<Vec<f64>>,
    pub(crate) errors: Option<Shift>,
    pub(crate) response: Option<Shift>,
    /// Share of demand that servers cannot carry since the errors changed: load explains so many.
    pub(crate) overflow: f64,
    /// Times as long as load makes responses take since they changed, as in a queue with one
    /// server. Source: Kleinrock, Queueing Systems, volume 1, 1975.
    pub(crate) slowed: f64,
    pub(crate) cpu: Option<f64>,
    pub(crate) dip: Option<Dip>,
    /// Demand and CPU tell opposite things.
    pub(crate) contradiction: Option<String>,
}

impl<'e> Facts<'e> {
    pub(crate) fn of(evidence: &'e Evidence) -> Self {
        let demand = demand(evidence);
        let error_share = error_share(evidence);
        let errors = error_share
            .as_ref()
            .and_then(|share| rise(tail(share), RECENT, 0.002));
        let response = evidence.response_time.as_ref().and_then(|track| {
            let values = tail(&track.values);
            let level = median(values.iter().copied())?;
            rise(values, RECENT, 0.02 * level.abs())
        });
        let loads = per_server(evidence).map(|track| {
            let load = |demand: &f64| demand / evidence.throughput.max(1e-9);
            track.values.iter().map(load).collect::<Vec<f64>>()
        });
        let around = |shift: &Shift| loads_around(loads.as_deref()?, shift.minutes);
        let by_load = (
            errors.as_ref().and_then(around),
            response.as_ref().and_then(around),
        );
        let carried = f64::from(evidence.fleet.in_service) * evidence.throughput;
        let mut facts = Self {
            evidence,
            load: demand
                .filter(|_| carried > 0.0)
                .map(|demand| demand.now / carried),
            demand,
            error_share,
            errors,
            response,
            overflow: by_load
                .0
                .map_or(0.0, |(_, after)| (1.0 - 1.0 / after.max(1.0)).max(0.0)),
            slowed: by_load.1.map_or(1.0, |(before, after)| {
                let room = |load: f64| 1.0 - load.clamp(0.0, 0.95);
                (room(before) / room(after)).max(1.0)
            }),
            cpu: evidence.cpu.as_ref().and_then(present),
            dip: None,
            contradiction: None,
        };
        facts.dip = facts.find_dip();
        facts.contradiction = facts.contradicts();
        facts
    }

    /// Servers that carry `demand`.
    pub(crate) fn servers_for(&self, demand: f64) -> u32 {
        crate::decide::servers_for(demand, self.evidence.throughput)
    }

    /// The newest stretch of at least three minutes in the last hour and a half in which most of
    /// the demand was missing.
    fn find_dip(&self) -> Option<Dip> {
        const DEEP: f64 = 0.35;
        let track = self.evidence.demand.as_ref()?;
        let values = track.last(90);
        let usual = usual_by_minute(self.evidence, values.len())?;
        let mut before = false;
        let missing: Vec<bool> = values
            .iter()
            .zip(&usual)
            .map(|(value, usual)| {
                // A minute without a value was like the one before.
                if value.is_finite() {
                    before = *value < (1.0 - DEEP) * usual;
                }
                before
            })
            .collect();
        let end = missing.iter().rposition(|away| *away)? + 1;
        let start = missing[..end]
            .iter()
            .rposition(|away| !*away)
            .map_or(0, |index| index + 1);
        if end - start < 3 || start == 0 {
            return None;
        }
        let sum = |part: &[f64]| part.iter().filter(|v| v.is_finite()).sum::<f64>();
        let expected = sum(&usual[start..end]).max(f64::MIN_POSITIVE);
        let from_end = values.len() - start;
        let till_end = values.len() - end;
        let within = |series: &[f64]| {
            let length = series.len();
            let from = length.checked_sub(from_end)?;
            median(series[from..length - till_end].iter().copied())
        };
        let before = |series: &[f64]| {
            let until = series.len().checked_sub(from_end)?;
            median(series[..until].iter().copied())
        };
        let errors = self.error_share.as_ref().and_then(|share| within(share));
        let usual_errors = self.error_share.as_ref().and_then(|share| before(share));
        // In numbers too: a broken metric of demand makes any share look large.
        let counts = self.evidence.errors.as_ref().map(|track| &track.values);
        let more = counts.is_none_or(|counts| {
            let (inside, earlier) = (within(counts), before(counts));
            inside
                .zip(earlier)
                .is_none_or(|(inside, earlier)| inside > 1.5 * earlier)
        });
        let failing = more
            && errors
                .is_some_and(|share| share > 0.05 && share > 4.0 * usual_errors.unwrap_or(0.0));
        let unhealthy = self.evidence.unhealthy.as_ref();
        let sick = unhealthy
            .and_then(|track| within(&track.values))
            .is_some_and(|count| count >= 1.0);
        let fewer = self.evidence.in_service.as_ref().is_some_and(|track| {
            let (inside, earlier) = (within(&track.values), before(&track.values));
            inside.zip(earlier).is_some_and(|(a, b)| a < 0.7 * b)
        });
        Some(Dip {
            minutes: end - start,
            since: till_end,
            depth: 1.0 - sum(&values[start..end]) / expected,
            errors,
            normal: usual.last().copied()?,
            borne_out: failing || sick || fewer,
        })
    }

    fn contradicts(&self) -> Option<String> {
        let (demand, cpu) = (self.demand?, self.evidence.cpu.as_ref()?);
        let dip = self
            .dip
            .filter(|dip| dip.since == 0 && !dip.borne_out && dip.depth > 0.5)?;
        let before = median(
            cpu.last(USUAL + dip.minutes)
                .iter()
                .copied()
                .take(USUAL - dip.minutes.min(USUAL / 2)),
        )?;
        let now = self.cpu?;
        (now > 0.85 * before && before > 5.0).then(|| {
            format!(
                "demand reads {}/min, {} below what is usual, while CPU stays at {now:.0} %: one of the two metrics is wrong",
                crate::words::number(demand.now),
                crate::words::percent(dip.depth),
            )
        })
    }
}

/// Demand per server by the minute; by the servers there are now where their history is unknown.
pub(crate) fn per_server(evidence: &Evidence) -> Option<Track> {
    let demand = evidence.demand.as_ref()?;
    let now = f64::from(evidence.fleet.in_service.max(1));
    let length = demand.values.len();
    let servers = |index: usize| {
        let track = evidence.in_service.as_ref()?;
        let offset = track.values.len().checked_sub(length)?;
        track
            .values
            .get(offset + index)
            .copied()
            .filter(|v| *v >= 1.0)
    };
    let values = demand
        .values
        .iter()
        .enumerate()
        .map(|(index, value)| value / servers(index).unwrap_or(now))
        .collect();
    Some(Track::new(values, demand.source.clone()))
}

/// The median load in the hour before a change `minutes` ago, and the highest usual one since.
fn loads_around(loads: &[f64], minutes: usize) -> Option<(f64, f64)> {
    let split = loads.len().checked_sub(minutes)?;
    let before = median(loads[split.saturating_sub(USUAL)..split].iter().copied())?;
    let since = upper_quartile(&loads[split..])?;
    Some((before, since))
}

/// A high but not an odd value: the third quartile.
fn upper_quartile(values: &[f64]) -> Option<f64> {
    let middle = median(values.iter().copied())?;
    median(values.iter().copied().filter(|value| *value >= middle))
}

fn tail(values: &[f64]) -> &[f64] {
    &values[values.len().saturating_sub(USUAL + RECENT)..]
}

/// The level of a metric now: the median of its last three minutes.
pub(crate) fn present(track: &Track) -> Option<f64> {
    median(track.last(3).iter().copied())
}

/// The slope of the last `minutes` of a metric, where at least half of them are known.
pub(crate) fn course(track: &Track, minutes: usize) -> Option<Slope> {
    let values = track.last(minutes);
    let known = values.iter().filter(|value| value.is_finite()).count();
    (known * 2 >= values.len() && known >= 10).then(|| slope(values))?
}

fn error_share(evidence: &Evidence) -> Option<Vec<f64>> {
    let (errors, demand) = (evidence.errors.as_ref()?, evidence.demand.as_ref()?);
    let length = errors.values.len().min(demand.values.len());
    let pairs = errors.last(length).iter().zip(demand.last(length));
    // A service that is down answers fewer requests than it fails: the share stays one.
    Some(
        pairs
            .map(|(e, d)| (e / d.max(1.0)).clamp(0.0, 1.0))
            .collect(),
    )
}

/// What demand would have been in each of the last `length` minutes: the forecast's median, else
/// the median of the first third of them.
fn usual_by_minute(evidence: &Evidence, length: usize) -> Option<Vec<f64>> {
    if let Some(band) = &evidence.band {
        let end = band.present + 1;
        let start = end.checked_sub(length)?;
        return band.median.get(start..end).map(<[f64]>::to_vec);
    }
    let values = evidence.demand.as_ref()?.last(length);
    let first = median(values[..values.len() / 3].iter().copied())?;
    Some(vec![first; values.len()])
}

fn demand(evidence: &Evidence) -> Option<Demand> {
    let track = evidence.demand.as_ref()?;
    let values = track.last(USUAL + RECENT);
    let newest = values.iter().rposition(|value| value.is_finite())?;
    let age = values.len() - 1 - newest;
    // Older than ten minutes says nothing about now.
    if age > 10 {
        return None;
    }
    let seen = &values[..=newest];
    let level = median(seen[seen.len().saturating_sub(3)..].iter().copied())?;
    let recent = &seen[seen.len().saturating_sub(USUAL)..];
    let noise = noise(recent).map_or(0.03, |deviation| deviation / level.abs().max(1e-9));
    let noise = noise.clamp(SMOOTHEST, 0.5);
    let rise = rise(recent, 30, SMOOTHEST * level.abs());
    let edges = edges(evidence, age);
    let onset = match &evidence.band {
        Some(band) => {
            let end = (band.present + 1).saturating_sub(age).min(band.upper.len());
            run_above(seen, &band.upper[..end])
        }
        None => rise
            .filter(|shift| shift.z > 5.0 && shift.ratio() > 1.2)
            .map_or(0, |shift| shift.minutes),
    };
    let part = match onset {
        0 | 1 => &seen[seen.len().saturating_sub(8)..],
        2 | 3 => &seen[seen.len() - onset..],
        // The first minute may hold only a part of a jump.
        _ => &seen[seen.len() - (onset - 1).min(6)..],
    };
    let ramp = matches!(onset, 2..=5).then(|| ramp(seen, onset)).flatten();
    let part = ramp.map_or(part, |length| &seen[seen.len() - length..]);
    let growth = match (onset, ramp) {
        (1, _) => 0.0,
        (_, None) => growth(part, noise * level),
        // Early on a ramp, the upper end of what the slope may be, at 95 %: what is missing is lost,
        // what is too much is handed back.
        (_, Some(_)) => slope(part).map_or(0.0, |found| {
            found.each_minute + 1.645 * slope_variance(part, noise * level).sqrt()
        }),
    };
    let steady: Vec<f64> = part
        .iter()
        .rev()
        .take(5)
        .enumerate()
        .map(|(back, value)| value + growth * back as f64)
        .collect();
    let now = if onset == 1 {
        level
    } else {
        median(steady.iter().copied()).unwrap_or(level)
    }
    .max(0.0);
    // A line through a burst may end far below what is there.
    let lowest = seen[seen.len().saturating_sub(3)..]
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .fold(f64::INFINITY, f64::min);
    let now = now.max(lowest);
    let counted = (onset.clamp(1, 3)) as f64;
    let deviation =
        (noise * now.max(level)).max(1e-9) * (core::f64::consts::FRAC_PI_2 / counted).sqrt();
    let above = match (edges, rise) {
        (Some((_, _, upper)), _) => {
            (now.min(seen[newest].max(level)) - upper) / deviation.max(0.01 * upper)
        }
        (None, Some(shift)) if shift.ratio() > 1.2 => shift.z - 5.0,
        (None, Some(shift)) => (shift.ratio() - 1.2) * 20.0,
        (None, None) => 0.0,
    };
    Some(Demand {
        now,
        growth,
        noise,
        onset,
        age,
        expected: edges,
        above,
        rise,
    })
}

/// How many of the newest values lie on a ramp, where a bent line fits the last minutes better than
/// a step at the onset does: a ramp begins before it leaves the band, and two minutes alone would
/// not tell its slope from noise. Both are judged by the absolute deviations they leave.
fn ramp(values: &[f64], onset: usize) -> Option<usize> {
    /// Minutes that both are fitted to.
    const FITTED: usize = 20;
    let values = &values[values.len().saturating_sub(FITTED)..];
    let flat = |part: &[f64]| -> Option<f64> {
        let level = median(part.iter().copied())?;
        Some(
            part.iter()
                .filter(|v| v.is_finite())
                .map(|v| (v - level).abs())
                .sum(),
        )
    };
    let sloped = |part: &[f64]| -> Option<f64> {
        let each = slope(part)?.each_minute;
        let level: Vec<f64> = part
            .iter()
            .enumerate()
            .map(|(index, v)| v - each * index as f64)
            .collect();
        flat(&level)
    };
    let split = |length: usize| values.split_at_checked(values.len().checked_sub(length)?);
    let (before, after) = split(onset)?;
    let step = flat(before)? + flat(after)?;
    let bent = (onset + 1..=onset + 6).filter_map(|length| {
        let (before, after) = split(length)?;
        Some((length, flat(before)? + sloped(after)?))
    });
    let best = bent.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (best.1 < step).then_some(best.0)
}

/// The slope of `values`, pulled to 0 by what noise alone would show.
/// Source: the positive-part rule of James and Stein, 1961, for one mean.
fn growth(values: &[f64], deviation: f64) -> f64 {
    let Some(found) = slope(values) else {
        return 0.0;
    };
    let variance = slope_variance(values, deviation);
    let shrink = 1.0 - variance / (found.each_minute * found.each_minute).max(1e-12);
    found.each_minute * shrink.max(0.0)
}

/// Variance of a least-squares slope over so many equidistant values of that deviation.
fn slope_variance(values: &[f64], deviation: f64) -> f64 {
    let n = values.iter().filter(|value| value.is_finite()).count() as f64;
    deviation * deviation * 12.0 / (n * (n * n - 1.0)).max(1.0)
}

/// Lower edge, median and upper edge of the band at the newest value.
fn edges(evidence: &Evidence, age: usize) -> Option<(f64, f64, f64)> {
    let band = evidence.band.as_ref()?;
    let at = band.present.checked_sub(age)?;
    let edge = |values: &[f64]| values.get(at).copied().filter(|v| v.is_finite());
    Some((edge(&band.lower)?, edge(&band.median)?, edge(&band.upper)?))
}

/// Minutes in a row at the end in which `values` were above `upper`; gaps do not end the run.
fn run_above(values: &[f64], upper: &[f64]) -> usize {
    let mut run = 0;
    for (back, (value, edge)) in values.iter().rev().zip(upper.iter().rev()).enumerate() {
        if value.is_finite() && value <= edge {
            break;
        }
        if value.is_finite() {
            run = back + 1;
        }
    }
    run
}

/// How far `value` is from the middle of `others`, in their deviations; `floor` is the least one.
pub(crate) fn distance(value: f64, others: &[f64], floor: f64) -> Option<f64> {
    let middle = median(others.iter().copied())?;
    Some((value - middle) / spread(others)?.max(floor).max(f64::MIN_POSITIVE))
}
