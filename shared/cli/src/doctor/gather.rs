//! Facts through the ports. A call that fails costs the fact it was for, which is then told as not
//! known, and nothing else.

use std::collections::BTreeMap;

use config::{Target, Throughput};
use control::{ControlError, Loaded, Settings, load, load_settings, metric_name, metric_statistic};
use doctor::{
    AlarmsSeen, Datapoints, Denied, Facts, ForecastFacts, HistoryFacts, ImageFacts, Seen,
    StackFacts, TargetFacts, bucket_calls, group_calls,
};
use documents::{Document, Forecast, History, Measurements, Plan, Released, keys};
use jiff::{SignedDuration, Timestamp};
use planning::{Launches, measure_lead_time};
use ports::{
    DocumentStore, GroupReader, Listing, MetricName, MetricSource, PortError, Reading, RoleOf,
    Statistic, Survey,
};
use timeseries::Step;

use super::images;

/// Where facts come from.
pub(super) struct Sources<'a, S, M, G, A> {
    pub(super) store: &'a S,
    pub(super) metrics: &'a M,
    pub(super) groups: &'a G,
    pub(super) account: &'a A,
    /// Bucket and prefix of the documents, where they lie in one.
    pub(super) bucket: Option<(&'a str, &'a str)>,
}

/// Hours of datapoints that are counted.
const HOURS: u32 = 3;
/// How long AWS keeps activities.
const ACTIVITIES: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);
/// Who asks here.
const COMMAND: &str = "this command";

/// Everything about `only`, or about all targets.
pub(super) async fn gather<S, M, G, A>(
    sources: &Sources<'_, S, M, G, A>,
    only: Option<&str>,
    now: Timestamp,
) -> Facts
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
    A: Survey,
{
    let mut looker = Looker {
        sources,
        now,
        denied: Vec::new(),
    };
    let (settings, config_problems) = match load_settings(sources.store, now).await {
        Ok(mut settings) => {
            let refused = settings.refused.iter();
            let problems: Vec<String> = refused
                .flat_map(|refused| refused.errors.findings.iter().map(ToString::to_string))
                .collect();
            // They are told one by one instead.
            let again =
                |note: &String| note.contains(" is left out: ") || note.ends_with(" are left out");
            settings.notes.retain(|note| !again(note));
            (Some(settings), problems)
        }
        Err(error) => (None, problems(&error)),
    };
    let listings = asked(sources.account.listings().await);
    let answered = asked(sources.account.answered_prefixes().await);
    let mut targets = Vec::new();
    let chosen = settings
        .iter()
        .flat_map(|settings| &settings.config.targets);
    for target in chosen.filter(|target| only.is_none_or(|only| only == target.name)) {
        targets.push(looker.target(target, &listings, &answered).await);
    }
    let stack = looker.stack(settings.as_ref(), &listings, &targets).await;
    let (config_notes, pause) = settings.map_or_else(
        || (Vec::new(), None),
        |settings| (settings.notes, settings.pause),
    );
    Facts {
        now,
        config_problems,
        config_notes,
        pause,
        stack,
        targets,
    }
}

fn problems(error: &ControlError) -> Vec<String> {
    match error {
        ControlError::Config { source } => {
            source.findings.iter().map(ToString::to_string).collect()
        }
        other => vec![other.chain()],
    }
}

/// Why a call gave no fact, in plain words.
fn reason(error: &PortError) -> String {
    match error {
        PortError::Refused { detail, .. } => detail.clone(),
        other => other.to_string(),
    }
}

/// What the account answered. That this command may not ask is no fault of the set-up.
fn asked<T>(answer: Result<T, PortError>) -> Seen<T> {
    match answer {
        Ok(fact) => Seen::Known(fact),
        Err(error) => Seen::Unknown(reason(&error)),
    }
}

struct Looker<'l, 'a, S, M, G, A> {
    sources: &'l Sources<'a, S, M, G, A>,
    now: Timestamp,
    denied: Vec<Denied>,
}

