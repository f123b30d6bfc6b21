//! Needs within what people want to spend in a calendar day or month, and what that costs in risk.

use config::{Occurrence, OccurrenceEffect, Per};
use documents::{Forecast, PlanStep, SpentHours};
use jiff::{SignedDuration, Timestamp};
use planning::{Budgeted, within_budget};

use crate::ladder::Known;
use crate::spent::{hours, period};

/// A part of the plan that lies in one day or month, and what is left for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// End of the day or month.
    pub(crate) end: Timestamp,
    /// The whole budget, in server-hours.
    pub(crate) whole: f64,
    /// Server-hours gone of it; what is not known of them is taken as below.
    pub(crate) gone: f64,
    /// What is left for this part.
    pub(crate) left: f64,
    /// Hours of which nothing is known.
    pub(crate) unknown: f64,
}

/// The parts of `[from, to)` by day or month. Of what is left of one, a part gets as much as its share
/// in the servers that the rest of the day or month is expected to take.
///
/// Hours of which nothing is known are taken as the more of an even pace and of the mean of what is
/// known, or of what median demand takes where less than a day is known.
pub(crate) fn parts(
    known: &Known<'_>,
    forecast: &Forecast,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Part> {
    let target = known.target;
    let Some(budget) = target.control.budget else {
        return Vec::new();
    };
    let whole = budget.server_hours(target.price_per_server_hour);
    let mut parts = Vec::new();
    let mut at = from;
    while at < to {
        let (begin, end) = period(budget.per, &target.zone, at);
        if end <= at {
            break;
        }
        let (gone, unknown) = if begin <= known.now {
            let spent = known.sight.spent.as_ref();
            let usual = Pattern::new(known, forecast, end).mean_servers();
            gone(spent, whole, (begin, end), known.now, usual)
        } else {
            (0.0, 0.0)
        };
        let until = end.min(to);
        let pattern = Pattern::new(known, forecast, end);
        let share = pattern.servers(at, until) / pattern.servers(at, end).max(f64::MIN_POSITIVE);
        parts.push(Part {
            from: at,
            to: until,
            end,
            whole,
            gone,
            left: (whole - gone).max(0.0) * share.min(1.0),
            unknown,
        });
        at = until;
    }
    parts
}

/// Hours whose mean speaks for others: every time of day is among them.
const A_DAY: f64 = 24.0;

/// Server-hours gone of the running period, and hours of it that are not known.
fn gone(
    spent: Option<&SpentHours>,
    whole: f64,
    (begin, end): (Timestamp, Timestamp),
    now: Timestamp,
    usual: f64,
) -> (f64, f64) {
    let even = whole / hours(begin, end).max(f64::MIN_POSITIVE);
    match spent.filter(|spent| spent.since == begin) {
        Some(spent) => {
            // The servers of the moment would swing by day and night.
            let known = hours(begin, spent.until) - spent.unknown_hours;
            let pace = if known >= A_DAY {
                spent.server_hours / known
            } else {
                usual
            };
            let assumed = even.max(pace) * spent.unknown_hours;
            (spent.server_hours + assumed, spent.unknown_hours)
        }
        None => (even * hours(begin, now), hours(begin, now)),
    }
}

/// Servers that demand is expected to take, hour by hour, for sharing a budget out.
struct Pattern<'a> {
    forecast: &'a Forecast,
    median: usize,
    throughput: f64,
    least: f64,
    mean: f64,
    /// Events that begin beyond the forecast.
    later: Vec<Occurrence>,
}

impl<'a> Pattern<'a> {
    fn new(known: &Known<'_>, forecast: &'a Forecast, end: Timestamp) -> Self {
        let off = |level: f64| (level - 0.5).abs();
        let levels = forecast.levels.iter().enumerate();
        let median = levels.min_by(|a, b| off(*a.1).total_cmp(&off(*b.1)));
        let median = median.map_or(0, |(index, _)| index);
        let all: Vec<f64> = forecast
            .quantiles
            .iter()
            .filter_map(|row| row.get(median).copied())
            .collect();
        let later = if forecast.end() < end {
            let config = &known.settings.config;
            config.occurrences(known.target, known.now, forecast.end(), end)
        } else {
            Vec::new()
        };
        Self {
            forecast,
            median,
            throughput: known.rules.throughput,
            least: f64::from(known.rules.min_servers),
            mean: all.iter().sum::<f64>() / all.len().max(1) as f64,
            later,
        }
    }

