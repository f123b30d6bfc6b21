//! What the target's own past says of planning its next hours: the price of a server, and the value
//! of target tracking that goes with it.

use config::{Target, Throughput};
use documents::{Envelope, Forecast, NearRecord, ReplayRecord, TunedFor, Tuning, keys};
use fleet::{Policy, PolicyKind, Tracked};
use forecasting::{Interval, NearModel};
use jiff::{SignedDuration, Timestamp};
use planning::{HeldOut, Past, Rhythm, Rules, rate, tune, with_aftermath};
use ports::{DocumentStore, MetricSource};
use simulation::TargetTracking;
use timeseries::Series;

use crate::metrics::minutes_of;
use crate::policy::{WantedPolicy, value, with};
use crate::settings::{Settings, left_out};
use crate::sight::DELAY_MINUTES;
use crate::store::{load, save};
use crate::{ControlError, newest_forecast};

/// Days replayed: as long as CloudWatch keeps minutes. Source: Amazon CloudWatch user guide,
/// "Metrics retention".
const TUNED_DAYS: i64 = 14;
/// Shares of throughput at which target tracking is tried. Above one, servers would be over their
/// throughput before the policy looks.
const UTILIZATIONS: [f64; 9] = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0];
/// A throughput or utilization that moved by less is the same one.
const SAME: f64 = 0.02;
/// A policy that needs this much more than the best one is worth a word.
const WORTH_A_WORD: f64 = 1.02;
/// Who writes.
const BY: &str = "planner";

/// What is looked into.
#[derive(Debug)]
pub struct Study<'a, S, M> {
    /// Documents.
    pub store: &'a S,
    /// Metrics.
    pub metrics: &'a M,
    /// What people have laid down.
    pub settings: &'a Settings,
    /// The target.
    pub target: &'a Target,
    /// What its measurements come down to.
    pub rules: &'a Rules,
    /// Its group's policies.
    pub policies: &'a [Policy],
    /// The moment.
    pub now: Timestamp,
}

