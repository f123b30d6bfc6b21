//! What `infra/image-pipeline.yaml` writes into Parameter Store, as docs/image-pipeline.md has it.

use doctor::{Image, Release};
use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
struct Released {
    #[serde(deserialize_with = "plain")]
    version: String,
    at: Timestamp,
}

#[derive(Deserialize)]
struct Built {
    release: Released,
    ready: Timestamp,
    #[serde(default)]
    launch_template: Option<String>,
}

/// A text, or a number that somebody put as one.
fn plain<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        other => Err(D::Error::custom(format!(
            "version {other} is neither a text nor a number"
        ))),
    }
}

impl From<Released> for Release {
    fn from(released: Released) -> Self {
        Self {
            version: released.version,
            at: released.at,
        }
    }
}

/// The last release.
pub(super) fn release(text: &str) -> Result<Release, String> {
    let read: Result<Released, _> = serde_json::from_str(text);
    read.map(Release::from).map_err(|error| error.to_string())
}

/// The last image.
pub(super) fn image(text: &str) -> Result<Image, String> {
    let read: Result<Built, _> = serde_json::from_str(text);
    let built = read.map_err(|error| error.to_string())?;
    Ok(Image {
        release: built.release.into(),
        ready: built.ready,
        launch_template: built.launch_template,
    })
}
