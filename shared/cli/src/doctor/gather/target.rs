//! What is known of one target.

use std::collections::BTreeMap;

use config::{Target, Throughput};
use control::{Loaded, load, metric_name, metric_statistic};
use doctor::{AlarmsSeen, Datapoints, ForecastFacts, HistoryFacts, ImageFacts, Seen, TargetFacts};
use documents::{Forecast, History, Measurements, Plan, Released, keys};
use jiff::{SignedDuration, Timestamp};
use planning::{Launches, measure_lead_time};
use ports::{
    DocumentStore, GroupReader, Listing, MetricName, MetricSource, PortError, Reading, Statistic,
    Survey,
};
use timeseries::Step;

use super::super::images;
use super::{ACTIVITIES, HOURS, Looker, Wiring, asked};

impl<S, M, G, A> Looker<'_, '_, S, M, G, A>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
    A: Survey,
{
    pub(super) async fn target(
        &mut self,
        target: &Target,
        listings: &Seen<Vec<Listing>>,
        wiring: &Wiring,
    ) -> TargetFacts {
        let groups = self.sources.groups;
        let (group, actions, policies, activities) = (
            groups.group(&target.group).await,
            groups.scheduled_actions(&target.group).await,
            groups.policies(&target.group).await,
            groups
                .activities(&target.group, self.back(ACTIVITIES))
                .await,
        );
        let gone = matches!(group, Err(PortError::NotFound { .. }));
        let none = |error: &PortError| gone && matches!(error, PortError::NotFound { .. });
        let group = match group {
            Err(PortError::NotFound { .. }) => Ok(None),
            other => other.map(Some),
        };
        let group = self.seen(group);
        let actions = match actions {
            Err(error) if none(&error) => Seen::Known(Vec::new()),
            other => self.seen(other),
        };
        let policies = match policies {
            Err(error) if none(&error) => Seen::Known(Vec::new()),
            other => self.seen(other),
        };
        let activities = self.seen(activities);
        let mut unusable = Vec::new();
        let measurements = self
            .document::<Measurements>(&keys::measurements(&target.name), &mut unusable)
            .await;
        let measurements = measurements.known().cloned().flatten().unwrap_or_default();
        let launches = match (&activities, group.known().and_then(Option::as_ref)) {
            (Seen::Unknown(why), _) => Seen::Unknown(why.clone()),
            (_, None) => Seen::Unknown("the group was not seen".to_owned()),
            (Seen::Known(activities), Some(group)) => {
                let measured = measure_lead_time(&Launches {
                    activities,
                    group,
                    versions: &measurements.versions,
                    now: self.now,
                });
                match measured {
                    Ok(measured) => Seen::Known(measured),
                    Err(why) => Seen::Unknown(why),
                }
            }
        };
        let scalable = fleet::ScalableTarget::parse(&target.group).is_some();
        let listing = match listings {
            _ if scalable => Seen::Known(None),
            Seen::Known(all) => Seen::Known(all.iter().find(|it| it.name == target.group).cloned()),
            Seen::Unknown(why) => Seen::Unknown(why.clone()),
        };
        let measured = measurements
            .throughput
            .as_ref()
            .and_then(|record| record.per_server);
        let (throughput, resource) = match &target.throughput {
            Throughput::Measured {
                resource,
                typed: false,
                ..
            } => {
                let name = metric_name(resource);
                let seen = self.datapoints(&name, metric_statistic(resource)).await;
                let assumed = target.throughput.assumed();
                (measured.unwrap_or(assumed), Some(seen))
            }
            given => (given.assumed(), None),
        };
        let demand = metric_name(&target.demand);
        let demand = self
            .datapoints(&demand, metric_statistic(&target.demand))
            .await;
        let history = self
            .document::<History>(&keys::history(&target.name), &mut unusable)
            .await;
        let forecast = self.forecast(target, &mut unusable).await;
        let plan = self
            .document::<Plan>(&keys::plan(&target.name), &mut unusable)
            .await;
        let released = self
            .document::<Released>(&keys::released(&target.name), &mut unusable)
            .await;
        TargetFacts {
            target: target.clone(),
            group,
            listing,
            actions,
            policies,
            launches,
            image: self.image(target).await,
            throughput,
            demand,
            resource,
            history: mapped(history, |history| history.as_ref().and_then(of_history)),
            forecast,
            plan,
            released,
            alarms: self.alarms(target, wiring).await,
            unusable,
        }
    }

    /// What the image pipeline remembers of the target's application.
    async fn image(&mut self, target: &Target) -> Option<Seen<ImageFacts>> {
        let application = target.application.as_deref()?;
        let account = self.sources.account;
        let name = |what: &str| format!("/forescale/images/{application}/{what}");
        let (release, image) = (name("release"), name("image"));
        let facts = async {
            Ok(ImageFacts {
                release: match account.parameter(&release).await? {
                    Some(text) => {
                        Some(images::release(&text).map_err(|why| unread(&release, why))?)
                    }
                    None => None,
                },
                image: match account.parameter(&image).await? {
                    Some(text) => Some(images::image(&text).map_err(|why| unread(&image, why))?),
                    None => None,
                },
            })
        };
        Some(asked(facts.await))
    }

    async fn forecast(
        &mut self,
        target: &Target,
        unusable: &mut Vec<String>,
    ) -> Seen<Option<ForecastFacts>> {
        let listed = self
            .sources
            .store
            .list(&keys::forecasts(&target.name))
            .await;
        let newest = match self.seen(listed) {
            Seen::Known(keys) => keys.into_iter().rfind(|key| keys::day_of(key).is_some()),
            Seen::Unknown(why) => return Seen::Unknown(why),
        };
        let Some(key) = newest else {
            return Seen::Known(None);
        };
        match load::<Forecast>(self.sources.store, &key).await {
            Ok(Loaded::Absent) => Seen::Known(None),
            Ok(Loaded::Found(envelope, _)) => Seen::Known(Some(of_forecast(
                &envelope.body,
                envelope.written_at,
                self.now,
            ))),
            Ok(Loaded::Unusable(error, _)) => {
                unusable.push(control::chain(&error));
                Seen::Unknown(format!("{key} cannot be used"))
            }
            Err(error) => self.seen(Err(error)),
        }
    }

    async fn datapoints(&mut self, metric: &MetricName, statistic: Statistic) -> Seen<Datapoints> {
        let to = Step::FIVE_MINUTES.floor(self.now);
        let from = to
            .saturating_sub(SignedDuration::from_hours(i64::from(HOURS)))
            .unwrap_or(Timestamp::MIN);
        let reading = |period| Reading {
            metric: metric.clone(),
            statistic,
            period,
            from,
            to,
        };
        let minutes = self.sources.metrics.read(&reading(Step::MINUTE)).await;
        let fives = self
            .sources
            .metrics
            .read(&reading(Step::FIVE_MINUTES))
            .await;
        match (self.seen(minutes), self.seen(fives)) {
            (Seen::Known(minutes), Seen::Known(fives)) => Seen::Known(Datapoints {
                hours: HOURS,
                minutes: minutes.len(),
                fives: fives.len(),
            }),
            (Seen::Unknown(why), _) | (_, Seen::Unknown(why)) => Seen::Unknown(why),
        }
    }

    async fn alarms(&mut self, target: &Target, wiring: &Wiring) -> Seen<AlarmsSeen> {
        let band = control::band_alarm_name(target);
        let mut found = BTreeMap::new();
        let heads = target
            .alarms
            .iter()
            .map(|pattern| pattern.split('*').next().unwrap_or(""));
        for prefix in heads.chain(std::iter::once(band.as_str())) {
            match asked(self.sources.account.alarms(prefix).await) {
                Seen::Unknown(why) => return Seen::Unknown(why),
                Seen::Known(alarms) => found.extend(
                    alarms
                        .into_iter()
                        .filter(|alarm| target.answers(&alarm.name) || alarm.name == band)
                        .map(|alarm| (alarm.name.clone(), alarm)),
                ),
            }
        }
        Seen::Known(AlarmsSeen {
            alarms: found.into_values().collect(),
            answered: wiring.answered.clone(),
            responder: wiring.responder.clone(),
        })
    }
}

