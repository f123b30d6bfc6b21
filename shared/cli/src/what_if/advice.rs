//! What to make of the settings that were tried, in words.

use super::tried::Tried;
use crate::output::{grouped, number, rounded};
use crate::simulate::{ALIKE, Summary};

/// Whether all that people can choose comes to the same servers.
fn alike(tried: &[Tried]) -> bool {
    let hours = || tried.iter().map(|one| one.server_hours);
    let (least, most) = (
        hours().fold(f64::INFINITY, f64::min),
        hours().fold(0.0, f64::max),
    );
    tried.len() > 1 && most <= 1.002 * least
}

/// What costs the same as `best`, and why it does.
fn tied(tried: &[Tried], best: &Tried) -> String {
    let near = |one: &&Tried| {
        let apart = (one.server_hours - best.server_hours).abs();
        *one != best && one.key == "risk" && apart <= 0.002 * best.server_hours
    };
    let names: Vec<String> = tried.iter().filter(near).map(Tried::name).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        " The same within 0.2 %: {}. There the group's own policy decides how many servers run, not the floor.",
        names.join(", ")
    )
}

pub(super) fn advice(tried: &[Tried], best: Option<&Tried>, risk: f64) -> String {
    let asked = format!("{} %", number(rounded(100.0 * risk)));
    if alike(tried) {
        return format!(
            "All that was tried costs the same within 0.2 %: the group's own policy decides how many servers \
             run, not the floor. Try what it aims at, with --utilization.{}",
            if best.is_none() {
                format!(" Nothing kept the {asked} asked for.")
            } else {
                String::new()
            }
        );
    }
    match best {
        None => {
            let others = tried
                .iter()
                .filter(|one| !one.is_choice() && one.share_of_demand_above_capacity <= risk);
            let others: Vec<String> = others.map(Tried::name).collect();
            let others = if others.is_empty() {
                String::new()
            } else {
                format!(
                    " With {} it would have been kept: no setting, but what servers would have to do.",
                    others.join(" or ")
                )
            };
            format!(
                "Nothing that can be chosen of what was tried kept the {asked} asked for on these days: ask \
                 for less risk, or look whether servers boot in time.{others}"
            )
        }
        Some(best) if best.key.is_empty() => format!(
            "As configured is the cheapest of these that kept the {asked} asked for on these days.{}",
            tied(tried, best)
        ),
        Some(best) => {
            let saved = tried
                .first()
                .map_or(0.0, |base| base.server_hours - best.server_hours);
            format!(
                "The cheapest that kept the {asked} asked for on these days: {} ({} server-hours {}). \
                 Other days may differ.",
                best.name(),
                grouped(saved.abs()),
                if saved >= 0.0 { "fewer" } else { "more" }
            )
        }
    }
}

/// An alternative that costs less than `best` and loses no more, where there is one: an honest table has
/// it, and an honest recommendation names it.
pub(super) fn cheaper_still(base: &Summary, best: Option<&Tried>) -> Option<String> {
    let best = best?;
    let rows = base.rows();
    let others = rows
        .iter()
        .filter(|(id, ..)| !["forescale", "clairvoyant"].contains(id));
    let cheaper = others.filter(|(_, _, result)| {
        result.server_hours * ALIKE < best.server_hours
            && result.requests_not_served <= best.requests_not_served
    });
    let (_, name, result) = cheaper.min_by(|a, b| a.2.server_hours.total_cmp(&b.2.server_hours))?;
    Some(format!(
        " On these days {name} would have needed {} server-hours fewer still and lost no more.",
        grouped(best.server_hours - result.server_hours)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tried::recommended;
    use super::super::tried::tests::tried;
    use super::*;

    #[test]
    fn the_words_name_what_is_cheapest_and_what_costs_the_same() {
        let all = [
            tried("", 100.0, 0.0005),
            tried("risk", 90.0, 0.0009),
            tried("risk", 95.0, 0.0010),
            tried("risk", 80.0, 0.0020),
            tried("throughput", 50.0, 0.0),
        ];
        let said = advice(&all, None, 0.0001);
        assert!(said.starts_with("Nothing that can be chosen"), "{said}");
        assert!(
            said.contains("With throughput = 1 it would have been kept"),
            "{said}"
        );
        assert!(advice(&all, Some(&all[1]), 0.001).contains("risk = 1 (10 server-hours fewer)"));
        // One that costs the same is named, with the reason.
        let mut ties = all.clone();
        ties[1] = tried("risk", 100.1, 0.0009);
        let said = advice(&ties, Some(&ties[0]), 0.001);
        assert!(
            said.contains("The same within 0.2 %: risk = 1. There the group's own policy"),
            "{said}"
        );
        // Where the floor decides nothing, none of them is called the best.
        let same = [tried("", 100.0, 0.0005), tried("risk", 100.1, 0.0009)];
        let said = advice(&same, recommended(&same, 0.001), 0.001);
        assert!(
            said.contains("--utilization") && !said.contains("cheapest"),
            "{said}"
        );
    }
}