impl<S, M, G, A> Looker<'_, '_, S, M, G, A>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
    A: Survey,
{
    /// What a call gave that the functions make as well.
    fn seen<T>(&mut self, answer: Result<T, PortError>) -> Seen<T> {
        match answer {
            Ok(fact) => Seen::Known(fact),
            Err(error) => {
                if let PortError::Denied {
                    operation,
                    resource,
                    detail,
                } = &error
                {
                    let denied = Denied {
                        who: COMMAND.to_owned(),
                        call: (*operation).to_owned(),
                        resource: resource.clone(),
                        detail: detail.clone(),
                    };
                    if !self.denied.contains(&denied) {
                        self.denied.push(denied);
                    }
                }
                Seen::Unknown(reason(&error))
            }
        }
    }

    fn back(&self, span: SignedDuration) -> Timestamp {
        self.now.saturating_sub(span).unwrap_or(Timestamp::MIN)
    }

    async fn target(
        &mut self,
        target: &Target,
        listings: &Seen<Vec<Listing>>,
        answered: &Seen<Vec<String>>,
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
            alarms: self.alarms(target, answered).await,
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

    /// The document at `key`. One that is there and cannot be used goes into `unusable`.
    async fn document<B: Document>(
        &mut self,
        key: &str,
        unusable: &mut Vec<String>,
    ) -> Seen<Option<B>> {
        match load::<B>(self.sources.store, key).await {
            Ok(Loaded::Absent) => Seen::Known(None),
            Ok(Loaded::Found(envelope, _)) => Seen::Known(Some(envelope.body)),
            Ok(Loaded::Unusable(error, _)) => {
                unusable.push(control::chain(&error));
                Seen::Unknown(format!("{key} cannot be used"))
            }
            Err(error) => self.seen(Err(error)),
        }
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

    async fn alarms(&mut self, target: &Target, answered: &Seen<Vec<String>>) -> Seen<AlarmsSeen> {
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
            answered: answered.known().cloned(),
        })
    }

    async fn stack(
        &mut self,
        settings: Option<&Settings>,
        listings: &Seen<Vec<Listing>>,
        targets: &[TargetFacts],
    ) -> StackFacts {
        let account = self.sources.account;
        let tagged = match (listings, settings) {
            (Seen::Known(all), Some(settings)) => Seen::Known(unmanaged(all, settings)),
            (Seen::Unknown(why), _) => Seen::Unknown(why.clone()),
            (_, None) => Seen::Unknown("the configuration cannot be used".to_owned()),
        };
        let vcpu_quota = asked(account.vcpu_quota().await);
        let vcpu_used = match &vcpu_quota {
            Seen::Known(_) => self.vcpus_used().await,
            Seen::Unknown(why) => Seen::Unknown(why.clone()),
        };
        StackFacts {
            dead_letters: asked(account.dead_letters().await),
            nightly: asked(account.nightly().await),
            vcpu_quota,
            vcpu_used,
            tagged_unmanaged: tagged,
            denied: self.permissions(targets).await,
        }
    }

    /// vCPUs of running On-Demand instances of the standard families, which EC2 publishes. Source:
    /// CloudWatch user guide, "CloudWatch usage metrics".
    async fn vcpus_used(&mut self) -> Seen<f64> {
        let dimension = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let metric = MetricName {
            namespace: "AWS/Usage".to_owned(),
            name: "ResourceCount".to_owned(),
            dimensions: [
                dimension("Service", "EC2"),
                dimension("Type", "Resource"),
                dimension("Resource", "vCPU"),
                dimension("Class", "Standard/OnDemand"),
            ]
            .into(),
        };
        let reading = Reading {
            metric,
            statistic: Statistic::Maximum,
            period: Step::FIVE_MINUTES,
            from: self.back(SignedDuration::from_hours(1)),
            to: self.now,
        };
        let read = self.sources.metrics.read(&reading).await;
        match self.seen(read) {
            Seen::Known(points) => points.last().map_or_else(
                || Seen::Unknown("AWS/Usage has no vCPU count of the last hour".to_owned()),
                |point| Seen::Known(point.value),
            ),
            Seen::Unknown(why) => Seen::Unknown(why),
        }
    }

    /// What the functions' roles may not do, by IAM, and what this command may not read, as seen.
    async fn permissions(&mut self, targets: &[TargetFacts]) -> Seen<Vec<Denied>> {
        let mut unknown = None;
        for facts in targets {
            let listing = facts.listing.known().and_then(Option::as_ref);
            let partition = listing
                .and_then(|it| it.arn.split(':').nth(1))
                .unwrap_or("aws");
            for role in [RoleOf::Forecaster, RoleOf::Planner, RoleOf::Responder] {
                let mut calls = listing.map_or_else(Vec::new, |it| group_calls(role, it));
                if let Some((bucket, prefix)) = self.sources.bucket {
                    calls.extend(bucket_calls(
                        role,
                        partition,
                        bucket,
                        prefix,
                        &facts.target.name,
                    ));
                }
                match asked(self.sources.account.allowed(role, &calls).await) {
                    Seen::Unknown(why) => unknown = Some(why),
                    Seen::Known(verdicts) => {
                        for verdict in verdicts.into_iter().filter(|verdict| !verdict.allowed) {
                            let denied = Denied {
                                who: role.as_str().to_owned(),
                                call: verdict.action,
                                resource: verdict.resource,
                                detail: verdict.decision,
                            };
                            if !self.denied.contains(&denied) {
                                self.denied.push(denied);
                            }
                        }
                    }
                }
            }
        }
        match unknown {
            // What was denied so far is told all the same.
            Some(why) if self.denied.is_empty() => Seen::Unknown(why),
            _ => Seen::Known(std::mem::take(&mut self.denied)),
        }
    }
}

/// A parameter that is there and is not what the image pipeline writes.
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

fn unmanaged(listings: &[Listing], settings: &Settings) -> Vec<String> {
    let tagged = listings
        .iter()
        .filter(|it| it.tags.get("forescale").is_some_and(|v| v == "managed"));
    let targets = &settings.config.targets;
    tagged
        .filter(|it| targets.iter().all(|target| target.group != it.name))
        .map(|it| it.name.clone())
        .collect()
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

#[cfg(test)]
mod tests;