impl<S: DocumentStore, M: MetricSource> Study<'_, S, M> {
    /// The tuning for the newest forecast, made and kept where there is none yet.
    pub(crate) async fn tuned(&self) -> Result<Option<Tuning>, ControlError> {
        let Self {
            store,
            target,
            rules,
            now,
            ..
        } = *self;
        let key = keys::tuning(&target.name);
        let stored = load::<Tuning>(store, &key)
            .await
            .map_err(|source| self.port(source))?;
        let utilization = utilization(target, rules, self.policies);
        let wanted = |forecast: String| TunedFor {
            forecast,
            throughput: rules.throughput,
            lead_seconds: rules.lead_time.as_secs(),
            risk: rules.risk,
            every_seconds: target.plan_every.as_secs(),
            utilization,
            exact: utilization.is_none() || target.control.desired == config::Desired::Always,
        };
        let fits = |wanted: &TunedFor| {
            let stored = stored.body();
            stored
                .filter(|tuning| same(&tuning.made_for, wanted))
                .cloned()
        };
        if let Some(tuning) = fits(&wanted(keys::forecast(&target.name, now))) {
            return Ok(Some(tuning));
        }
        let Some((forecast_key, forecast)) = newest_forecast(store, target, now).await? else {
            return Ok(stored.body().cloned());
        };
        let wanted = wanted(forecast_key);
        if let Some(tuning) = fits(&wanted) {
            return Ok(Some(tuning));
        }
        if stored.is_newer() {
            return Ok(None);
        }
        let tuning = self.make(&forecast, wanted).await?;
        let document = Envelope::new(Some(&target.name), now, BY, tuning);
        // Another run may have been faster with the same; what is known is planned by all the same.
        let kept = save(store, &key, &document, stored.unchanged()).await;
        let mut tuning = document.body;
        if let Err(error) = kept {
            let note = format!("what the past says was not kept: {}", error.chain());
            tuning.notes.push(note);
        }
        Ok(Some(tuning))
    }

    fn port(&self, source: ports::PortError) -> ControlError {
        ControlError::Port {
            target: self.target.name.clone(),
            source,
        }
    }

    async fn make(&self, forecast: &Forecast, made_for: TunedFor) -> Result<Tuning, ControlError> {
        let Self { target, rules, .. } = *self;
        let nothing = |made_for, note: &str| Tuning {
            made_for,
            near: None,
            price: None,
            replayed: None,
            best: None,
            notes: vec![note.to_owned()],
        };
        let Some(medians) = past_medians(forecast) else {
            return Ok(nothing(
                made_for,
                "the forecast says nothing of past days: planned by its quantiles alone",
            ));
        };
        let span = SignedDuration::from_hours(24 * TUNED_DAYS);
        let from = forecast
            .start
            .saturating_sub(span)
            .unwrap_or(Timestamp::MIN);
        let minutes = minutes_of(self.metrics, target, from, forecast.start)
            .await
            .map_err(|source| self.port(source))?;
        let (mut unjudged, events) = self.unjudged(medians.start(), forecast.start).await?;
        // A spike that the forecast takes for over and not to come again is no price of other days. An
        // outage stays: what storms in after it was lost.
        let stretches = forecast.data.repaired.iter().map(|repair| Interval {
            start: repair.start,
            end: repair.end,
        });
        unjudged.extend(stretches.filter(|stretch| {
            let seen = minutes.as_ref().and_then(|minutes| mean(minutes, stretch));
            seen > mean(&medians, stretch)
        }));
        unjudged.extend(events.into_iter().map(|event| match &minutes {
            Some(minutes) => with_aftermath(event, minutes, &medians),
            None => event,
        }));
        let model = minutes
            .as_ref()
            .and_then(|minutes| NearModel::learn(minutes, &medians, &unjudged));
        let (Some(minutes), Some(model)) = (minutes, model) else {
            return Ok(nothing(
                made_for,
                "fewer than three days of minutes are known: planned by the forecast's quantiles alone",
            ));
        };
        let past = Past {
            demand: &minutes,
            medians: &medians,
            left_out: &unjudged,
        };
        let rhythm = Rhythm {
            every: usize::try_from(target.plan_every.as_mins()).unwrap_or(60),
            delay: DELAY_MINUTES as usize,
            exact: made_for.exact,
        };
        let tracking = |utilization| {
            Some(TargetTracking {
                utilization,
                scales_in: true,
            })
        };
        let present = made_for.utilization.and_then(tracking);
        let models = HeldOut::learn(&model, &past);
        let replayed = tune(&models, &past, rules, rhythm, &[present]);
        let tried = UTILIZATIONS.map(tracking);
        let floor = Rhythm {
            exact: target.control.desired == config::Desired::Always,
            ..rhythm
        };
        let best = tune(&models, &past, rules, floor, &tried);
        let record = |tuning: &planning::Tuning| ReplayRecord {
            utilization: tuning.reactive.map(|policy| policy.utilization),
            price: tuning.price,
            risk: tuning.risk,
            server_minutes: tuning.server_minutes,
            days: tuning.days,
            kept: tuning.kept,
        };
        let (replayed, best) = (replayed.as_ref().map(record), best.as_ref().map(record));
        let mut notes = Vec::new();
        if replayed.is_none() {
            notes.push("fewer than four days of minutes with a forecast are known: the price of a server is set by the forecast's quantiles".to_owned());
        }
        notes.extend(advice(replayed.as_ref(), best.as_ref(), rules));
        Ok(Tuning {
            made_for,
            near: Some(NearRecord::of(&model)),
            price: replayed.as_ref().map(|replay| replay.price),
            replayed,
            best,
            notes,
        })
    }

    /// What past days are not to be judged by: days left out, and then occasions, which have models of
    /// their own. Incidents stay: what they lost was lost.
    async fn unjudged(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(Vec<Interval>, Vec<Interval>), ControlError> {
        let left = left_out(self.store, &self.target.name).await;
        let (intervals, _) = left.map_err(|source| self.port(source))?;
        let config = &self.settings.config;
        let occurrences = config.occurrences(self.target, self.now, from, to);
        let events = occurrences.iter().map(|occurrence| Interval {
            start: occurrence.from(),
            end: occurrence.to(),
        });
        Ok((intervals, events.collect()))
    }
}

/// Of what is known of `series` in `stretch`; `None` where nothing is.
fn mean(series: &Series, stretch: &Interval) -> Option<f64> {
    let within = series.between(stretch.start, stretch.end);
    let known = within.values().iter().filter(|value| value.is_finite());
    let count = within.observed();
    (count > 0).then(|| known.sum::<f64>() / count as f64)
}

