use config::Target;
use documents::{Forecast, decode, keys};
use jiff::Timestamp;
use jiff::civil::Date;
use pollster::block_on;
use ports::DocumentStore;
use replay::Replay;
use simulation::{MinuteRecord, Source};

/// One replayed day, as it is drawn.
#[derive(Debug)]
pub(crate) struct Day<'a> {
    /// The target.
    pub(crate) target: &'a Target,
    /// Its date in the target's zone.
    pub(crate) date: Date,
    /// Requests a minute that one server carries.
    pub(crate) throughput: f64,
    /// Its minutes.
    pub(crate) records: &'a [MinuteRecord],
    /// Forecast of each minute that has one, made the night before: p50 and p99.
    pub(crate) band: Vec<(Timestamp, f64, f64)>,
    /// When the responder raised the group, and to how many servers.
    pub(crate) raises: Vec<(Timestamp, u32)>,
}

/// The replayed day with the most demand; a whole one where there is one.
pub(crate) fn busiest(replay: &Replay) -> Option<Day<'_>> {
    let zone = &replay.target.zone;
    let days: Vec<(Date, &[MinuteRecord])> = replay
        .records
        .chunk_by(|a, b| zone.to_datetime(a.at).date() == zone.to_datetime(b.at).date())
        .filter_map(|records| Some((zone.to_datetime(records.first()?.at).date(), records)))
        .collect();
    let longest = days.iter().map(|(_, records)| records.len()).max()?;
    let demand = |records: &[MinuteRecord]| -> f64 {
        let known = records.iter().map(|record| record.demand);
        known.filter(|demand| demand.is_finite()).sum()
    };
    let (date, records) = days
        .into_iter()
        .filter(|(_, records)| records.len() + 60 >= longest)
        .max_by(|(_, a), (_, b)| demand(a).total_cmp(&demand(b)))?;
    let (first, last) = (records.first()?.at, records.last()?.at);
    let raised = replay.changes.iter().filter(|change| {
        change.source == Source::Responder && (first..=last).contains(&change.effective_at)
    });
    let mut raises: Vec<(Timestamp, u32)> = raised
        .filter_map(|change| {
            let servers = change.desired_capacity.or(change.min_size)?;
            Some((change.effective_at, servers))
        })
        .collect();
    raises.dedup();
    Some(Day {
        target: &replay.target,
        date,
        throughput: replay.target.throughput.assumed(),
        records,
        band: band(replay, records),
        raises,
    })
}

/// What the newest forecast before each minute said of it.
fn band(replay: &Replay, records: &[MinuteRecord]) -> Vec<(Timestamp, f64, f64)> {
    let Some(last) = records.last() else {
        return Vec::new();
    };
    let forecasts: Vec<Forecast> = keys::forecasts_for(&replay.target.name, last.at, 3)
        .filter_map(|key| {
            let stored = block_on(replay.store.get(&key)).ok().flatten()?;
            Some(decode::<Forecast>(&key, &stored.bytes).ok()?.body)
        })
        .collect();
    records
        .iter()
        .filter_map(|record| {
            let at = record.at;
            let forecast = forecasts.iter().find(|forecast| forecast.covers(at))?;
            let level = |level| forecast.demand_at(at, level);
            Some((at, level(0.5)?, level(0.99)?))
        })
        .collect()
}
