//! A remote file of a repository.

use std::{str::FromStr as _, sync::Arc};

use anyhow::{Result, anyhow, ensure};
use clip_lab_fetch::{Answer, Halt, Part, Source};
use reqwest::Method;
use url::Url;

use crate::{
    Hub, Name,
    client::{Asker, Reply},
    digest::Digest,
};

/// A file on the hub.
pub struct HubFile {
    asker: Arc<Asker>,
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
        let asker = Asker::new(&hub, &name)?;
        let url = asker.file(&name.revision, &name.path);
        Ok(Self { asker: asker.into(), url })
    }

    pub(crate) fn new(asker: Arc<Asker>, url: Url) -> Self {
        Self { asker, url }
    }

    /// Checks a downloaded file against the hub's etag.
    ///
    /// # Errors
    /// If it differs; the file is discarded.
    pub fn check(&self, part: &mut Part) -> Result<()> {
        let digest = part.whole().and_then(|whole| Digest::of(None, &whole.tag));
        digest.map_or(Ok(()), |digest| digest.check(part))
    }

    /// The etag, which identifies the content.
    pub(crate) async fn tag(&self) -> Result<String, Halt> {
        let reply = self.asker.ask(Method::HEAD, self.url.clone(), 0).await?;
        reply.tag.ok_or_else(|| Halt::Final(anyhow!("the hub sent no etag for the file")))
    }
}

impl Source for HubFile {
    async fn ask(&self, from: u64) -> Result<Answer, Halt> {
        let Reply { response, tag, size } = self.asker.ask(Method::GET, self.url.clone(), from).await?;
        Answer::new(response, from, tag.unwrap_or_default(), size)
    }
}
