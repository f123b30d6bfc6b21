//! What is known of the deployment and of the account around it.

use control::Settings;
use doctor::{Denied, Seen, StackFacts, TargetFacts, bucket_calls, group_calls};
use jiff::SignedDuration;
use ports::{
    DocumentStore, GroupReader, Listing, MetricName, MetricSource, Reading, RoleOf, Statistic,
    Survey,
};
use timeseries::Step;

use super::{Looker, asked};

impl<S, M, G, A> Looker<'_, '_, S, M, G, A>
where
    S: DocumentStore,
    M: MetricSource,
    G: GroupReader,
    A: Survey,
{
    pub(super) async fn stack(
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
