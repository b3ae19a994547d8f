//! Shards at `http://` and `https://` URLs.

use std::{sync::OnceLock, time::Duration};

use anyhow::{Result, anyhow};
use clip_lab_fetch::{Answer, Halt, Keys, Patience, Source, Web};
use reqwest::{
    Method, StatusCode,
    header::{ETAG, HeaderMap, HeaderName, LAST_MODIFIED},
};
use url::Url;

/// A file on a web server.
pub(super) struct Page {
    web: Web,
    url: Url,
    keys: Keys,
}

impl Page {
    /// Makes no request yet.
    pub fn connect(url: &Url, patience: Patience) -> Result<Self> {
        Ok(Self { web: web()?.waiting(patience.stall), url: url.clone(), keys: Keys::new(url, None)? })
    }
}

/// A shared client: it pools connections, and loads the system's certificates once.
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

/// Identifies the version of the file.
fn tag(headers: &HeaderMap) -> String {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    text(ETAG).or_else(|| text(LAST_MODIFIED)).unwrap_or_default()
}

/// The error of a status: transient unless the server rejects the request.
fn refused(status: StatusCode) -> Halt {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Halt::Final(anyhow!("there is no such file ({status})")),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Halt::Final(anyhow!("the server rejected the credentials ({status})"))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            Halt::Anew(anyhow!("the file is shorter than the server reported ({status})"))
        }
        status => Halt::Again(anyhow!("the server answered {status}")),
    }
}
