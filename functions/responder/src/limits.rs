//! What people have laid down, what of it is used up, and what that held back. Pure.

use config::Target;
use diagnosis::{Caps, Decision, Evidence, Policy};
use documents::{Following, Hold, Incident, Spent};
use jiff::Timestamp;

/// Longest between two looks that counts as held or held back: nobody knows what was between.
const LONGEST_MINUTES: f64 = 120.0;

/// What people have laid down, less what was used up.
/// A canary holds `share` of what is added.
pub(crate) fn policy(target: &Target, spent: &Spent, share: f64, now: Timestamp) -> Policy {
    let response = &target.response;
    let spent = rolled(spent.clone(), target, now);
    let budget_left = response.monthly_budget.map(|budget| {
        let price = target.price_per_server_hour;
        let hours = if price > 0.0 {
            budget / price
        } else {
            f64::MAX
        };
        // Saturates. An event lasts an hour at least before its cost is known.
        (hours - spent.server_minutes / 60.0).max(0.0) as u32
    });
    Policy {
        caps: Caps {
            step: response.most_per_step,
            event: Some(target.most_extra_servers),
            day_left: response
                .most_per_day
                .map(|most| most.saturating_sub(spent.servers)),
            budget_left,
        },
        people_within: response.people_within,
        refresh: response.instance_refresh,
        share,
    }
}

/// `spent` of today and this month.
fn rolled(mut spent: Spent, target: &Target, now: Timestamp) -> Spent {
    let local = target.zone.to_datetime(now);
    let day = local.date().to_string();
    let month = local.strftime("%Y-%m").to_string();
    if spent.day != day {
        (spent.day, spent.servers) = (day, 0);
    }
    if spent.month != month {
        (spent.month, spent.server_minutes) = (month, 0.0);
    }
    spent
}

/// Counts what was added, and what was held since the last look.
pub(crate) fn spend(
    incident: &mut Incident,
    before: Option<&Hold>,
    decision: &Decision,
    evidence: &Evidence,
    target: &Target,
    now: Timestamp,
) {
    let mut spent = rolled(std::mem::take(&mut incident.spent), target, now);
    let fleet = evidence.fleet;
    let there = fleet.desired.max(before.map_or(0, |hold| hold.servers));
    spent.servers += decision.hold.map_or(0, |hold| hold.saturating_sub(there));
    if let (Some(hold), Some(following)) = (before, &incident.following) {
        let extra = f64::from(hold.servers.saturating_sub(fleet.planned));
        spent.server_minutes += extra * minutes_since(following, now);
    }
    incident.spent = spent;
}

/// Counts what caps held back since the last look, and keeps what they hold back now.
pub(crate) fn hold_back(following: &mut Following, decision: &Decision, now: Timestamp) {
    let minutes = minutes_since(following, now);
    let held_back = &mut following.held_back;
    held_back.lost += held_back.each_minute * minutes;
    held_back.each_minute = decision.lost;
    held_back.servers = held_back.servers.max(decision.held_back);
}

fn minutes_since(following: &Following, now: Timestamp) -> f64 {
    let minutes = now.duration_since(following.looked_at).as_secs_f64() / 60.0;
    minutes.clamp(0.0, LONGEST_MINUTES)
}