    /// Servers in the mean of the forecast.
    fn mean_servers(&self) -> f64 {
        let (from, to) = (self.forecast.start, self.forecast.end());
        self.servers(from, to) / hours(from, to).max(f64::MIN_POSITIVE)
    }

    /// Server-hours from `from` to `to`.
    fn servers(&self, from: Timestamp, to: Timestamp) -> f64 {
        let hour = SignedDuration::from_hours(1);
        let (mut at, mut sum) = (from, 0.0);
        while at < to {
            let next = at.saturating_add(hour).unwrap_or(Timestamp::MAX).min(to);
            sum += self.at(at) * hours(at, next);
            if next <= at {
                break;
            }
            at = next;
        }
        sum
    }

    fn at(&self, at: Timestamp) -> f64 {
        let demand = self.forecast.step_at(at).map_or_else(
            || self.beyond(at),
            |row| {
                self.forecast.quantiles[row]
                    .get(self.median)
                    .copied()
                    .unwrap_or(self.mean)
            },
        );
        (demand / self.throughput).max(self.least).max(1e-9)
    }

    /// As on the same weekday before, by the forecast or by the past that it carries; as the forecast
    /// is on the whole where neither reaches.
    fn beyond(&self, at: Timestamp) -> f64 {
        let week = SignedDuration::from_hours(7 * 24);
        let mut before = at;
        let mut demand = self.mean;
        // A month has five weeks at most.
        for _ in 0..5 {
            before = before.saturating_sub(week).unwrap_or(Timestamp::MIN);
            if let Some(found) = self.past(before) {
                demand = found;
                break;
            }
        }
        let during = |event: &&Occurrence| event.from() <= at && at < event.to();
        for event in self.later.iter().filter(during) {
            match event.effect {
                OccurrenceEffect::Multiplier(factor) => demand *= factor,
                OccurrenceEffect::Demand(given) => demand = demand.max(given),
                OccurrenceEffect::Like(_) | OccurrenceEffect::Learnt => {}
            }
        }
        demand
    }

    fn past(&self, at: Timestamp) -> Option<f64> {
        if let Some(row) = self.forecast.step_at(at) {
            return self.forecast.quantiles[row].get(self.median).copied();
        }
        let past = self.forecast.past.as_ref()?;
        let seconds = i64::from(self.forecast.step_seconds.max(1));
        let index = at.duration_since(past.start).as_secs().div_euclid(seconds);
        let median = past.medians.get(usize::try_from(index).ok()?)?;
        median.is_finite().then_some(*median)
    }
}

