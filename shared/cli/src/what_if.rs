//! `forescale what-if`: cost and risk of other settings on the same past days.

use jiff::Timestamp;
use replay::Setup;
use report::{Comparison, Page, Policy};
use serde::Serialize;
use timeseries::Series;

use crate::Console;
use crate::arguments::{Format, WhatIfArguments};
use crate::chosen::Chosen;
use crate::demand;
use crate::failure::Done;
use crate::files::Folder;
use crate::moments;
use crate::output::{self, Side, grouped, number, rounded};
use crate::simulate::{ALIKE, Summary, page, replayed};

/// Risks that are tried where nothing is given.
const RISKS: [&str; 5] = ["0.0001", "0.0003", "0.001", "0.003", "0.01"];

/// What a setting came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tried {
    /// The key of the target's table; empty for the settings as they are.
    key: &'static str,
    value: String,
    /// Tolerated share of demand above capacity that was asked for.
    asked: f64,
    server_hours: f64,
    cost: f64,
    share_of_demand_above_capacity: f64,
    requests_not_served: f64,
    minutes_under_capacity: u64,
    /// Whether nothing that was tried is both cheaper and safer. Never of another throughput or lead
    /// time, which say what servers do: what they cost is no setting to choose.
    on_the_frontier: bool,
}

impl Tried {
    fn of(key: &'static str, value: &str, asked: f64, summary: &Summary) -> Self {
        let ours = &summary.forescale;
        Self {
            key,
            value: value.to_owned(),
            asked,
            server_hours: ours.server_hours,
            cost: ours.cost,
            share_of_demand_above_capacity: ours.share_of_demand_above_capacity,
            requests_not_served: ours.requests_not_served,
            minutes_under_capacity: ours.minutes_under_capacity,
            on_the_frontier: false,
        }
    }

    /// Another throughput or lead time is not a choice: it says what servers do, not what people want.
    fn is_choice(&self) -> bool {
        !["throughput", "lead_time"].contains(&self.key)
    }

    fn name(&self) -> String {
        if self.key.is_empty() {
            return "as configured".to_owned();
        }
        let key = self.key.rsplit('.').next().unwrap_or(self.key);
        format!("{key} = {}", self.value)
    }
}

/// What is written as `what-if.json`.
#[derive(Debug, Serialize)]
struct Document<'a> {
    target: &'a str,
    from: Timestamp,
    to: Timestamp,
    tried: &'a [Tried],
    /// The cheapest that kept the risk that the configuration asks for; absent where none did.
    recommended: Option<String>,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &WhatIfArguments, console: &mut Console<'_>) -> Done {
    let chosen = Chosen::read(&arguments.config)?;
    let zone = &chosen.target.zone;
    let (from, to) = moments::window(&arguments.from, &arguments.to, zone)?;
    let settings = settings(arguments);
    // Everything is checked before the first of them takes its time.
    let texts = settings.iter().map(|(key, value)| {
        let text = chosen.with(key, value)?;
        Chosen::check(&chosen.file, &text, key, value)?;
        Ok(text)
    });
    let texts = texts.collect::<Done<Vec<String>>>()?;
    let demand = demand::read(&arguments.history, zone.clone(), console)?;
    let folder = Folder::make(&arguments.out, arguments.dry_run)?;
    let once = |text: &str, console: &mut Console<'_>| -> Done<(replay::Replay, Summary)> {
        let setup = Setup {
            config_file: &chosen.file,
            config: text,
            target: Some(&chosen.target.name),
            demand: &demand.series,
            from,
            to,
        };
        let replay = replayed(&setup, console)?;
        let summary = Summary::of(&replay, from, to);
        Ok((replay, summary))
    };
    let (replay, base) = once(&chosen.text, console)?;
    let mut tried = vec![Tried::of("", "", chosen.target.risk, &base)];
    for ((key, value), text) in settings.iter().zip(&texts) {
        console.progress(&format!("{key} = {value}"));
        let (replay, summary) = once(text, console)?;
        tried.push(Tried::of(key, value, replay.target.risk, &summary));
    }
    mark_frontier(&mut tried);
    let best = recommended(&tried, chosen.target.risk);
    let document = Document {
        target: &chosen.target.name,
        from,
        to,
        tried: &tried,
        recommended: best.map(Tried::name),
    };
    let mut said = advice(&tried, best, chosen.target.risk);
    said.extend(cheaper_still(&base, best));
    let mut page = what_if_page(&replay, &base, &demand.series, &tried, best);
    if let Some(comparison) = page.target.comparison.as_mut() {
        let before = base.advice.iter();
        let all: Vec<&str> = before.chain([&said]).map(String::as_str).collect();
        comparison.advice = Some(all.join(" "));
    }
    let html = report::html(&page);
    let files = [
        folder.write("report.html", |file| Ok(file.write_all(html.as_bytes())?))?,
        folder.write("what-if.json", |file| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            Ok(writeln!(file)?)
        })?,
    ];
    match arguments.format {
        Format::Json => output::json(console, &document)?,
        Format::Csv => csv(console, &tried)?,
        Format::Table => table(console, &tried, &base)?,
    }
    for advice in &base.advice {
        console.note(advice);
    }
    if arguments.format == Format::Table {
        console.line("")?;
        console.prose("", &said)?;
    }
    console.note(&folder.told(&files));
    Ok(())
}

/// Each setting that is tried by itself, the others as configured.
fn settings(arguments: &WhatIfArguments) -> Vec<(&'static str, String)> {
    let given = arguments.sweep.given();
    if given.is_empty() {
        return RISKS.map(|risk| ("risk", risk.to_owned())).to_vec();
    }
    given
}

