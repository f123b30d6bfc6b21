//! The account that calls go to.

use crate::failure::{Blame, Done};

/// Region and credentials of the environment, for `what`. What is missing is said before anything is
/// asked.
pub(crate) async fn connect(what: &str) -> Done<aws::SdkConfig> {
    let sdk = aws::connect().await;
    let ready = aws::ready(&sdk).await;
    ready.input(|| format!("{what}: AWS cannot be asked"))?;
    Ok(sdk)
}
