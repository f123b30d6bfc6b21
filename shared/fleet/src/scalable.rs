//! What Application Auto Scaling scales.

use std::fmt;

/// Most scheduled actions of a scalable target; AWS does not raise it. Source: Application Auto
/// Scaling user guide, quotas.
pub const MOST_SCALABLE_ACTIONS: usize = 200;

/// A scalable target of Application Auto Scaling, by its three names.
///
/// As text it is `NAMESPACE:RESOURCE`, such as `ecs:service/prod/web`, and with `@DIMENSION` where
/// a resource has several, such as `dynamodb:table/orders@dynamodb:table:ReadCapacityUnits`. The
/// name of an Auto Scaling group has no colon, so that the two are never mistaken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScalableTarget {
    /// Service namespace, such as `ecs`.
    pub namespace: String,
    /// Resource id, such as `service/prod/web`.
    pub resource: String,
    /// Scalable dimension, such as `ecs:service:DesiredCount`.
    pub dimension: String,
}

/// Kinds of resource with the one dimension they are scaled in: namespace, beginning of the resource
/// id, dimension. Source: Application Auto Scaling API reference, RegisterScalableTarget.
const DIMENSIONS: [(&str, &str, &str); 11] = [
    ("ecs", "service/", "ecs:service:DesiredCount"),
    (
        "ec2",
        "spot-fleet-request/",
        "ec2:spot-fleet-request:TargetCapacity",
    ),
    ("appstream", "fleet/", "appstream:fleet:DesiredCapacity"),
    ("rds", "cluster:", "rds:cluster:ReadReplicaCount"),
    ("neptune", "cluster:", "neptune:cluster:ReadReplicaCount"),
    (
        "lambda",
        "function:",
        "lambda:function:ProvisionedConcurrency",
    ),
    ("kafka", "arn:", "kafka:broker-storage:VolumeSize"),
    (
        "elasticache",
        "cache-cluster/",
        "elasticache:cache-cluster:Nodes",
    ),
    (
        "elasticmapreduce",
        "instancegroup/",
        "elasticmapreduce:instancegroup:InstanceCount",
    ),
    (
        "workspaces",
        "workspacespool/",
        "workspaces:workspacespool:DesiredUserSessions",
    ),
    (
        "custom-resource",
        "",
        "custom-resource:ResourceType:Property",
    ),
];

impl ScalableTarget {
    /// The target of such a text; `None` for the name of an Auto Scaling group, and where the
    /// dimension has to be named and is not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, named) = match text.split_once('@') {
            Some((whole, dimension)) => (whole, Some(dimension)),
            None => (text, None),
        };
        let (namespace, resource) = whole.split_once(':')?;
        let known = DIMENSIONS
            .iter()
            .find(|(of, kind, _)| *of == namespace && resource.starts_with(kind))
            .map(|(.., dimension)| *dimension);
        let dimension = named.or(known)?;
        let fits = dimension.split(':').count() == 3 && dimension.starts_with(namespace);
        let sound = !namespace.is_empty() && !resource.is_empty() && fits;
        sound.then(|| Self {
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            dimension: dimension.to_owned(),
        })
    }

    /// Cluster and service, where it is an ECS service.
    #[must_use]
    pub fn ecs(&self) -> Option<(&str, &str)> {
        let rest = self.resource.strip_prefix("service/")?;
        let ecs = self.namespace == "ecs";
        rest.split_once('/').filter(|_| ecs)
    }
}

impl fmt::Display for ScalableTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}@{}", self.namespace, self.resource, self.dimension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_from_groups() {
        let target = ScalableTarget::parse("ecs:service/prod/web").unwrap();
        assert_eq!(target.dimension, "ecs:service:DesiredCount");
        assert_eq!(target.ecs(), Some(("prod", "web")));
        assert_eq!(ScalableTarget::parse(&target.to_string()), Some(target));
        let aurora = ScalableTarget::parse("rds:cluster:orders").unwrap();
        assert_eq!(aurora.resource, "cluster:orders");
        for other in [
            "web-asg",
            "",
            ":",
            "ecs:",
            "dynamodb:table/orders",
            "ecs:service/a/b@ecs",
        ] {
            assert_eq!(ScalableTarget::parse(other), None, "{other}");
        }
        let table = "dynamodb:table/orders@dynamodb:table:ReadCapacityUnits";
        assert!(ScalableTarget::parse(table).is_some());
    }
}
