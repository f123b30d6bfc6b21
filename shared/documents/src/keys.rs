//! Where each document is kept.
//!
//! Keys are relative to the store's root. Everything about one target lies under
//! `targets/{target}/`; days are UTC dates.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The configuration, as TOML.
pub const CONFIG: &str = "config/forescale.toml";

/// Events that people added beside those of the configuration.
pub const EVENTS: &str = "events.json";

/// The pause of everything.
pub const PAUSE: &str = "pause.json";

/// The page about all targets, HTML.
pub const OVERVIEW: &str = "report.html";
/// Where it is, as seen from a target's page.
pub const OVERVIEW_FROM_PAGE: &str = "../../report.html";

/// Under which everything about `target` lies.
#[must_use]
pub fn target(target: &str) -> String {
    format!("targets/{target}/")
}

/// Observed demand.
#[must_use]
pub fn history(target: &str) -> String {
    format!("targets/{target}/history.json")
}

/// Under which the forecasts of `target` lie.
#[must_use]
pub fn forecasts(target: &str) -> String {
    format!("targets/{target}/forecast/")
}

/// The forecast that starts at `start`: one a UTC day.
#[must_use]
pub fn forecast(target: &str, start: Timestamp) -> String {
    forecast_of_day(target, day(start))
}

/// The forecast that starts on the UTC day `day`.
#[must_use]
pub fn forecast_of_day(target: &str, day: Date) -> String {
    format!("targets/{target}/forecast/{day}.json")
}

/// The keys a forecast that covers `now` may have, newest first: today's, then those of the `days`
/// before.
pub fn forecasts_for(target: &str, now: Timestamp, days: u16) -> impl Iterator<Item = String> {
    let today = day(now);
    let dates = (0..=i64::from(days)).map_while(move |back| {
        let back = jiff::Span::new().try_days(back).ok()?;
        today.checked_sub(back).ok()
    });
    let target = target.to_owned();
    dates.map(move |day| forecast_of_day(&target, day))
}

/// The UTC day of a key made by [`forecast`] or [`ledger`].
#[must_use]
pub fn day_of(key: &str) -> Option<Date> {
    let (_, file) = key.rsplit_once('/')?;
    file.strip_suffix(".json")?.parse().ok()
}

/// The plan.
#[must_use]
pub fn plan(target: &str) -> String {
    format!("targets/{target}/plan.json")
}

/// The group's own limits when it was adopted.
#[must_use]
pub fn baseline(target: &str) -> String {
    format!("targets/{target}/baseline.json")
}

/// The mark of a target that was released.
#[must_use]
pub fn released(target: &str) -> String {
    format!("targets/{target}/released.json")
}

/// How the forecasts did.
#[must_use]
pub fn record(target: &str) -> String {
    format!("targets/{target}/record.json")
}

/// Who may change the group.
#[must_use]
pub fn lease(target: &str) -> String {
    format!("targets/{target}/lease.json")
}

/// How far `target` has come in the newest run of `function`.
#[must_use]
pub fn turn(target: &str, function: &str) -> String {
    format!("targets/{target}/turn/{function}.json")
}

/// What the responder knows and did.
#[must_use]
pub fn incident(target: &str) -> String {
    format!("targets/{target}/incident.json")
}

/// What the target's past says about planning its next hours.
#[must_use]
pub fn tuning(target: &str) -> String {
    format!("targets/{target}/tuning.json")
}

/// The page about the target, HTML.
#[must_use]
pub fn page(target: &str) -> String {
    format!("targets/{target}/report.html")
}

/// What the overview tells of the target.
#[must_use]
pub fn brief(target: &str) -> String {
    format!("targets/{target}/brief.json")
}

/// What was measured of the target's servers.
#[must_use]
pub fn measurements(target: &str) -> String {
    format!("targets/{target}/measurements.json")
}

/// Stretches that must not teach the model.
#[must_use]
pub fn left_out_days(target: &str) -> String {
    format!("targets/{target}/left-out-days.json")
}

/// Under which the shadow ledgers of `target` lie.
#[must_use]
pub fn ledgers(target: &str) -> String {
    format!("targets/{target}/ledger/")
}

/// The shadow ledger of the UTC day that holds `at`.
#[must_use]
pub fn ledger(target: &str, at: Timestamp) -> String {
    format!("targets/{target}/ledger/{}.json", day(at))
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_utc_and_forecasts_are_looked_for_newest_first() {
        let at: Timestamp = "2026-03-01T00:30:00+09:00".parse().unwrap();
        assert_eq!(forecast("web", at), "targets/web/forecast/2026-02-28.json");
        assert_eq!(ledger("web", at), "targets/web/ledger/2026-02-28.json");
        let keys: Vec<String> = forecasts_for("web", at, 2).collect();
        assert_eq!(
            keys,
            [
                "targets/web/forecast/2026-02-28.json",
                "targets/web/forecast/2026-02-27.json",
                "targets/web/forecast/2026-02-26.json"
            ]
        );
        assert_eq!(day_of(&keys[2]), Some(jiff::civil::date(2026, 2, 26)));
        assert_eq!(day_of("targets/web/plan.json"), None);
    }
}
