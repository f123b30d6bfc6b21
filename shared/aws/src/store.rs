use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_s3::primitives::ByteStream;
use ports::{Condition, DocumentStore, PortError, Stored, Version};

use crate::Environment;
use crate::answer::{Call, chain};

/// Most pages of one listing: 1,000 keys each, so ten million documents.
const MOST_PAGES: usize = 10_000;

/// Documents as objects of one bucket, below one prefix.
///
/// A version is the object's ETag. Conditions are S3's own (`If-None-Match: *`, `If-Match`), so
/// they hold between any number of writers.
///
/// The role needs `s3:ListBucket` too: without it S3 answers 403 where an object does not exist.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    prefix: String,
}

impl S3Store {
    /// The store that `environment` names.
    #[must_use]
    pub fn new(sdk: &SdkConfig, environment: &Environment) -> Self {
        let config = Builder::from(sdk)
            .force_path_style(environment.path_style)
            .build();
        Self::over(
            Client::from_conf(config),
            &environment.bucket,
            &environment.prefix,
        )
    }

    fn over(client: Client, bucket: &str, prefix: &str) -> Self {
        Self {
            client,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        }
    }

    fn object(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn address(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.prefix)
    }

    /// The store itself is missing: a mistake of whoever set it up, never an absent document.
    fn no_bucket(&self, call: Call<'_>) -> PortError {
        call.refused(format!("bucket {} does not exist", self.bucket))
    }

    /// Whether `bytes` are what is stored now, and as which version.
    async fn holds(&self, key: &str, bytes: &[u8]) -> Result<Option<Version>, PortError> {
        let stored = self.get(key).await?;
        Ok(stored
            .filter(|stored| stored.bytes == bytes)
            .map(|stored| stored.version))
    }
}

impl DocumentStore for S3Store {
    async fn get(&self, key: &str) -> Result<Option<Stored>, PortError> {
        let address = self.address(key);
        let call = Call {
            operation: "read document",
            resource: &address,
        };
        let request = self.client.get_object().bucket(&self.bucket);
        let object = match request.key(self.object(key)).send().await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchBucket") => return Err(self.no_bucket(call)),
            Err(error) => {
                return match call.failed(&error) {
                    PortError::NotFound { .. } => Ok(None),
                    other => Err(other),
                };
            }
        };
        let version = version(object.e_tag, call)?;
        let body = object.body.collect().await;
        let body = body.map_err(|error| call.unanswered(chain(&error)))?;
        Ok(Some(Stored {
            bytes: body.to_vec(),
            version,
        }))
    }

    async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition,
    ) -> Result<Version, PortError> {
        let address = self.address(key);
        let call = Call {
            operation: "write document",
            resource: &address,
        };
        let attempts = Attempts::default();
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.object(key))
            .set_content_type(content_type(key))
            .set_tagging(tagging(key))
            .body(ByteStream::from(bytes.to_vec()));
        let request = match &condition {
            Condition::Absent => request.if_none_match("*"),
            Condition::Matches(version) => request.if_match(&version.0),
            Condition::Always => request,
        };
        let sent = request.customize().interceptor(attempts.clone()).send();
        let error = match sent.await {
            Ok(written) => return version(written.e_tag, call),
            Err(error) if error.code() == Some("NoSuchBucket") => return Err(self.no_bucket(call)),
            Err(error) => call.failed(&error),
        };
        match error {
            // An answer was lost and the write sent again: what stands in the way of the second
            // may be the first.
            PortError::Conflict { .. } if attempts.made() > 1 => {
                self.holds(key, bytes).await?.ok_or(error)
            }
            PortError::NotFound { .. } => Err(call.conflict("the document to match is gone")),
            other => Err(other),
        }
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        let address = self.address(key);
        let call = Call {
            operation: "remove document",
            resource: &address,
        };
        let request = self.client.delete_object().bucket(&self.bucket);
        match request.key(self.object(key)).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchBucket") => Err(self.no_bucket(call)),
            Err(error) => match call.failed(&error) {
                PortError::NotFound { .. } => Ok(()),
                other => Err(other),
            },
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let address = self.address(prefix);
        let call = Call {
            operation: "list documents",
            resource: &address,
        };
        let mut keys = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let request = self.client.list_objects_v2().bucket(&self.bucket);
            let request = request
                .prefix(self.object(prefix))
                .set_continuation_token(token);
            let page = match request.send().await {
                Ok(page) => page,
                Err(error) if error.code() == Some("NoSuchBucket") => {
                    return Err(self.no_bucket(call));
                }
                Err(error) => return Err(call.failed(&error)),
            };
            for object in page.contents.unwrap_or_default() {
                let key = object
                    .key
                    .ok_or_else(|| call.unanswered("an object without key"))?;
                keys.extend(key.strip_prefix(&self.prefix).map(str::to_owned));
            }
            token = page.next_continuation_token;
            if token.is_none() {
                // S3 sorts already; a stand-in for it need not.
                keys.sort_unstable();
                return Ok(keys);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }

    /// A page of S3's list has a thousand folders, however much lies in each.
    async fn folders(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let address = self.address(prefix);
        let call = Call {
            operation: "list folders",
            resource: &address,
        };
        let above = self.object(prefix);
        let mut folders = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let request = self.client.list_objects_v2().bucket(&self.bucket);
            let request = request
                .prefix(&above)
                .delimiter("/")
                .set_continuation_token(token);
            let page = match request.send().await {
                Ok(page) => page,
                Err(error) if error.code() == Some("NoSuchBucket") => {
                    return Err(self.no_bucket(call));
                }
                Err(error) => return Err(call.failed(&error)),
            };
            for folder in page.common_prefixes.unwrap_or_default() {
                let folder = folder.prefix.as_deref();
                let name = folder.and_then(|it| it.strip_prefix(&above)?.strip_suffix('/'));
                let name = name.ok_or_else(|| call.unanswered("a folder without name"))?;
                folders.push(name.to_owned());
            }
            token = page.next_continuation_token;
            if token.is_none() {
                folders.sort_unstable();
                return Ok(folders);
            }
        }
        Err(call.unanswered(format!("more than {MOST_PAGES} pages")))
    }
}

fn version(tag: Option<String>, call: Call<'_>) -> Result<Version, PortError> {
    tag.map(Version)
        .ok_or_else(|| call.unanswered("an answer without ETag"))
}

/// For people who open the object in a browser; nothing of ours reads it.
fn content_type(key: &str) -> Option<String> {
    let (_, extension) = key.rsplit_once('.')?;
    match extension {
        "json" => Some("application/json".to_owned()),
        "html" => Some("text/html; charset=utf-8".to_owned()),
        "toml" => Some("application/toml".to_owned()),
        _ => None,
    }
}

/// The tag of what piles up, by which the bucket's lifecycle rules tell how long it is kept: a rule's
/// prefix cannot leave out the target's name in the middle of a key.
fn tagging(key: &str) -> Option<String> {
    let mut parts = key.split('/');
    let (first, _target, kind, file) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
    let tag = match (first, kind, file) {
        ("targets", "forecast", Some(_)) => "kind=forecast",
        ("targets", "ledger", Some(_)) => "kind=shadow-ledger",
        ("targets", damaged, None) if damaged.contains(".damaged-") => "kind=damaged",
        _ => return None,
    };
    Some(tag.to_owned())
}

/// Counts how often one request went out.
#[derive(Debug, Clone, Default)]
struct Attempts(Arc<AtomicU32>);

impl Attempts {
    fn made(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
