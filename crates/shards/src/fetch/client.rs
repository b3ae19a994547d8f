//! Remote shards by URL scheme.

use anyhow::Result;
use clip_lab_fetch::{Download, FetchError, Part, RetryPolicy, Source};
use clip_lab_hub::HubFile;
use url::Url;

use super::{bucket::Bucket, http::HttpFile};

/// A remote shard.
pub(super) enum Remote {
    /// On a web server.
    Http(HttpFile),
    /// In an object store.
    Bucket(Bucket),
    /// In a hub repository.
    Hub(HubFile),
}

impl Remote {
    /// A client for `url`. Credentials: for `s3://` and `gs://` the standard environment variables, for `hf:` the hub token,
    /// for `https://` the user and password in the URL.
    pub fn connect(url: &Url, policy: RetryPolicy) -> Result<Self> {
        Ok(match url.scheme() {
            "hf" => Self::Hub(HubFile::find(url.as_str())?),
            "http" | "https" => Self::Http(HttpFile::connect(url, policy)?),
            _ => Self::Bucket(Bucket::connect(url)?),
        })
    }

    /// Checks a downloaded file against its digest, if the server reports one.
    pub fn check(&self, part: &mut Part) -> Result<()> {
        match self {
            Self::Hub(file) => file.check(part),
            Self::Http(_) | Self::Bucket(_) => Ok(()),
        }
    }
}

impl Source for Remote {
    async fn request(&self, from: u64) -> Result<Download, FetchError> {
        match self {
            Self::Http(file) => file.request(from).await,
            Self::Bucket(bucket) => bucket.request(from).await,
            Self::Hub(file) => file.request(from).await,
        }
    }
}
