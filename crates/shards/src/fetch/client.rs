//! Connections to where shards lie.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use object_store::{
    ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder, gcp::GoogleCloudStorageBuilder,
    http::HttpBuilder, path::Path,
};
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// A file behind a connection.
pub(super) struct Remote {
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
}

/// One connection for each server or bucket.
static STORES: Mutex<Option<HashMap<String, Arc<dyn ObjectStore>>>> = Mutex::new(None);

/// The connection to `url`: keys of `s3://` and `gs://` come from the environment as their own tools read them.
pub(super) fn remote(url: &Url) -> Result<Remote> {
    let base = base(url);
    let path = Path::from_url_path(url.path()).context("its path cannot be asked for")?;
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let stores = stores.get_or_insert_default();
    if let Some(store) = stores.get(base.as_str()) {
        return Ok(Remote { store: store.clone(), path });
    }
    let store = connect(&base)?;
    stores.insert(base.to_string(), store.clone());
    Ok(Remote { store, path })
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

/// What drives the connections: one thread, since all it does is to wait.
pub(super) fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).thread_name("shards").enable_all().build();
    RUNTIME.get_or_init(start).as_ref().map_err(|error| anyhow::anyhow!("no thread to fetch with: {error}"))
}
