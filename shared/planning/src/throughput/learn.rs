use super::drift::change;
use super::limit::{Seen, fitted, followed, met, unfollowed};
use super::{Drift, Learnt, Limit, LoadPoint, Met, Signal, SignalKind};

/// Most changes looked for within what is seen, newest last.
const MOST_CHANGES: usize = 3;
/// A throughput that moved by less is the same one.
const SAME: f64 = 0.05;

/// Demand one server sustains under each signal's limit, and which of them binds. `points` may come
/// in any order and with anything in them; what cannot be used is left out.
#[must_use]
pub fn learn_throughput(points: &[LoadPoint], signals: &[Signal]) -> Learnt {
    let mut points: Vec<&LoadPoint> = points.iter().filter(|point| usable(point)).collect();
    points.sort_by_key(|point| point.at);
    let limits: Vec<Limit> = signals
        .iter()
        .enumerate()
        .map(|(index, signal)| learn(&points, index, signal))
        .collect();
    let tightest = limits
        .iter()
        .enumerate()
        .filter_map(|(index, limit)| match limit.met {
            Met::At { per_server, .. } => Some((index, per_server)),
            Met::Above(_) | Met::Unknown(_) => None,
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(index, _)| index);
    let mut loads: Vec<f64> = points.iter().map(|p| p.demand / p.servers).collect();
    loads.sort_by(f64::total_cmp);
    let last = (loads.len().max(1) - 1) as f64 * 0.99;
    Learnt {
        limits,
        tightest,
        points: loads.len(),
        highest_seen: loads.get(last as usize).copied().unwrap_or(0.0),
    }
}

fn usable(point: &LoadPoint) -> bool {
    let load = point.demand / point.servers;
    point.servers > 0.0 && point.demand > 0.0 && load > 0.0 && load.is_finite()
}

fn learn(points: &[&LoadPoint], index: usize, signal: &Signal) -> Limit {
    let Signal { label, kind, limit } = signal;
    let done = |met, at_rest, at_highest, drift, passing| Limit {
        label: label.clone(),
        kind: *kind,
        limit: *limit,
        met,
        at_rest,
        at_highest,
        drift,
        passing,
    };
    if !(*limit > 0.0 && limit.is_finite()) {
        let why = "the limit is not above 0".to_owned();
        return done(Met::Unknown(why), None, None, None, None);
    }
    let seen: Vec<Seen> = points
        .iter()
        .filter_map(|point| {
            let value = *point.values.get(index)?;
            let own = match kind {
                SignalKind::Errors => value / point.demand,
                SignalKind::Queue => value / point.servers,
                _ => value,
            };
            let value = followed(*kind, own, *limit);
            let sound = own >= 0.0 && value.is_finite();
            sound.then_some(Seen {
                at: point.at,
                load: point.demand / point.servers,
                value,
            })
        })
        .collect();
    let at = followed(*kind, *limit, *limit);
    let mut from = 0;
    let mut drift = None;
    let mut fit = match fitted(&seen) {
        Ok(fit) => fit,
        Err(why) => return done(Met::Unknown(why), None, None, None, None),
    };
    let mut found = met(&fit, *kind, at);
    for _ in 0..MOST_CHANGES {
        let Some(place) = change(&seen[from..], &fit.line) else {
            break;
        };
        let (before, since) = seen[from..].split_at(place);
        let Some(first) = since.first() else {
            break;
        };
        let earlier = fitted(before).map(|fit| met(&fit, *kind, at));
        let Ok(later) = fitted(since) else {
            // What is left tells that something changed, and not yet to what.
            let since = first.at;
            let before = earlier.ok().and_then(|met| value(&met));
            drift = Some(Drift {
                since,
                before,
                followed: false,
            });
            break;
        };
        let now = met(&later, *kind, at);
        let Ok(earlier) = earlier else {
            break;
        };
        if !differ(&earlier, &now) {
            break;
        }
        drift = Some(Drift {
            since: first.at,
            before: value(&earlier),
            followed: true,
        });
        (fit, found) = (later, now);
        from += place;
    }
    let on = |load| Some(unfollowed(*kind, fit.line.at(load), *limit)).filter(|v| v.is_finite());
    done(found, on(0.0), on(fit.highest), drift, fit.passing(at))
}

fn value(met: &Met) -> Option<f64> {
    match met {
        Met::At { per_server, .. } => Some(*per_server),
        Met::Above(_) | Met::Unknown(_) => None,
    }
}

/// Whether the two cannot be one and the same.
fn differ(before: &Met, after: &Met) -> bool {
    match (before, after) {
        (
            Met::At {
                per_server: a,
                low: a_low,
                high: a_high,
                ..
            },
            Met::At {
                per_server: b,
                low: b_low,
                high: b_high,
                ..
            },
        ) => (a / b - 1.0).abs() > SAME && (b_high < a_low || b_low > a_high),
        (Met::Above(seen), Met::At { high, .. }) => high < seen,
        (Met::At { high, .. }, Met::Above(seen)) => high < seen,
        _ => false,
    }
}
