//! Shards behind `http://` and `https://`.

use std::{sync::OnceLock, time::Duration};

use anyhow::{Result, anyhow};
use clip_lab_fetch::{Answer, Halt, Keys, Patience, Source, Web};
use reqwest::{
    Method, StatusCode,
    header::{ETAG, HeaderMap, HeaderName, LAST_MODIFIED},
};
use url::Url;

/// A file on a server.
pub(super) struct Page {
    web: Web,
    url: Url,
    keys: Keys,
}

impl Page {
    /// Nothing is asked for yet.
    pub fn connect(url: &Url, patience: Patience) -> Result<Self> {
        Ok(Self { web: web()?.waiting(patience.stall), url: url.clone(), keys: Keys::new(url, None)? })
    }
}

/// One for all, since it keeps connections and reads the certificates of the system.
fn web() -> Result<Web> {
    static WEB: OnceLock<Web> = OnceLock::new();
    if let Some(web) = WEB.get() {
        return Ok(web.clone());
    }
    let web = Web::new(Duration::ZERO)?;
    Ok(WEB.get_or_init(|| web).clone())
}

impl Source for Page {
    async fn ask(&self, from: u64) -> Result<Answer, Halt> {
        let (_, response) = self.web.ask(Method::GET, &self.url, from, &self.keys, |_| false).await?;
        if !response.status().is_success() {
            return Err(refused(response.status()));
        }
        let tag = tag(response.headers());
        Answer::new(response, from, tag, None)
    }
}

/// What tells one state of the file from another.
fn tag(headers: &HeaderMap) -> String {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    text(ETAG).or_else(|| text(LAST_MODIFIED)).unwrap_or_default()
}

/// What another try can help against: everything but what the server refuses for good.
fn refused(status: StatusCode) -> Halt {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Halt::Final(anyhow!("there is no such file ({status})")),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Halt::Final(anyhow!("the server wants other credentials ({status})"))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            Halt::Anew(anyhow!("the server has fewer bytes than it said ({status})"))
        }
        status => Halt::Again(anyhow!("the server answers {status}")),
    }
}
