//! What is known of the moment beyond the forecast.

use config::Target;
use documents::{SpentHours, Tuning};
use fleet::PolicyKind;
use jiff::{SignedDuration, Timestamp};
use ports::{DocumentStore, MetricSource};
use timeseries::{Series, Step};

use crate::metrics::minutes_of;
use crate::tuned::Study;

/// Minutes read to see where the day stands: what corrects the rest of the day looks a day back,
/// and a forecast may be some hours older.
const SEEN_MINUTES: i64 = 26 * 60;
/// Minutes from a minute's start until CloudWatch has all of it.
pub(crate) const DELAY_MINUTES: i64 = 2;
/// What is known of the moment beyond the forecast.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Demand by the minute, the newest last.
    pub minutes: Option<Series>,
    /// What the past says.
    pub tuning: Option<Tuning>,
    /// Whether a policy of the group adds and removes servers by itself.
    pub reacts: bool,
    /// Server-hours of the running day or month, where there is a budget and they are known.
    pub spent: Option<SpentHours>,
}

/// Reads the last minutes. What cannot be read is a note: the forecast alone is then planned for.
pub(crate) async fn seen<M: MetricSource>(
    metrics: &M,
    target: &Target,
    now: Timestamp,
) -> Result<Option<Series>, ports::PortError> {
    let back = |minutes: i64| {
        let span = SignedDuration::from_mins(minutes);
        Step::MINUTE
            .floor(now)
            .saturating_sub(span)
            .unwrap_or(Timestamp::MIN)
    };
    let to = back(DELAY_MINUTES - 1);
    minutes_of(metrics, target, back(SEEN_MINUTES + DELAY_MINUTES), to).await
}

/// The last minutes and the tuning that fits the newest forecast, made anew where there is none.
/// Whatever fails is a note: a plan does not wait for it.
pub async fn sight<S, M>(study: &Study<'_, S, M>) -> (Sight, Vec<String>)
where
    S: DocumentStore,
    M: MetricSource,
{
    let mut notes = Vec::new();
    let minutes = match seen(study.metrics, study.target, study.now).await {
        Ok(minutes) => minutes,
        Err(error) => {
            notes.push(format!("the last minutes are unknown: {error}"));
            None
        }
    };
    let tuning = match study.tuned().await {
        Ok(tuning) => tuning,
        Err(error) => {
            notes.push(format!("planned without the past: {}", error.chain()));
            None
        }
    };
    if let Some(tuning) = &tuning {
        notes.extend(tuning.notes.iter().cloned());
    }
    let reacts = study
        .policies
        .iter()
        .any(|policy| policy.enabled && policy.scales_in && policy.kind != PolicyKind::Predictive);
    let sight = Sight {
        minutes,
        tuning,
        reacts,
        spent: None,
    };
    (sight, notes)
}
