//! One file of a repository, as it is fetched.

use std::str::FromStr as _;

use anyhow::{Result, anyhow, ensure};
use clip_lab_fetch::{Answer, Halt, Source, Whole};
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::{Method, StatusCode, header::CONTENT_RANGE};
use std::sync::Arc;
use url::Url;

use crate::{
    Hub, Name,
    client::{Asker, Reply, failed},
};

/// A file behind the hub.
pub struct HubFile {
    asker: Arc<Asker>,
    url: Url,
}

impl HubFile {
    /// The file that `hf:datasets/ORGANISATION/NAME[@REVISION]/PATH` names.
    ///
    /// # Errors
    /// When that is no such name, or HF_HUB_OFFLINE forbids to fetch it.
    pub fn find(name: &str) -> Result<Self> {
        let (hub, name) = (Hub::from_env()?, Name::from_str(name)?);
        ensure!(!name.path.is_empty(), "`{name}` names no file: add its /PATH");
        ensure!(!hub.offline, "HF_HUB_OFFLINE forbids to fetch it");
        let asker = Asker::new(&hub, &name)?;
        let url = asker.file(&name.revision, &name.path);
        Ok(Self { asker: asker.into(), url })
    }

    pub(crate) fn new(asker: Arc<Asker>, url: Url) -> Self {
        Self { asker, url }
    }

    /// The hub's name for the content.
    pub(crate) async fn tag(&self) -> Result<String, Halt> {
        let reply = self.asker.ask(Method::HEAD, self.url.clone(), 0).await?;
        reply
            .tag
            .ok_or_else(|| Halt::Final(anyhow!("the hub does not say which content the file has (no etag)")))
    }
}

impl Source for HubFile {
    async fn ask(&self, from: u64) -> Result<Answer, Halt> {
        let Reply { response, tag, size } = self.asker.ask(Method::GET, self.url.clone(), from).await?;
        if from > 0 && response.status() != StatusCode::PARTIAL_CONTENT {
            return Err(Halt::Anew(anyhow!("the server sends no parts of files")));
        }
        let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let total = range.and_then(|range| range.rsplit('/').next()?.parse().ok());
        let total = total.or_else(|| response.content_length().map(|length| length + from));
        let length = match (size, total) {
            (Some(said), Some(sent)) if said != sent => {
                return Err(Halt::Again(anyhow!("the hub says {said} bytes and the server sends {sent}")));
            }
            (Some(length), _) | (None, Some(length)) => length,
            (None, None) => return Err(Halt::Final(anyhow!("nobody says how long the file is"))),
        };
        let tag = tag.unwrap_or_default();
        Ok(Answer { whole: Whole { length, tag }, bytes: response.bytes_stream().map_err(failed).boxed() })
    }
}
