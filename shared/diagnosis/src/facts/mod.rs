//! What the evidence comes down to, computed once for all hypotheses.

mod course;
mod demand;
mod dip;

pub use demand::Demand;
pub use dip::Dip;

use crate::Evidence;
use crate::evidence::Track;
use crate::robust::{Shift, Slope, median, rise, slope, spread};
use demand::demand;

/// Minutes looked back on for what is usual.
const USUAL: usize = 60;
/// Minutes within which a change counts as what the alarm is about.
const RECENT: usize = 45;
/// Least deviation of single minutes, as a share of their level: nothing is smoother than that.
const SMOOTHEST: f64 = 0.005;

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

/// The slope of the last `minutes` of a metric, where at least half of them are known since it
/// began. A server may be younger, but not by more than three quarters.
pub(crate) fn course(track: &Track, minutes: usize) -> Option<Slope> {
    let values = track.last(minutes);
    let first = values.iter().position(|value| value.is_finite())?;
    let (whole, values) = (values.len(), &values[first..]);
    let known = values.iter().filter(|value| value.is_finite()).count();
    let enough = values.len() * 4 >= whole && known * 2 >= values.len() && known >= 10;
    enough.then(|| slope(values))?
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

/// How far `value` is from the middle of `others`, in their deviations; `floor` is the least one.
pub(crate) fn distance(value: f64, others: &[f64], floor: f64) -> Option<f64> {
    let middle = median(others.iter().copied())?;
    Some((value - middle) / spread(others)?.max(floor).max(f64::MIN_POSITIVE))
}
