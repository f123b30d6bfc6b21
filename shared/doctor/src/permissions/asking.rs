//! Questions to IAM, and what cannot be asked.

use std::collections::{BTreeMap, BTreeSet};

use fleet::ScalableTarget;
use ports::{Listing, RoleCall, RoleOf};

use super::{STACK, TAG, context};
use crate::Seen;

/// Where a deployment is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place<'a> {
    /// Bucket and prefix of its documents; `None` where they lie in a folder.
    pub bucket: Option<(&'a str, &'a str)>,
    /// ARNs of [`STACK_RESOURCES`](crate::STACK_RESOURCES), by name.
    pub stack: &'a BTreeMap<&'static str, Seen<String>>,
}

/// What there is to ask about a role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Questions {
    /// The calls.
    pub calls: Vec<RoleCall>,
    /// What cannot be asked, each in a sentence with its reason.
    pub unasked: BTreeSet<String>,
}

/// Where the stack is, by its ARN.
struct Home<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
}

/// What is asked about one role.
pub(super) struct Asking<'a> {
    role: RoleOf,
    place: &'a Place<'a>,
    pub(super) questions: Questions,
}

impl<'a> Asking<'a> {
    pub(super) fn at(role: RoleOf, place: &'a Place<'a>) -> Self {
        Self {
            role,
            place,
            questions: Questions::default(),
        }
    }

    pub(super) fn unknown(&mut self, about: &str, why: &str) {
        let line = format!("{}: {about}: {why}", self.role.as_str());
        self.questions.unasked.insert(line);
    }

    pub(super) fn about(
        &mut self,
        resource: &str,
        actions: &[&str],
        context: &BTreeMap<String, String>,
    ) {
        let call = |action: &&str| RoleCall {
            action: (*action).to_owned(),
            resource: resource.to_owned(),
            context: context.clone(),
        };
        self.questions.calls.extend(actions.iter().map(call));
    }

    /// Calls that know no resource.
    pub(super) fn any(&mut self, actions: &[&str]) {
        self.about("*", actions, &BTreeMap::new());
    }

    fn arn(&mut self, logical: &'static str, actions: &[&str]) -> Option<&'a str> {
        match self.place.stack.get(logical) {
            Some(Seen::Known(arn)) => Some(arn),
            other => {
                let why = match other {
                    Some(Seen::Unknown(why)) => why.as_str(),
                    _ => "it was not looked for",
                };
                let about = format!("{} on {logical}", actions.join(", "));
                self.unknown(&about, why);
                None
            }
        }
    }

    /// Calls about what the stack calls `logical`.
    pub(super) fn of(&mut self, logical: &'static str, actions: &[&str]) {
        if let Some(arn) = self.arn(logical, actions) {
            self.about(arn, actions, &BTreeMap::new());
        }
    }

    /// Writing into a log group: its streams are what is written to.
    pub(super) fn lines(&mut self, group: &'static str) {
        const WRITE: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];
        if let Some(arn) = self.arn(group, WRITE) {
            let arn = arn.trim_end_matches(":*");
            self.about(&format!("{arn}:log-stream:any"), WRITE, &BTreeMap::new());
        }
    }

    /// The key of the topic, which is used through the topic only.
    pub(super) fn encrypted(&mut self) {
        const USE: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];
        let Some(home) = self.home(USE) else {
            return;
        };
        let through = context(
            "kms:ViaService",
            &format!("sns.{}.amazonaws.com", home.region),
        );
        if let Some(arn) = self.arn("NotificationsKey", USE) {
            self.about(arn, USE, &through);
        }
    }

    fn home(&mut self, actions: &[&str]) -> Option<Home<'a>> {
        let mut parts = self.arn(STACK, actions)?.split(':').skip(1);
        let home = (parts.next(), parts.nth(1), parts.next());
        let (Some(partition), Some(region), Some(account)) = home else {
            self.unknown(&actions.join(", "), "the stack's id is no ARN");
            return None;
        };
        Some(Home {
            partition,
            region,
            account,
        })
    }

    /// Calls about what `service` has as `rest` where the stack is.
    pub(super) fn here(
        &mut self,
        service: &str,
        rest: &str,
        actions: &[&str],
        context: &BTreeMap<String, String>,
    ) {
        if let Some(home) = self.home(actions) {
            let (partition, region, account) = (home.partition, home.region, home.account);
            let arn = format!("arn:{partition}:{service}:{region}:{account}:{rest}");
            self.about(&arn, actions, context);
        }
    }

    /// A call about the bucket, or about what lies in it.
    fn in_bucket(&mut self, action: &str, rest: &dyn Fn(&str) -> String) {
        let Some((bucket, prefix)) = self.place.bucket else {
            return self.unknown("what it may do with documents", "they lie in a folder");
        };
        if let Some(home) = self.home(&[action]) {
            let arn = format!("arn:{}:s3:::{bucket}{}", home.partition, rest(prefix));
            self.about(&arn, &[action], &BTreeMap::new());
        }
    }

    pub(super) fn bucket(&mut self, action: &str) {
        self.in_bucket(action, &|_| String::new());
    }

    pub(super) fn document(&mut self, action: &str, key: &str) {
        self.in_bucket(action, &|prefix| format!("/{prefix}{key}"));
    }

    pub(super) fn group(&mut self, group: &Listing) {
        let own = match self.role {
            RoleOf::Planner => "autoscaling:PutScalingPolicy",
            _ => "autoscaling:StartInstanceRefresh",
        };
        let context: BTreeMap<String, String> = (group.tags.iter())
            .map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone()))
            .collect();
        let actions = [
            "autoscaling:BatchDeleteScheduledAction",
            "autoscaling:BatchPutScheduledUpdateGroupAction",
            "autoscaling:UpdateAutoScalingGroup",
            own,
        ];
        self.about(&group.arn, &actions, &context);
    }

    /// Tags of scalable targets and services are not read, which another check tells: they are asked
    /// about as if they had the tag.
    pub(super) fn scalable(&mut self, target: &ScalableTarget) {
        let (key, value) = TAG;
        let tagged = context(&format!("aws:ResourceTag/{key}"), value);
        self.any(&[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingActivities",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
        ]);
        self.here(
            "application-autoscaling",
            "scalable-target/any",
            &[
                "application-autoscaling:DeleteScheduledAction",
                "application-autoscaling:PutScheduledAction",
                "application-autoscaling:RegisterScalableTarget",
            ],
            &tagged,
        );
        if target.namespace == "ecs" {
            let service = target.resource.as_str();
            self.here("ecs", service, &["ecs:DescribeServices"], &BTreeMap::new());
            self.here("ecs", service, &["ecs:UpdateService"], &tagged);
        }
    }
}
