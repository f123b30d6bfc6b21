use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_s3::config::ProvideCredentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use thiserror::Error;

use crate::answer::chain;

/// Time to connect. Within a region that takes milliseconds; two seconds allow for one lost SYN,
/// which is sent again after one.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Time for one attempt, connecting included. The largest answer we ask for is some 3,000
/// datapoints or one document of a few megabytes: well under a second each.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// Attempts at one operation. The SDK waits at most 1, 2, then 4 seconds between four: 7 seconds
/// in which a throttled token bucket of the Auto Scaling API refills.
pub const MOST_ATTEMPTS: u32 = 4;

/// Time for one operation, all attempts and waits included: two attempts that hang (16 s), the
/// waits (at most 7 s), and a third that answers. Well below the minute and more that a function
/// has, so that it still says what went wrong.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(24);

/// Region, credentials and endpoints from the environment, one HTTP client, bounded retries.
///
/// `AWS_ENDPOINT_URL` and its per-service forms are obeyed.
pub async fn connect() -> SdkConfig {
    loader().load().await
}

/// What a connection lacks, with what to do about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// Neither the environment nor the profile names a region.
    #[error(
        "no region is set: set AWS_REGION, such as eu-west-1, or AWS_PROFILE to a profile of ~/.aws/config \
         that names one"
    )]
    Region,
    /// Nothing gives credentials.
    #[error(
        "no credentials are found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), \
         or AWS_PROFILE to a profile of ~/.aws/credentials; after a sign-on by `aws sso login`, or for a \
         profile that runs a program: eval \"$(aws configure export-credentials --format env)\" ({detail})"
    )]
    Credentials {
        /// What was tried last.
        detail: String,
    },
}

/// Whether `sdk` has a region and credentials. For people at a terminal, before the first call: calls
/// without them end in words about metadata services.
///
/// # Errors
/// [`ConnectionError`] for what is missing.
pub async fn ready(sdk: &SdkConfig) -> Result<(), ConnectionError> {
    if sdk.region().is_none() {
        return Err(ConnectionError::Region);
    }
    let Some(provider) = sdk.credentials_provider() else {
        let detail = "no source of them is configured".to_owned();
        return Err(ConnectionError::Credentials { detail });
    };
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        Err(error) => Err(ConnectionError::Credentials {
            detail: chain(&error),
        }),
    }
}

/// Attempts at one call to Auto Scaling where a queue brings back what failed: a second one, for a
/// single refusal. Further ones would only keep the other targets waiting.
const ATTEMPTS_BESIDE_A_QUEUE: u32 = 2;

/// `sdk` for clients of Auto Scaling in a function with many groups to see to and a queue that brings
/// back what failed: a client that is throttled also sends less for a while. AWS throttles Auto Scaling
/// for the whole account, so that what one group is refused is asked too much for the others as well.
/// A function that must answer at once does without: here a call may wait before it is sent.
///
/// Source: AWS SDKs and Tools reference guide, "Retry behavior", adaptive retry mode.
#[must_use]
pub fn beside_a_queue(sdk: &SdkConfig) -> SdkConfig {
    let retries = RetryConfig::adaptive().with_max_attempts(ATTEMPTS_BESIDE_A_QUEUE);
    sdk.to_builder().retry_config(retries).build()
}

/// What [`connect`] loads, for those who name region, credentials or endpoint themselves.
#[must_use]
pub fn loader() -> ConfigLoader {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(MOST_ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        )
}
