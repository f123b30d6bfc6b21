//! Scalable targets of Application Auto Scaling, ECS services first.
//!
//! A scalable target has limits and scheduled actions of its own and knows nothing of servers: how
//! many there are is asked of the service behind it. For ECS that is done; of any other service the
//! newest scaling activity tells it.

mod convert;
mod read;
mod write;

use aws_config::SdkConfig;
use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use fleet::ScalableTarget;
use ports::PortError;

use crate::answer::Call;

/// Items of one page of a description. Source: Application Auto Scaling API reference.
const PAGE: i32 = 50;
/// Pages of one description: 200 scheduled actions are 4, six weeks of activities at one in ten
/// minutes 121.
const MOST_PAGES: usize = 400;

/// The scalable targets of an account and region.
#[derive(Debug, Clone)]
pub struct ScalableTargets {
    client: Client,
    ecs: aws_sdk_ecs::Client,
}

impl ScalableTargets {
    /// The scalable targets of the account and region of `sdk`.
    #[must_use]
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
            ecs: aws_sdk_ecs::Client::new(sdk),
        }
    }
}

/// A target's names as the SDK wants them.
struct Names {
    target: ScalableTarget,
    namespace: ServiceNamespace,
    dimension: ScalableDimension,
}

fn names(call: Call<'_>) -> Result<Names, PortError> {
    let target = ScalableTarget::parse(call.resource).ok_or_else(|| {
        call.refused("no scalable target: NAMESPACE:RESOURCE, such as ecs:service/prod/web")
    })?;
    Ok(Names {
        namespace: ServiceNamespace::from(target.namespace.as_str()),
        dimension: ScalableDimension::from(target.dimension.as_str()),
        target,
    })
}

fn call<'a>(operation: &'static str, group: &'a str) -> Call<'a> {
    Call {
        operation,
        resource: group,
    }
}

#[cfg(test)]
mod tests;
