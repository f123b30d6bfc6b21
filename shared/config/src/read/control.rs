use jiff::SignedDuration;

use super::field::Field;
use super::response;
use super::section::Section;
use super::target::{MOST_SERVERS, optional};
use crate::{Budget, BudgetAmount, Control, Desired, Per};

/// `[target.control]`; `price` of one server-hour, where it could be read.
pub(crate) fn read(section: &Section<'_>, price: Option<f64>) -> Option<Control> {
    let Some(section) = section.subsection("control", "a [target.control] table") else {
        return Some(Control::default());
    };
    // Every field is read before any is missed, so that all that is wrong is found.
    let words = [
        ("auto", Desired::Auto),
        ("never", Desired::Never),
        ("always", Desired::Always),
    ];
    let desired = optional(section.get("desired"), Desired::Auto, |f| f.choice(&words));
    let manage = optional(section.get("manage_policy"), false, Field::flag);
    let step = |field: &Field<'_>| field.whole(1..=MOST_SERVERS).map(Some);
    let up = optional(section.get("most_step_up"), None, step);
    let down = optional(section.get("most_step_down"), None, step);
    let span = |name| {
        optional(section.get(name), SignedDuration::ZERO, |field| {
            let range = SignedDuration::ZERO..=SignedDuration::from_hours(4);
            field.duration(range, "0s to 4h")
        })
    };
    let (dwell, launch) = (span("least_dwell"), span("launch_cost"));
    let ceiling = optional(section.get("ceiling"), None, |field| {
        let fits = |level: f64| (0.9..=0.9999).contains(&level);
        field.number(fits, "0.9 to 0.9999").map(Some)
    });
    let budget = optional(section.get("budget"), None, |field| {
        budget(field, price).map(Some)
    });
    let grows = optional(section.get("canary_grows"), true, Field::flag);
    let guard = optional(section.get("canary_guard"), None, |field| {
        response::level(field).map(Some)
    });
    section.finish();
    Some(Control {
        desired: desired?,
        manage_policy: manage?,
        most_step_up: up?,
        most_step_down: down?,
        least_dwell: dwell?,
        launch_cost: launch?,
        ceiling: ceiling?,
        budget: budget?,
        canary_grows: grows?,
        canary_guard: guard?,
    })
}

fn budget(field: &Field<'_>, price: Option<f64>) -> Option<Budget> {
    let section = field.section("a table { server_hours or money, per, accept_risk }")?;
    let amount = |field: &Field<'_>| {
        let fits = |amount: f64| amount > 0.0 && amount <= 1e9;
        field.number(fits, "above 0, at most 1000000000")
    };
    let (hours, money) = (section.get("server_hours"), section.get("money"));
    let amount = match (&hours, &money) {
        (Some(hours), None) => amount(hours).map(BudgetAmount::ServerHours),
        (None, Some(money)) => {
            if price == Some(0.0) {
                let beside = "price_per_server_hour above 0 beside it";
                money.refuse("cannot be kept without a price", beside);
            }
            amount(money)
                .filter(|_| price != Some(0.0))
                .map(BudgetAmount::Money)
        }
        _ => {
            field.refuse("has both or neither", "one of server_hours and money");
            None
        }
    };
    let per = optional(section.get("per"), Per::Day, |field| {
        field.choice(&[("day", Per::Day), ("month", Per::Month)])
    });
    let accept = optional(section.get("accept_risk"), None, |field| {
        let allowed = "above 0, below 0.5";
        field
            .number(|risk| risk > 0.0 && risk < 0.5, allowed)
            .map(Some)
    });
    section.finish();
    Some(Budget {
        amount: amount?,
        per: per?,
        accept_risk: accept?,
    })
}
