//! A store of documents, on this machine or in a bucket.

use std::future::Future;

use control::{ControlError, Loaded, load, save};
use documents::{Document, Envelope};
use jiff::Timestamp;
use local::DirectoryStore;
use ports::{Condition, DocumentStore, PortError, Stored, Version};

use crate::arguments::StoreArguments;
use crate::failure::{Blame, Done, input};
use crate::near;

/// How often a change is tried anew because somebody else wrote first.
const TRIES: usize = 5;

/// One of the stores there are.
#[derive(Debug)]
pub(crate) enum AnyStore {
    Directory(DirectoryStore),
    #[cfg(feature = "aws")]
    Bucket(aws::S3Store),
}

/// A store that was opened, and what people call it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) store: AnyStore,
    pub(crate) name: String,
    #[cfg(feature = "aws")]
    runtime: tokio::runtime::Runtime,
}

impl Opened {
    /// Opens what `arguments` name.
    pub(crate) fn open(arguments: &StoreArguments) -> Done<Self> {
        #[cfg(feature = "aws")]
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .failed(|| "no runtime for calls to AWS")?;
        #[cfg(feature = "aws")]
        if let Some(url) = &arguments.bucket {
            let store = AnyStore::Bucket(runtime.block_on(bucket(url))?);
            let name = url.clone();
            return Ok(Self {
                store,
                name,
                runtime,
            });
        }
        let Some(folder) = &arguments.store else {
            return Err(input("say where the documents lie: --store DIR"));
        };
        let name = folder.display().to_string();
        if !folder.is_dir() {
            return Err(input(format!(
                "{name} is not a directory: `forescale plan --store {name}` makes one{}",
                near::file_hint(folder)
            )));
        }
        let store = DirectoryStore::open(folder).input(|| format!("{name} cannot be read"))?;
        Ok(Self {
            store: AnyStore::Directory(store),
            name,
            #[cfg(feature = "aws")]
            runtime,
        })
    }

    /// The objects of `url`, `s3://BUCKET/PREFIX`, and the prefix that is meant.
    pub(crate) fn objects(url: &str) -> Done<(Self, String)> {
        #[cfg(feature = "aws")]
        {
            let rest = url.strip_prefix("s3://").unwrap_or(url);
            let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let opened = Self::open(&StoreArguments {
                store: None,
                bucket: Some(format!("s3://{name}")),
            })?;
            Ok((opened, prefix.to_owned()))
        }
        #[cfg(not(feature = "aws"))]
        Err(input(format!(
            "{url}: this program was built without AWS: build it with `--features aws`, or copy the \
             objects here by `aws s3 cp --recursive`"
        )))
    }

    /// Waits for `future`.
    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        #[cfg(feature = "aws")]
        return self.runtime.block_on(future);
        #[cfg(not(feature = "aws"))]
        pollster::block_on(future)
    }

    /// Changes the document at `key` by `change`, which begins with what is there or the default, and
    /// tries anew where somebody else wrote meanwhile. What cannot be read is never replaced. `None`
    /// from `change` writes nothing.
    pub(crate) fn change<B: Document + Default, T>(
        &self,
        key: &str,
        target: Option<&str>,
        now: Timestamp,
        mut change: impl FnMut(&mut B) -> Done<Option<T>>,
    ) -> Done<Option<T>> {
        for _ in 0..TRIES {
            let loaded = self.wait(load::<B>(&self.store, key));
            let loaded = loaded.failed(|| format!("{}: {key} cannot be read", self.name))?;
            let condition = loaded.unchanged();
            let mut body = match loaded {
                Loaded::Absent => B::default(),
                Loaded::Found(envelope, _) => envelope.body,
                Loaded::Unusable(error, _) => {
                    return Err(error).input(|| {
                        format!(
                            "{}: nothing was changed: mend or remove {key} first",
                            self.name
                        )
                    });
                }
            };
            let Some(told) = change(&mut body)? else {
                return Ok(None);
            };
            let envelope = Envelope::new(target, now, "the command", body);
            match self.wait(save(&self.store, key, &envelope, condition)) {
                Ok(_) => return Ok(Some(told)),
                Err(ControlError::Port {
                    source: PortError::Conflict { .. },
                    ..
                }) => {}
                Err(error) => return Err(error).failed(|| format!("{key} was not written")),
            }
        }
        Err(anyhow::anyhow!(
            "others wrote {key} {TRIES} times meanwhile"
        ))
        .failed(|| "nothing was changed: try again")
    }
}

#[cfg(feature = "aws")]
async fn bucket(url: &str) -> Done<aws::S3Store> {
    let Some(rest) = url.strip_prefix("s3://") else {
        return Err(input(format!(
            "--bucket {url}: write it as s3://BUCKET/PREFIX"
        )));
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let variable = |name: &str| match name {
        "FORESCALE_BUCKET" => Some(bucket.to_owned()),
        "FORESCALE_PREFIX" => Some(prefix.to_owned()),
        // An endpoint of one's own has no domain for each bucket.
        "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_S3" => std::env::var_os(name)?.into_string().ok(),
        _ => None,
    };
    let environment = aws::Environment::from_variables(variable);
    let environment = environment.map_err(|error| match error {
        aws::EnvironmentError::Missing { wanted, .. }
        | aws::EnvironmentError::Impossible { wanted, .. } => {
            input(format!("{url} cannot be used: after s3:// comes {wanted}"))
        }
        other => input(format!("{url} cannot be used: {other}")),
    })?;
    Ok(aws::S3Store::new(
        &crate::account::connect(url).await?,
        &environment,
    ))
}

impl DocumentStore for AnyStore {
    async fn get(&self, key: &str) -> Result<Option<Stored>, PortError> {
        match self {
            Self::Directory(store) => store.get(key).await,
            #[cfg(feature = "aws")]
            Self::Bucket(store) => store.get(key).await,
        }
    }

    async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition,
    ) -> Result<Version, PortError> {
        match self {
            Self::Directory(store) => store.put(key, bytes, condition).await,
            #[cfg(feature = "aws")]
            Self::Bucket(store) => store.put(key, bytes, condition).await,
        }
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        match self {
            Self::Directory(store) => store.delete(key).await,
            #[cfg(feature = "aws")]
            Self::Bucket(store) => store.delete(key).await,
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        match self {
            Self::Directory(store) => store.list(prefix).await,
            #[cfg(feature = "aws")]
            Self::Bucket(store) => store.list(prefix).await,
        }
    }
}
