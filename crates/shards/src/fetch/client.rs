//! Connections to where shards lie.

use anyhow::Result;
use clip_lab_fetch::{Answer, Halt, Part, Patience, Source};
use clip_lab_hub::HubFile;
use url::Url;

use super::{bucket::Bucket, page::Page};

/// A shard behind a connection.
pub(super) enum Remote {
    /// On a server.
    Page(Page),
    /// In a bucket.
    Bucket(Bucket),
    /// In a repository of the hub.
    Hub(HubFile),
}

impl Remote {
    /// The connection to `url`: keys of `s3://` and `gs://` come from the environment as their own tools read them, the
    /// token of `hf:` as the hub's tools do, a name and password of `https://` from the address.
    pub fn connect(url: &Url, patience: Patience) -> Result<Self> {
        Ok(match url.scheme() {
            "hf" => Self::Hub(HubFile::find(url.as_str())?),
            "http" | "https" => Self::Page(Page::connect(url, patience)?),
            _ => Self::Bucket(Bucket::connect(url)?),
        })
    }

    /// Holds what came against what is said of its content, where anything is.
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