fn same(made: &TunedFor, wanted: &TunedFor) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= SAME * b.abs();
    made.forecast == wanted.forecast
        && near(made.throughput, wanted.throughput)
        && made.lead_seconds == wanted.lead_seconds
        && made.risk == wanted.risk
        && made.every_seconds == wanted.every_seconds
        && made.exact == wanted.exact
        && match (made.utilization, wanted.utilization) {
            (Some(made), Some(wanted)) => near(made, wanted),
            (None, None) => true,
            _ => false,
        }
}

/// Share of a server's throughput that the group's own target tracking aims at; the lowest of
/// several, which acts first. `None` where no policy says.
#[must_use]
pub fn utilization(target: &Target, rules: &Rules, policies: &[Policy]) -> Option<f64> {
    acting(target, rules, policies).map(|(_, share)| share)
}

/// The policy that acts first, and the share of a server's throughput that it aims at.
fn acting<'p>(target: &Target, rules: &Rules, policies: &'p [Policy]) -> Option<(&'p Policy, f64)> {
    let share = |tracked: Tracked| match (tracked, &target.throughput) {
        (Tracked::RequestsPerServer(value), _) => Some(value / rules.throughput),
        (
            Tracked::Cpu(percent),
            Throughput::Measured {
                resource,
                utilization,
                ..
            },
        ) if resource.name == "CPUUtilization" => Some(percent / utilization),
        (Tracked::Cpu(_), _) => None,
    };
    policies
        .iter()
        .filter(|policy| policy.enabled && policy.kind == PolicyKind::TargetTracking)
        .filter_map(|policy| Some((policy, share(policy.tracks?)?)))
        .filter(|(_, share)| share.is_finite() && *share > 0.0)
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

/// What the policy that acts first should hold instead, where the replay says that it is worth it.
#[must_use]
pub fn wanted_policy(
    target: &Target,
    rules: &Rules,
    policies: &[Policy],
    tuning: &Tuning,
) -> Option<WantedPolicy> {
    let (policy, share) = acting(target, rules, policies)?;
    let (replayed, best) = (tuning.replayed.as_ref()?, tuning.best.as_ref()?);
    worth_it(replayed, best).then_some(())?;
    let tracks = policy.tracks?;
    Some(WantedPolicy {
        name: policy.name.clone(),
        tracks: with(tracks, value(tracks) / share * best.utilization?),
    })
}

/// Whether the best policy keeps to the risk where the present one does not, or needs clearly
/// fewer server-minutes.
fn worth_it(replayed: &ReplayRecord, best: &ReplayRecord) -> bool {
    let dearer = replayed.server_minutes / best.server_minutes.max(1.0);
    (best.kept && !replayed.kept) || (best.kept == replayed.kept && dearer > WORTH_A_WORD)
}

/// What to tell people about the group's reactive policy.
fn advice(
    replayed: Option<&ReplayRecord>,
    best: Option<&ReplayRecord>,
    rules: &Rules,
) -> Option<String> {
    let (replayed, best) = (replayed?, best?);
    let aim = best.utilization?;
    let value = rate(aim * rules.throughput);
    let dearer = replayed.server_minutes / best.server_minutes.max(1.0);
    let saves = (1.0 - 1.0 / dearer) * 100.0;
    if replayed.utilization.is_none() && dearer > WORTH_A_WORD {
        return Some(format!(
            "no target tracking on demand per server was found: with one at {value}/min the last {} days would have needed {saves:.0} % fewer server-minutes at the same risk",
            best.days
        ));
    }
    let present = replayed.utilization?;
    if best.kept && !replayed.kept {
        return Some(format!(
            "target tracking at {}/min a server loses more than asked for ({:.3} %); at {value}/min the last {} days would have kept to it",
            rate(present * rules.throughput),
            replayed.risk * 100.0,
            best.days
        ));
    }
    (dearer > WORTH_A_WORD).then(|| {
        format!(
            "target tracking at {}/min a server fights the plan: at {value}/min the last {} days would have needed {saves:.0} % fewer server-minutes at the same risk",
            rate(present * rules.throughput),
            best.days
        )
    })
}

/// The forecast's medians of past days; `None` where it carries none.
fn past_medians(forecast: &Forecast) -> Option<Series> {
    let past = forecast.past.as_ref()?;
    let series = Series::new(past.start, forecast.step(), past.medians.clone()).ok()?;
    (!series.is_empty()).then_some(series)
}
