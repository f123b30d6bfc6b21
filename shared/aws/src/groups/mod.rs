//! Auto Scaling groups.

mod convert;
mod read;
mod write;

use aws_config::SdkConfig;
use aws_sdk_autoscaling::Client;

use crate::answer::Call;

/// Items of one page of a description. Source: Auto Scaling API reference, `MaxRecords`.
const PAGE: i32 = 100;

/// Pages of one description. A group has at most 125 scheduled actions and 50 policies (source:
/// Auto Scaling quotas), and one that starts a server every ten minutes for six weeks has 6,048
/// activities, 61 pages.
const MOST_PAGES: usize = 200;

/// The Auto Scaling groups of an account and region.
#[derive(Debug, Clone)]
pub struct AutoScalingGroups {
    client: Client,
}

impl AutoScalingGroups {
    /// The groups of the account and region of `sdk`.
    #[must_use]
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
        }
    }
}

fn call<'a>(operation: &'static str, group: &'a str) -> Call<'a> {
    Call {
        operation,
        resource: group,
    }
}

#[cfg(test)]
mod tests;
