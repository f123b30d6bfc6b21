//! What is in the account of each group.

use std::collections::BTreeMap;

use fleet::Policy;
use jiff::{SignedDuration, Timestamp};
use planning::{Launches, MeasuredLeadTime, measure_lead_time};
use ports::{AlarmListing, GroupReader, Listing, PortError, Survey};

/// How long AWS keeps activities.
const ACTIVITIES: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);

/// Which groups are wanted.
pub(super) struct Wanted<'a> {
    /// Only those with the tag `forescale` = `managed`.
    pub(super) tagged: bool,
    /// Only those of these names, where any is given.
    pub(super) groups: &'a [String],
}

/// A group and what is known of it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) listing: Listing,
    pub(super) policies: Result<Vec<Policy>, String>,
    /// Target group and application load balancer, both as CloudWatch names them, or why they are not
    /// known.
    pub(super) balancers: Result<Vec<(String, String)>, String>,
    pub(super) launches: Result<MeasuredLeadTime, String>,
    /// Alarms on its load balancer or on the group itself, or why they are not known.
    pub(super) alarms: Result<Vec<AlarmListing>, String>,
}

impl Found {
    /// What could not be looked at, each in a sentence with the reason.
    pub(super) fn unknown(&self) -> impl Iterator<Item = String> {
        let line = |what: &str, why: Option<&String>| why.map(|why| format!("{what}: {why}"));
        [
            line("load balancers are unknown", self.balancers.as_ref().err()),
            line("policies are unknown", self.policies.as_ref().err()),
            line("alarms are unknown", self.alarms.as_ref().err()),
        ]
        .into_iter()
        .flatten()
    }
}

/// Looks at every wanted group. Only a list of groups that cannot be had fails it all.
pub(super) async fn gather(
    account: &impl Survey,
    groups: &impl GroupReader,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Vec<Found>, PortError> {
    let mut listings = account.listings().await?;
    listings.retain(|it| {
        let tagged = it
            .tags
            .get("forescale")
            .is_some_and(|value| value == "managed");
        (tagged || !wanted.tagged) && (wanted.groups.is_empty() || wanted.groups.contains(&it.name))
    });
    let arns: Vec<String> = listings
        .iter()
        .flat_map(|it| it.target_groups.clone())
        .collect();
    let balancers = if arns.is_empty() {
        Ok(BTreeMap::new())
    } else {
        account.load_balancers(&arns).await.map_err(said)
    };
    let alarms = account.alarms("").await.map_err(said);
    let since = now.saturating_sub(ACTIVITIES).unwrap_or(Timestamp::MIN);
    let mut all = Vec::new();
    for listing in listings {
        let name = listing.name.as_str();
        let policies = groups.policies(name).await.map_err(said);
        let launches = match (
            groups.group(name).await,
            groups.activities(name, since).await,
        ) {
            (Ok(group), Ok(activities)) => measure_lead_time(&Launches {
                activities: &activities,
                group: &group,
                versions: &BTreeMap::new(),
                now,
            }),
            (Err(error), _) | (_, Err(error)) => Err(said(error)),
        };
        let balancers = match &balancers {
            // One without target groups has none, whoever may look.
            Err(why) if !listing.target_groups.is_empty() => Err(why.clone()),
            Err(_) => Ok(Vec::new()),
            Ok(balancers) => Ok(applications(&listing, balancers)),
        };
        let pairs = balancers.as_deref().unwrap_or_default();
        let concerns = |alarm: &&AlarmListing| {
            alarm.metrics.iter().any(|metric| {
                metric.dimensions.values().any(|value| {
                    *value == listing.name || pairs.iter().any(|(_, balancer)| value == balancer)
                })
            })
        };
        let of_it = |all: &Vec<AlarmListing>| all.iter().filter(concerns).cloned().collect();
        let alarms = alarms.as_ref().map(of_it).map_err(Clone::clone);
        all.push(Found {
            policies,
            balancers,
            launches,
            alarms,
            listing,
        });
    }
    Ok(all)
}

fn said(error: PortError) -> String {
    error.to_string()
}

/// The target groups of a group, each with the application load balancers before it.
fn applications(
    listing: &Listing,
    balancers: &BTreeMap<String, Vec<String>>,
) -> Vec<(String, String)> {
    (listing.target_groups.iter())
        .flat_map(|group| {
            let of = balancers.get(group).into_iter().flatten();
            of.map(move |balancer| (short(group, ":"), short(balancer, "loadbalancer/")))
        })
        // Network load balancers count no requests.
        .filter(|(_, balancer)| balancer.starts_with("app/"))
        .collect()
}

/// What follows the last `mark` of an ARN.
fn short(arn: &str, mark: &str) -> String {
    arn.rsplit_once(mark)
        .map_or(arn, |(_, short)| short)
        .to_owned()
}