fn unread(name: &str, why: String) -> PortError {
    PortError::Refused {
        operation: "read parameter",
        resource: name.to_owned(),
        detail: format!("{name} cannot be read: {why}"),
    }
}

fn mapped<T, U>(seen: Seen<T>, map: impl FnOnce(&T) -> U) -> Seen<U> {
    match seen {
        Seen::Known(fact) => Seen::Known(map(&fact)),
        Seen::Unknown(why) => Seen::Unknown(why),
    }
}

fn of_history(history: &History) -> Option<HistoryFacts> {
    let step = i64::from(history.step_seconds);
    let at = |index: usize| {
        let seconds = i64::try_from(index)
            .unwrap_or(i64::MAX)
            .saturating_mul(step);
        let span = SignedDuration::from_secs(seconds);
        history.start.saturating_add(span).unwrap_or(Timestamp::MAX)
    };
    let first = history.demand.iter().position(Option::is_some)?;
    let last = history.demand.iter().rposition(Option::is_some)?;
    let within = &history.demand[first..=last];
    let missing = within.iter().filter(|value| value.is_none()).count();
    Some(HistoryFacts {
        from: at(first),
        to: at(last + 1),
        missing: missing as f64 / within.len() as f64,
    })
}

fn of_forecast(forecast: &Forecast, written_at: Timestamp, now: Timestamp) -> ForecastFacts {
    let mut facts = ForecastFacts {
        written_at,
        end: forecast.end(),
        peak_at: now,
        peak_p50: 0.0,
        peak_p99: 0.0,
    };
    for index in 0..forecast.quantiles.len() {
        let at = forecast.time_at(index);
        let level = |level| forecast.demand_at(at, level).unwrap_or(0.0);
        let high = level(0.99);
        if forecast.time_at(index + 1) > now && high > facts.peak_p99 {
            facts.peak_at = at;
            facts.peak_p50 = level(0.5);
            facts.peak_p99 = high;
        }
    }
    facts
}
