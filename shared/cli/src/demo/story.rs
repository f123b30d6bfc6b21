//! What happened, in plain words.

use jiff::Timestamp;
use replay::Replay;
use simulation::{MinuteRecord, Source};

use crate::output::grouped;
use crate::simulate::Summary;

use super::{Moment, Scene};

/// Everything before the comparison.
pub(super) fn before(scene: &Scene, replay: &Replay) -> Vec<String> {
    let mut lines = scene.intro.clone();
    lines.push(String::new());
    let [forecaster, planner, responder] = replay.runs;
    let outcome = &replay.outcome;
    lines.push(format!(
        "{} requests came, at most {} in a minute. The forecaster ran {}, the planner {}; the \
         responder was called {}.",
        grouped(outcome.total_demand),
        grouped(peak(&replay.records)),
        times(forecaster),
        times(planner),
        times(responder),
    ));
    if scene.moments.is_empty() {
        lines.extend(worst(replay));
    }
    for moment in &scene.moments {
        lines.push(String::new());
        lines.push(told(moment, replay));
    }
    lines
}

/// What it comes to.
pub(super) fn conclusion(summary: &Summary) -> String {
    let own = summary.forescale;
    let others = &summary.alternatives;
    let fewer = |hours: f64| {
        let share = 100.0 * (own.server_hours / hours - 1.0);
        if share < 0.0 {
            format!("{:.0}% fewer", -share)
        } else {
            format!("{share:.0}% more")
        }
    };
    format!(
        "Forescale served {:.3}% of demand with {} server-hours: {} than a static fleet for the \
         peak, {} than target tracking alone (which left {} requests without a server, Forescale \
         {}), and {} than the bound of who knows the future.",
        100.0 * (1.0 - own.share_of_demand_above_capacity),
        grouped(own.server_hours),
        fewer(others.static_peak.server_hours),
        fewer(others.target_tracking.server_hours),
        grouped(others.target_tracking.requests_not_served),
        grouped(own.requests_not_served),
        fewer(others.clairvoyant.server_hours),
    )
}

/// One moment of the scene.
fn told(moment: &Moment, replay: &Replay) -> String {
    let records = within(&replay.records, moment.from, moment.to);
    let Some(first) = records.first() else {
        return moment.what.clone();
    };
    let most = records.iter().map(|record| record.in_service).max();
    let lost: f64 = records.iter().map(|record| record.lost).sum();
    let raised = replay.changes.iter().find(|change| {
        change.source == Source::Responder
            && (moment.from..moment.to).contains(&change.effective_at)
    });
    let clock = |at: Timestamp| {
        let local = replay.target.zone.to_datetime(at);
        local.strftime("%H:%M").to_string()
    };
    let mut text = format!(
        "{}. Demand rose to {} a minute. {} servers were in service when it began, {} at its \
         height.",
        moment.what,
        grouped(peak(records)),
        first.in_service,
        most.unwrap_or(first.in_service),
    );
    if let Some(change) = raised {
        let servers = change.desired_capacity.or(change.min_size).unwrap_or(0);
        text.push_str(&format!(
            " An alarm called the responder, which asked for {servers} servers at {}.",
            clock(change.effective_at)
        ));
    }
    text.push_str(&if lost > 0.0 {
        let minutes = records.iter().filter(|record| record.lost > 0.0).count();
        let found = if minutes == 1 { "minute" } else { "minutes" };
        format!(
            " In {minutes} {found}, {} requests found no server.",
            grouped(lost)
        )
    } else {
        " Every request found a server.".to_owned()
    });
    text
}

/// The hour in which most requests found no server.
fn worst(replay: &Replay) -> Option<String> {
    let lost = |records: &&[MinuteRecord]| records.iter().map(|record| record.lost).sum::<f64>();
    let worst = replay
        .records
        .chunks(60)
        .max_by(|a, b| lost(a).total_cmp(&lost(b)))?;
    let at = replay.target.zone.to_datetime(worst.first()?.at);
    let none = lost(&worst);
    if none <= 0.0 {
        return Some("Every request found a server.".to_owned());
    }
    Some(format!(
        "The worst hour began on {}: {} requests found no server in it.",
        at.strftime("%A, %-d %B at %H:%M"),
        grouped(none)
    ))
}

fn within(records: &[MinuteRecord], from: Timestamp, to: Timestamp) -> &[MinuteRecord] {
    let low = records.partition_point(|record| record.at < from);
    let high = records.partition_point(|record| record.at < to);
    records.get(low..high).unwrap_or_default()
}

fn peak(records: &[MinuteRecord]) -> f64 {
    let known = records.iter().map(|record| record.demand);
    known
        .filter(|demand| demand.is_finite())
        .fold(0.0, f64::max)
}

fn times(count: usize) -> String {
    match count {
        0 => "not once".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}
