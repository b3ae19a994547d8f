//! Shards in object stores: `s3://` and `gs://`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Error, Result, anyhow, bail};
use clip_lab_fetch::{Download, FetchError, FileInfo, Source};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ClientOptions, Error as StoreError, GetOptions, GetRange, ObjectMeta, ObjectStore, RetryConfig,
    aws::AmazonS3Builder, gcp::GoogleCloudStorageBuilder, path::Path,
};
use url::Url;

use super::guard::{Guard, is_rejected};

/// A file in a bucket.
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

/// One client per bucket.
static STORES: Mutex<Option<HashMap<String, Arc<dyn ObjectStore>>>> = Mutex::new(None);

impl Bucket {
    /// Makes no request yet.
    pub fn connect(url: &Url) -> Result<Self> {
        let mut base = url.clone();
        base.set_path("/");
        base.set_query(None);
        base.set_fragment(None);
        let path = Path::from_url_path(url.path()).context("invalid object path")?;
        let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
        let stores = stores.get_or_insert_default();
        if let Some(store) = stores.get(base.as_str()) {
            return Ok(Self { store: store.clone(), path });
        }
        let store = connect(&base)?;
        stores.insert(base.to_string(), store.clone());
        Ok(Self { store, path })
    }
}

impl Source for Bucket {
    async fn request(&self, from: u64) -> Result<Download, FetchError> {
        let range = (from > 0).then_some(GetRange::Offset(from));
        let options = GetOptions { range, ..GetOptions::default() };
        let result = self.store.get_opts(&self.path, options).await.map_err(classify)?;
        let info = file_info(&result.meta);
        Ok(Download { info, bytes: result.into_stream().map_err(classify).boxed() })
    }
}

fn connect(base: &Url) -> Result<Arc<dyn ObjectStore>> {
    // Connections are made by the guard; these options only allow http URLs and disable timeouts.
    let options = ClientOptions::new().with_allow_http(true).with_timeout_disabled();
    // Retries are done by `fetch`.
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    Ok(match base.scheme() {
        "s3" => Arc::new(
            AmazonS3Builder::from_env()
                .with_url(base.as_str())
                .with_client_options(options)
                .with_http_connector(Guard)
                .with_retry(retry)
                .build()?,
        ),
        "gs" => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_url(base.as_str())
                .with_client_options(options)
                .with_http_connector(Guard)
                .with_retry(retry)
                .build()?,
        ),
        other => bail!("unsupported scheme {other}://"),
    })
}

/// Classifies an error: transient unless the server rejects the request.
fn classify(error: StoreError) -> FetchError {
    match error {
        StoreError::NotFound { .. } => FetchError::Permanent(anyhow!("there is no such file (404)")),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            FetchError::Permanent(anyhow!("the server rejected the credentials (401 or 403)"))
        }
        StoreError::NotSupported { .. } => {
            FetchError::Restart(anyhow!("the server does not support range requests"))
        }
        error if is_rejected(&error) => FetchError::Permanent(plain(error)),
        error => FetchError::Transient(plain(error)),
    }
}

/// The innermost cause, without URLs, which may contain a key. Truncated, since it may be the server's error body.
fn plain(error: StoreError) -> Error {
    let mut source: &dyn std::error::Error = &error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    let text = source.to_string();
    let text = text.split("http").next().unwrap_or_default().trim_end_matches([' ', '(']);
    anyhow!("{}", text.chars().filter(|letter| !letter.is_control()).take(300).collect::<String>())
}

fn file_info(meta: &ObjectMeta) -> FileInfo {
    let tag = meta.e_tag.clone().unwrap_or_else(|| meta.last_modified.to_rfc3339());
    FileInfo { length: meta.size, tag }
}
