//! Remote shards by URL scheme.

use anyhow::Result;
use clip_lab_fetch::{Answer, Halt, Part, Patience, Source};
use clip_lab_hub::HubFile;
use url::Url;

use super::{bucket::Bucket, page::Page};

/// A remote shard.
pub(super) enum Remote {
    /// On a web server.
    Page(Page),
    /// In an object store.
    Bucket(Bucket),
    /// In a hub repository.
    Hub(HubFile),
}

impl Remote {
    /// A client for `url`. Credentials: for `s3://` and `gs://` the standard environment variables, for `hf:` the hub token,
    /// for `https://` the user and password in the URL.
    pub fn connect(url: &Url, patience: Patience) -> Result<Self> {
        Ok(match url.scheme() {
            "hf" => Self::Hub(HubFile::find(url.as_str())?),
            "http" | "https" => Self::Page(Page::connect(url, patience)?),
            _ => Self::Bucket(Bucket::connect(url)?),
        })
    }

    /// Checks a downloaded file against its digest, if the server reports one.
    pub fn check(&self, part: &mut Part) -> Result<()> {
        match self {
            Self::Hub(file) => file.check(part),
            Self::Page(_) | Self::Bucket(_) => Ok(()),
        }
    }
}

impl Source for Remote {
    async fn ask(&self, from: u64) -> Result<Answer, Halt> {
        match self {
            Self::Page(page) => page.ask(from).await,
            Self::Bucket(bucket) => bucket.ask(from).await,
            Self::Hub(file) => file.ask(from).await,
        }
    }
}
