//! One signal over demand per server, and where it meets its limit.

use jiff::Timestamp;
use simulation::Random;

use super::fit::{Bin, Line, again, bins, line};
use super::{Met, SignalKind};

/// Fewest steps to learn from: a day of hours.
const FEWEST_POINTS: usize = 24;
/// How often days are resampled; the ends of nine tenths are then known well enough.
const RESAMPLED: u64 = 200;
/// Fewest days to resample by; with less, eighths of the time seen.
const FEWEST_DAYS: i64 = 5;
const EIGHTHS: usize = 8;
/// Busiest tenth of steps over the quietest: less than this does not tell a slope from an idle
/// level.
const VARIED: f64 = 1.2;

/// A step: when, demand per server, and the signal as it is followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) at: Timestamp,
    pub(super) load: f64,
    pub(super) value: f64,
}

/// What the signal is followed as: rising with load, and nearly straight.
pub(super) fn followed(kind: SignalKind, value: f64, limit: f64) -> f64 {
    match kind {
        SignalKind::Cpu | SignalKind::Memory | SignalKind::Level => value,
        SignalKind::ResponseTime => -1.0 / value,
        // From nothing to much more than the limit, on a scale where the limit is in the middle.
        SignalKind::Errors | SignalKind::Queue => value / (value + limit),
    }
}

/// The inverse of [`followed`]; infinite where the signal has no end.
pub(super) fn unfollowed(kind: SignalKind, value: f64, limit: f64) -> f64 {
    match kind {
        SignalKind::Cpu | SignalKind::Memory | SignalKind::Level => value.max(0.0),
        SignalKind::ResponseTime if value < 0.0 => -1.0 / value,
        SignalKind::Errors | SignalKind::Queue if value < 1.0 => {
            (limit * value / (1.0 - value)).max(0.0)
        }
        _ => f64::INFINITY,
    }
}

fn goes_beyond(kind: SignalKind) -> bool {
    !matches!(kind, SignalKind::Errors | SignalKind::Queue)
}

/// A fitted signal.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    pub(super) line: Line,
    bins: Vec<Bin>,
    blocks: usize,
    lowest: f64,
    /// All but one step in a hundred had no more.
    pub(super) highest: f64,
}

impl Fitted {
    /// The lowest load at which `line` rises to `limit` and what was seen of more load does not speak
    /// against it; `None` where there is none.
    fn meets(&self, line: &Line, limit: f64) -> Option<f64> {
        let rises = line.rises_to(limit, self.lowest);
        rises.into_iter().find(|load| !self.refutes(*load, limit))
    }

    /// A load at which the line rises to `limit` although most of what was seen of more load was under
    /// it: a nightly job, say, which moves the signal without demand.
    pub(super) fn passing(&self, limit: f64) -> Option<f64> {
        let rises = self.line.rises_to(limit, self.lowest);
        rises.into_iter().find(|load| self.refutes(*load, limit))
    }

    /// Whether at least two thirds of a good number of steps with more than `load` were under `limit`.
    fn refutes(&self, load: f64, limit: f64) -> bool {
        let above = self.bins.iter().filter(|bin| bin.load > load);
        let (all, under) = above.fold((0, 0), |(all, under), bin| {
            let of_bin = bin.under(limit);
            (all + of_bin.0, under + of_bin.1)
        });
        all >= FEWEST_POINTS && 3 * under >= 2 * all
    }
}

/// Follows `seen`, in order of time.
pub(super) fn fitted(seen: &[Seen]) -> Result<Fitted, String> {
    if seen.len() < FEWEST_POINTS {
        return Err(format!(
            "{} usable points, at least {FEWEST_POINTS} are needed",
            seen.len()
        ));
    }
    let mut loads: Vec<f64> = seen.iter().map(|seen| seen.load).collect();
    loads.sort_by(f64::total_cmp);
    let at = |share: f64| loads[((loads.len() - 1) as f64 * share) as usize];
    let (low, high) = (at(0.1), at(0.9));
    if high < VARIED * low {
        return Err(format!(
            "demand per server varied only between {low:.0} and {high:.0} a minute"
        ));
    }
    let (blocks, block_of) = blocks(seen);
    let points: Vec<(f64, f64, usize)> = seen
        .iter()
        .enumerate()
        .map(|(index, seen)| (seen.load, seen.value, block_of(index)))
        .collect();
    let bins = bins(&points);
    let line = line(&bins).ok_or("its values follow no line")?;
    Ok(Fitted {
        line,
        bins,
        blocks,
        lowest: loads[0],
        highest: at(0.99),
    })
}

/// How many blocks of time there are, and which one a step is in: days, or eighths of all.
fn blocks(seen: &[Seen]) -> (usize, impl Fn(usize) -> usize + '_) {
    const DAY: i64 = 86_400;
    let day = |index: usize| seen[index].at.as_second().div_euclid(DAY);
    let first = day(0);
    let days = day(seen.len() - 1) - first + 1;
    let by_day = (FEWEST_DAYS..=1000).contains(&days);
    let count = if by_day { days as usize } else { EIGHTHS };
    (count, move |index: usize| {
        if by_day {
            usize::try_from(day(index) - first).unwrap_or(0)
        } else {
            index * EIGHTHS / seen.len()
        }
    })
}

/// Where `fitted` meets `limit`, both as followed, and how certain that is. Source of the resampling
/// by blocks: Künsch, "The jackknife and the bootstrap for general stationary observations", Annals
/// of Statistics 17, 1989.
pub(super) fn met(fitted: &Fitted, kind: SignalKind, limit: f64) -> Met {
    let meets = |line: &Line| {
        let load = fitted.meets(line, limit).unwrap_or(f64::INFINITY);
        let within = load <= fitted.highest || goes_beyond(kind);
        if within { load } else { f64::INFINITY }
    };
    if fitted.line.at(fitted.lowest) >= limit && fitted.meets(&fitted.line, limit).is_none() {
        return Met::Unknown("it is at its limit whatever demand is".to_owned());
    }
    let mut all: Vec<f64> = (0..RESAMPLED)
        .filter_map(|round| {
            let mut random = Random::keyed(0x7412_0a11, &[round]);
            let mut times = vec![0_u32; fitted.blocks];
            for _ in 0..fitted.blocks {
                let block = random.below(fitted.blocks as u64) as usize;
                if let Some(count) = times.get_mut(block) {
                    *count += 1;
                }
            }
            again(&fitted.line, &fitted.bins, &times).map(|line| meets(&line))
        })
        .collect();
    all.sort_by(f64::total_cmp);
    let at = |share: f64| {
        all.get(((all.len().max(1) - 1) as f64 * share) as usize)
            .copied()
    };
    let per_server = meets(&fitted.line);
    // Where half of all days say that it never gets there, it does not.
    let open = at(0.5).is_none_or(f64::is_infinite);
    if per_server.is_infinite() || open {
        return Met::Above(fitted.highest);
    }
    Met::At {
        per_server,
        low: at(0.05).unwrap_or(per_server).min(per_server),
        high: at(0.95).unwrap_or(per_server).max(per_server),
        beyond: per_server > fitted.highest,
    }
}
