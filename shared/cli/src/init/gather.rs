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
    /// Target group and application load balancer, both as CloudWatch names them.
    pub(super) balancers: Vec<(String, String)>,
    pub(super) launches: Result<MeasuredLeadTime, String>,
    /// Alarms on its load balancer or on the group itself.
    pub(super) alarms: Vec<AlarmListing>,
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
        BTreeMap::new()
    } else {
        account.load_balancers(&arns).await.unwrap_or_default()
    };
    let alarms = account.alarms("").await.unwrap_or_default();
    let since = now.saturating_sub(ACTIVITIES).unwrap_or(Timestamp::MIN);
    let mut all = Vec::new();
    for listing in listings {
        let name = listing.name.as_str();
        let policies = groups
            .policies(name)
            .await
            .map_err(|error| error.to_string());
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
            (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
        };
        let pairs: Vec<(String, String)> = (listing.target_groups.iter())
            .flat_map(|group| {
                let of = balancers.get(group).into_iter().flatten();
                of.map(move |balancer| (short(group, ":"), short(balancer, "loadbalancer/")))
            })
            // Network load balancers count no requests.
            .filter(|(_, balancer)| balancer.starts_with("app/"))
            .collect();
        let concerns = |alarm: &&AlarmListing| {
            alarm.metrics.iter().any(|metric| {
                metric.dimensions.values().any(|value| {
                    *value == listing.name || pairs.iter().any(|(_, balancer)| value == balancer)
                })
            })
        };
        let alarms = alarms.iter().filter(concerns).cloned().collect();
        all.push(Found {
            policies,
            balancers: pairs,
            launches,
            alarms,
            listing,
        });
    }
    Ok(all)
}

/// What follows the last `mark` of an ARN.
fn short(arn: &str, mark: &str) -> String {
    arn.rsplit_once(mark)
        .map_or(arn, |(_, short)| short)
        .to_owned()
}