/// Marks what nothing else that people can choose beats in both server-hours and demand lost.
fn mark_frontier(tried: &mut [Tried]) {
    let choices = tried.iter().filter(|one| one.is_choice());
    let points: Vec<(f64, f64)> = choices
        .map(|one| (one.server_hours, one.requests_not_served))
        .collect();
    for one in tried.iter_mut().filter(|one| one.is_choice()) {
        let (hours, lost) = (one.server_hours, one.requests_not_served);
        let beaten = |(other, missed): &(f64, f64)| {
            *other <= hours && *missed <= lost && (*other < hours || *missed < lost)
        };
        one.on_the_frontier = !points.iter().any(beaten);
    }
}

/// The cheapest choice that delivered no more than `risk`.
fn recommended(tried: &[Tried], risk: f64) -> Option<&Tried> {
    let choices = tried.iter().filter(|one| one.is_choice());
    choices
        .filter(|one| one.share_of_demand_above_capacity <= risk)
        .min_by(|a, b| a.server_hours.total_cmp(&b.server_hours))
}

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

fn advice(tried: &[Tried], best: Option<&Tried>, risk: f64) -> String {
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
fn cheaper_still(base: &Summary, best: Option<&Tried>) -> Option<String> {
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

/// The report of the settings as they are, with everything tried in the comparison.
fn what_if_page(
    replay: &replay::Replay,
    base: &Summary,
    demand: &Series,
    tried: &[Tried],
    best: Option<&Tried>,
) -> Page {
    let mut page = page(replay, base, demand);
    page.title = format!("What if: {}", base.target);
    let rows = tried.iter().skip(1).map(|one| Policy {
        name: one.name(),
        server_hours: one.server_hours,
        cost: one.cost,
        lost_share: one.share_of_demand_above_capacity,
        lost: one.requests_not_served,
        minutes_under: one.minutes_under_capacity,
        frontier: one.on_the_frontier,
        recommended: best == Some(one),
    });
    let ours = tried.first();
    if let Some(Comparison { rows: all, .. }) = page.target.comparison.as_mut() {
        if let Some((row, one)) = all.first_mut().zip(ours) {
            row.frontier = one.on_the_frontier;
            row.recommended = best == Some(one);
        }
        all.splice(1..1, rows.clone());
    }
    page
}

fn csv(console: &mut Console<'_>, tried: &[Tried]) -> Done {
    let header = [
        "key",
        "value",
        "server_hours",
        "cost",
        "share_of_demand_above_capacity",
        "minutes_under_capacity",
        "requests_not_served",
        "on_the_frontier",
    ];
    let rows = tried.iter().map(|one| {
        vec![
            one.key.to_owned(),
            one.value.clone(),
            number(one.server_hours),
            number(one.cost),
            number(one.share_of_demand_above_capacity),
            one.minutes_under_capacity.to_string(),
            number(one.requests_not_served),
            one.on_the_frontier.to_string(),
        ]
    });
    output::csv(console, &header, rows)
}

fn table(console: &mut Console<'_>, tried: &[Tried], base: &Summary) -> Done {
    let cost = format!("cost, {}", base.currency);
    let mut columns = vec![("", Side::Left), ("server-hours", Side::Right)];
    if base.price_per_server_hour > 0.0 {
        columns.push((cost.as_str(), Side::Right));
    }
    columns.extend([
        ("not served", Side::Right),
        ("of demand", Side::Right),
        ("asked", Side::Right),
        ("frontier", Side::Left),
    ]);
    let least = &base.alternatives.clairvoyant;
    let bound = Tried::of("", "", 0.0, base);
    let bound = Tried {
        server_hours: least.server_hours,
        cost: least.cost,
        share_of_demand_above_capacity: least.share_of_demand_above_capacity,
        requests_not_served: least.requests_not_served,
        ..bound
    };
    let percent = |share: f64| format!("{:.3}%", 100.0 * share);
    let row = |one: &Tried, name: String, asked: String| {
        let mut cells = vec![name, grouped(one.server_hours)];
        if base.price_per_server_hour > 0.0 {
            cells.push(format!("{:.2}", one.cost));
        }
        cells.extend([
            grouped(one.requests_not_served),
            percent(one.share_of_demand_above_capacity),
            asked,
            if one.on_the_frontier { "yes" } else { "" }.to_owned(),
        ]);
        cells
    };
    let mut rows: Vec<Vec<String>> = tried
        .iter()
        .map(|one| row(one, one.name(), percent(one.asked)))
        .collect();
    rows.push(row(&bound, "clairvoyant bound".to_owned(), String::new()));
    output::narrowing(console, &columns, &rows, &["asked", "not served"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(key: &'static str, server_hours: f64, share: f64) -> Tried {
        Tried {
            key,
            value: "1".to_owned(),
            asked: 0.001,
            server_hours,
            cost: 0.0,
            share_of_demand_above_capacity: share,
            requests_not_served: share * 1e6,
            minutes_under_capacity: 0,
            on_the_frontier: false,
        }
    }

    #[test]
    fn the_frontier_holds_what_nothing_beats_and_the_cheapest_safe_one_is_recommended() {
        let mut all = vec![
            tried("", 100.0, 0.0005),
            tried("risk", 90.0, 0.0009),
            tried("risk", 95.0, 0.0010),
            tried("risk", 80.0, 0.0020),
            tried("throughput", 50.0, 0.0),
        ];
        // Quicker servers are no choice: they beat nothing, and are on no frontier.
        mark_frontier(&mut all);
        let marks: Vec<bool> = all.iter().map(|one| one.on_the_frontier).collect();
        assert_eq!(marks, [true, true, false, true, false]);
        let best = recommended(&all, 0.001).unwrap();
        assert_eq!(best.server_hours, 90.0);
        assert_eq!(recommended(&all, 0.0001), None);
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
