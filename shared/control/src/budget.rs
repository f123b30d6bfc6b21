//! Needs within what people want to spend, and what that costs in risk.

use config::Occurrence;
use documents::{Forecast, PlanStep};
use planning::{Budgeted, within_budget};

use crate::ladder::Known;

/// Cuts `steps` to the target's budget as far as the risk that people accepted goes, and says what
/// the budget costs whether it is kept or not. Events keep what they need.
pub(crate) fn keep(
    known: &Known<'_>,
    forecast: &Forecast,
    added: &[(Occurrence, String)],
    steps: &mut Vec<PlanStep>,
    notes: &mut Vec<String>,
) {
    let target = known.target;
    let Some(budget) = target.control.budget else {
        return;
    };
    let hours = budget.server_hours_per_day(target.price_per_server_hour);
    let found = known
        .settings
        .config
        .occurrences(target, known.now, forecast.start, known.end);
    let of_event = |at| {
        let all = found.iter().chain(added.iter().map(|(added, _)| added));
        let mut all = all;
        all.any(|event| event.from() <= at && at < event.to())
    };
    let within = |hours| within_budget(steps, forecast, known.rules, hours, of_event);
    let made = match within(hours) {
        Ok(made) => made,
        Err(error) => {
            notes.push(format!("the budget is not looked at: {error}"));
            return;
        }
    };
    if made.price == 0.0 {
        notes.push(format!(
            "budget of {hours:.0} server-hours a day: {:.0} are planned",
            made.wanted
        ));
        return;
    }
    let told = format!(
        "the budget of {hours:.0} server-hours a day is under the {:.0} that the risk asks for: within it {:.3} % of demand is expected above the floors instead of {:.3} %",
        made.wanted,
        made.risk * 100.0,
        made.wanted_risk * 100.0,
    );
    let Some(accepted) = budget.accept_risk else {
        notes.push(format!(
            "{told}; nothing is cut unless accept_risk says that so much is accepted"
        ));
        return;
    };
    let (made, follows) = if made.risk <= accepted {
        let follows = if made.kept > hours {
            format!(
                "; {:.0} are needed for events and min_servers alone",
                made.kept
            )
        } else {
            String::new()
        };
        (made, follows)
    } else {
        let least = least_accepted(&within, hours, made.wanted, accepted);
        let follows = format!(", more than the accepted {:.3} %", accepted * 100.0);
        match least {
            Some(least) => {
                let follows = format!("{follows}: {:.0} are planned", least.kept);
                (least, follows)
            }
            None => {
                notes.push(format!("{told}{follows}: nothing is cut"));
                return;
            }
        }
    };
    notes.push(format!("{told}{follows}"));
    *steps = made.steps;
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