/// Cuts `steps` to the target's budget as far as the risk that people accepted goes, and says what
/// the budget costs whether it is kept or not. Events keep what they need, and no step has fewer than
/// `seen`, servers from each start on that the demand takes which the last minutes lead to expect.
pub(crate) fn keep(
    known: &Known<'_>,
    forecast: &Forecast,
    added: &[(Occurrence, String)],
    seen: &[(Timestamp, u32)],
    steps: &mut Vec<PlanStep>,
    notes: &mut Vec<String>,
) -> bool {
    let target = known.target;
    let Some(budget) = target.control.budget else {
        return false;
    };
    let mut cut = false;
    let found = known
        .settings
        .config
        .occurrences(target, known.now, forecast.start, known.end);
    let least = |at| {
        let mut all = found.iter().chain(added.iter().map(|(added, _)| added));
        if all.any(|event| event.from() <= at && at < event.to()) {
            return u32::MAX;
        }
        // What begins a little before now is under way.
        let past = seen.partition_point(|(start, _)| *start <= at.max(known.now));
        past.checked_sub(1).map_or(0, |index| seen[index].1)
    };
    for part in parts(known, forecast, (known.now, known.end)) {
        let span = (part.from, part.to);
        let within = |hours: f64| within_budget(steps, forecast, known.rules, span, hours, least);
        let made = match within(part.left) {
            Ok(made) => made,
            Err(error) => {
                notes.push(format!("the budget is not looked at: {error}"));
                return cut;
            }
        };
        let running = part.from == known.now;
        let name = named(&part, budget.per, known);
        if made.price == 0.0 {
            if running {
                notes.push(format!(
                    "{name}: {:.0} are planned of the {:.0} left for the hours until {}",
                    made.wanted, part.left, part.to
                ));
            }
            continue;
        }
        let reached = reached(known, forecast, &part, steps)
            .map_or_else(String::new, |at| format!(", it would be reached at {at}"));
        let told = format!(
            "{name}, which leaves {:.0} for the hours until {}: the risk asks for {:.0}{reached}; within it {:.3} % of demand is expected above the floors instead of {:.3} %, before what the group's own policies add",
            part.left,
            part.to,
            made.wanted,
            made.risk * 100.0,
            made.wanted_risk * 100.0,
        );
        let Some(accepted) = budget.accept_risk else {
            notes.push(format!(
                "{told}; nothing is cut unless accept_risk says that so much is accepted"
            ));
            continue;
        };
        let (made, follows) = if made.risk <= accepted {
            let follows = if made.kept > part.left {
                format!(
                    "; {:.0} are needed for events and min_servers alone",
                    made.kept
                )
            } else {
                String::new()
            };
            (made, follows)
        } else {
            let follows = format!(", more than the accepted {:.3} %", accepted * 100.0);
            let least = least_accepted(&within, part.left, made.wanted, accepted);
            match least {
                Some(least) => {
                    let follows = format!(
                        "{follows}: {:.0} are planned at {:.3} %",
                        least.kept,
                        least.risk * 100.0
                    );
                    (least, follows)
                }
                None => {
                    notes.push(format!("{told}{follows}: nothing is cut"));
                    continue;
                }
            }
        };
        notes.push(format!("{told}{follows}"));
        *steps = made.steps;
        cut |= running;
    }
    cut
}

/// The budget and what is gone of it.
fn named(part: &Part, per: Per, known: &Known<'_>) -> String {
    let date = part.from.to_zoned(known.target.zone.clone()).date();
    let (a, period) = match per {
        Per::Day => ("a day", date.to_string()),
        Per::Month => ("a month", date.strftime("%Y-%m").to_string()),
    };
    let unknown = if part.unknown > 0.0 {
        format!(
            ", {:.1} hours of it unknown and taken as an even pace or the usual servers, whichever is more",
            part.unknown
        )
    } else {
        String::new()
    };
    format!(
        "budget of {:.0} server-hours {a}: {:.0} are gone in {period}{unknown}",
        part.whole, part.gone
    )
}

/// When `steps`, and after them the same servers for the same demand, will have used up the day's or
/// month's budget; `None` where its end comes before.
fn reached(
    known: &Known<'_>,
    forecast: &Forecast,
    part: &Part,
    steps: &[PlanStep],
) -> Option<Timestamp> {
    let pattern = Pattern::new(known, forecast, part.end);
    let planned = |at: Timestamp| {
        let index = steps.partition_point(|step| step.start <= at);
        let index = index.saturating_sub(1);
        steps.get(index).map_or(0.0, |step| f64::from(step.servers))
    };
    let hour = SignedDuration::from_hours(1);
    let (mut at, mut sum, mut ahead) = (part.from, part.gone, 0.0);
    let usual = pattern.servers(part.from, part.to).max(f64::MIN_POSITIVE);
    while at < part.end {
        let end = if at < part.to { part.to } else { part.end };
        let next = at.saturating_add(hour).ok()?.min(end);
        if at < part.to {
            ahead += planned(at) * hours(at, next);
            sum += planned(at) * hours(at, next);
        } else {
            sum += ahead * pattern.servers(at, next) / usual;
        }
        if sum >= part.whole {
            return Some(at);
        }
        at = next;
    }
    None
}

/// The fewest server-hours within which the risk is accepted; `None` where not even all of them are.
fn least_accepted(
    within: &impl Fn(f64) -> Result<Budgeted, planning::PlanError>,
    mut low: f64,
    mut high: f64,
    accepted: f64,
) -> Option<Budgeted> {
    let mut best = None;
    for _ in 0..20 {
        let middle = (low + high) / 2.0;
        let made = within(middle).ok()?;
        if made.risk <= accepted {
            high = middle;
            best = Some(made);
        } else {
            low = middle;
        }
    }
    best
}

#[cfg(test)]
mod tests;
