//! Shards at `http://` and `https://` URLs.

use std::{sync::OnceLock, time::Duration};

use anyhow::{Result, anyhow};
use clip_lab_fetch::{Credentials, Download, FetchError, HttpClient, RetryPolicy, Source};
use reqwest::{
    Method, StatusCode,
    header::{ETAG, HeaderMap, HeaderName, LAST_MODIFIED},
};
use url::Url;

/// A file on a web server.
pub(super) struct HttpFile {
    web: HttpClient,
    url: Url,
    credentials: Credentials,
}

impl HttpFile {
    /// Makes no request yet.
    pub fn connect(url: &Url, policy: RetryPolicy) -> Result<Self> {
        Ok(Self {
            web: shared_client()?.with_stall_timeout(policy.stall),
            url: url.clone(),
            credentials: Credentials::new(url, None)?,
        })
    }
}

/// A shared client: it pools connections, and loads the system's certificates once.
fn shared_client() -> Result<HttpClient> {
    static CLIENT: OnceLock<HttpClient> = OnceLock::new();
    if let Some(web) = CLIENT.get() {
        return Ok(web.clone());
    }
    let web = HttpClient::new(Duration::ZERO)?;
    Ok(CLIENT.get_or_init(|| web).clone())
}

impl Source for HttpFile {
    async fn request(&self, from: u64) -> Result<Download, FetchError> {
        let (_, response) =
            self.web.request(Method::GET, &self.url, from, &self.credentials, |_| false).await?;
        if !response.status().is_success() {
            return Err(status_error(response.status()));
        }
        let version_tag = version_tag(response.headers());
        Download::new(response, from, version_tag, None)
    }
}

/// Identifies the version of the file.
fn version_tag(headers: &HeaderMap) -> String {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    text(ETAG).or_else(|| text(LAST_MODIFIED)).unwrap_or_default()
}

/// The error of a status: transient unless the server rejects the request.
fn status_error(status: StatusCode) -> FetchError {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            FetchError::Permanent(anyhow!("there is no such file ({status})"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            FetchError::Permanent(anyhow!("the server rejected the credentials ({status})"))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            FetchError::Restart(anyhow!("the file is shorter than the server reported ({status})"))
        }
        status => FetchError::Transient(anyhow!("the server answered {status}")),
    }
}
