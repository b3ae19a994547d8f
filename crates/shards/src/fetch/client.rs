//! Connections to where shards lie.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Error, Result, anyhow, bail};
use clip_lab_fetch::{Answer, Halt, Source, Whole};
use clip_lab_hub::HubFile;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ClientOptions, Error as StoreError, GetOptions, GetRange, ObjectMeta, ObjectStore, RetryConfig,
    aws::AmazonS3Builder, gcp::GoogleCloudStorageBuilder, http::HttpBuilder, path::Path,
};
use url::Url;

/// A shard behind a connection.
pub(super) enum Remote {
    /// On a server or in a bucket.
    Stored { store: Arc<dyn ObjectStore>, path: Path },
    /// In a repository of the hub.
    Hub(HubFile),
}

/// One connection for each server or bucket.
static STORES: Mutex<Option<HashMap<String, Arc<dyn ObjectStore>>>> = Mutex::new(None);

impl Remote {
    /// The connection to `url`: keys of `s3://` and `gs://` come from the environment as their own tools read them, the
    /// token of `hf:` as the hub's tools do.
    pub fn connect(url: &Url) -> Result<Self> {
        if url.scheme() == "hf" {
            return Ok(Self::Hub(HubFile::find(url.as_str())?));
        }
        let base = base(url);
        let path = Path::from_url_path(url.path()).context("its path cannot be asked for")?;
        let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
        let stores = stores.get_or_insert_default();
        if let Some(store) = stores.get(base.as_str()) {
            return Ok(Self::Stored { store: store.clone(), path });
        }
        let store = connect(&base)?;
        stores.insert(base.to_string(), store.clone());
        Ok(Self::Stored { store, path })
    }
}

impl Source for Remote {
    async fn ask(&self, from: u64) -> Result<Answer, Halt> {
        let (store, path) = match self {
            Self::Stored { store, path } => (store, path),
            Self::Hub(file) => return file.ask(from).await,
        };
        let range = (from > 0).then_some(GetRange::Offset(from));
        let options = GetOptions { range, ..GetOptions::default() };
        let result = store.get_opts(path, options).await.map_err(judged)?;
        let whole = whole(&result.meta);
        Ok(Answer { whole, bytes: result.into_stream().map_err(judged).boxed() })
    }
}

/// The address without its path; the query stays, since it may be what opens the door.
fn base(url: &Url) -> Url {
    let mut base = url.clone();
    base.set_path("/");
    base.set_fragment(None);
    base
}

fn connect(base: &Url) -> Result<Arc<dyn ObjectStore>> {
    // A shard takes as long as it takes: that bytes keep coming is watched where they are read.
    let options = ClientOptions::new()
        .with_allow_http(true)
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(10));
    // Tries are counted in one place, and that is not there.
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    Ok(match base.scheme() {
        "s3" => Arc::new(
            AmazonS3Builder::from_env()
                .with_url(base.as_str())
                .with_client_options(options)
                .with_retry(retry)
                .build()?,
        ),
        "gs" => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_url(base.as_str())
                .with_client_options(options)
                .with_retry(retry)
                .build()?,
        ),
        "http" | "https" => Arc::new(
            HttpBuilder::new()
                .with_url(base.as_str())
                .with_client_options(options)
                .with_retry(retry)
                .build()?,
        ),
        other => bail!("nothing is fetched from {other}://"),
    })
}

/// What another try can help against: everything but what the server refuses for good.
fn judged(error: StoreError) -> Halt {
    match error {
        StoreError::NotFound { .. } => Halt::Final(anyhow!("there is no such file (404)")),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            Halt::Final(anyhow!("the server wants other credentials (401 or 403)"))
        }
        StoreError::NotSupported { .. } => Halt::Anew(anyhow!("the server sends no parts of files")),
        error => Halt::Again(plain(error)),
    }
}

/// The error without addresses, which may hold a key.
fn plain(error: StoreError) -> Error {
    let mut source: &dyn std::error::Error = &error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    let text = source.to_string();
    anyhow!("{}", text.split("http").next().unwrap_or_default().trim_end_matches([' ', '(']).to_owned())
}

fn whole(meta: &ObjectMeta) -> Whole {
    let tag = meta.e_tag.clone().unwrap_or_else(|| meta.last_modified.to_rfc3339());
    Whole { length: meta.size, tag }
}
