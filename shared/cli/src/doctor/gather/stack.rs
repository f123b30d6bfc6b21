//! What is known of the deployment and of the account around it.

use std::collections::{BTreeMap, BTreeSet};

use control::Settings;
use doctor::{
    Denied, Permissions, Place, ROLES, STACK_RESOURCES, Seen, StackFacts, TargetFacts, stack_calls,
    target_calls,
};
use jiff::SignedDuration;
use ports::{
    DocumentStore, GroupReader, Listing, MetricName, MetricSource, Reading, RoleOf, Statistic,
    Survey,
};
use timeseries::Step;

use super::{Looker, asked, reason};

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
            permissions: self.permissions(targets).await,
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

    /// What the roles may not do, by IAM, what this command may not read, as seen, and what could not be
    /// asked.
    async fn permissions(&mut self, targets: &[TargetFacts]) -> Permissions {
        let mut unasked = BTreeSet::new();
        match self.stack_arns().await {
            Err(why) => {
                unasked.insert(why);
            }
            Ok(stack) => {
                let place = Place {
                    bucket: self.sources.bucket,
                    stack: &stack,
                };
                for role in ROLES {
                    self.ask(role, &place, targets, &mut unasked).await;
                }
            }
        }
        Permissions {
            denied: std::mem::take(&mut self.denied),
            unasked: unasked.into_iter().collect(),
        }
    }

    /// What roles are asked about; `Err` with the reason where the stack itself is not known.
    async fn stack_arns(&self) -> Result<BTreeMap<&'static str, Seen<String>>, String> {
        let mut stack = BTreeMap::new();
        for (index, logical) in STACK_RESOURCES.into_iter().enumerate() {
            let arn = asked(self.sources.account.stack_arn(logical).await);
            if let (0, Seen::Unknown(why)) = (index, &arn) {
                return Err(why.clone());
            }
            stack.insert(logical, arn);
        }
        Ok(stack)
    }

    async fn ask(
        &mut self,
        role: RoleOf,
        place: &Place<'_>,
        targets: &[TargetFacts],
        unasked: &mut BTreeSet<String>,
    ) {
        let mut questions = stack_calls(role, place);
        for facts in targets {
            let target = &facts.target;
            let more = target_calls(role, place, &target.name, &target.group, &facts.listing);
            questions.calls.extend(more.calls);
            questions.unasked.extend(more.unasked);
        }
        unasked.append(&mut questions.unasked);
        let verdicts = match self.sources.account.allowed(role, &questions.calls).await {
            Ok(verdicts) => verdicts,
            Err(error) => {
                unasked.insert(format!("{}: {}", role.as_str(), reason(&error)));
                return;
            }
        };
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
