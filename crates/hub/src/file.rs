//! A remote file of a repository.

use std::{str::FromStr as _, sync::Arc};

use anyhow::{Result, anyhow, ensure};
use clip_lab_fetch::{Download, FetchError, Part, Source};
use reqwest::Method;
use url::Url;

use crate::{
    Hub, Name,
    client::{Client, Reply},
    digest::Digest,
};

/// A file on the hub.
pub struct HubFile {
    client: Arc<Client>,
    url: Url,
}

impl HubFile {
    /// The file `hf:datasets/ORGANISATION/NAME[@REVISION]/PATH`.
    ///
    /// # Errors
    /// If the name is invalid, or HF_HUB_OFFLINE is set.
    pub fn find(name: &str) -> Result<Self> {
        let (hub, name) = (Hub::from_env()?, Name::from_str(name)?);
        ensure!(!name.path.is_empty(), "`{name}` is a repository, not a file: add /PATH");
        ensure!(!hub.offline, "HF_HUB_OFFLINE is set");
        let client = Client::new(&hub, &name)?;
        let url = client.file(&name.revision, &name.path);
        Ok(Self { client: client.into(), url })
    }

    pub(crate) fn new(client: Arc<Client>, url: Url) -> Self {
        Self { client, url }
    }

    /// Checks a downloaded file against the hub's etag.
    ///
    /// # Errors
    /// If it differs; the file is discarded.
    pub fn check(&self, part: &mut Part) -> Result<()> {
        let digest = part.info().and_then(|info| Digest::of(None, &info.tag));
        digest.map_or(Ok(()), |digest| digest.check(part))
    }

    /// The etag, which identifies the content.
    pub(crate) async fn tag(&self) -> Result<String, FetchError> {
        let reply = self.client.request(Method::HEAD, self.url.clone(), 0).await?;
        reply.tag.ok_or_else(|| FetchError::Permanent(anyhow!("the hub sent no etag for the file")))
    }
}

impl Source for HubFile {
    async fn request(&self, from: u64) -> Result<Download, FetchError> {
        let Reply { response, tag, size } = self.client.request(Method::GET, self.url.clone(), from).await?;
        Download::new(response, from, tag.unwrap_or_default(), size)
    }
}
