//! The hub client.
//!
//! Not hf-hub: version 0.5 sends the token to the host a file redirects to, has no timeouts, loops on relative redirects and
//! takes a whole file for the rest of one; version 1.0 cannot resume a download.

use anyhow::{Context as _, Result};
use clip_lab_fetch::{Credentials, FetchError, HttpClient, RetryPolicy};
use reqwest::{Method, Response, header::HeaderMap};
use url::Url;

use crate::{Hub, Name, name::Kind, status_error::status_error};

/// A hub client for one repository.
pub(crate) struct Client {
    web: HttpClient,
    hub: Hub,
    name: Name,
    credentials: Credentials,
}

/// The response, and the metadata from the hub's headers.
pub(crate) struct Reply {
    pub response: Response,
    /// The etag, which identifies the content: for large files their SHA-256.
    pub tag: Option<String>,
    /// Size of a large file.
    pub size: Option<u64>,
}

impl Client {
    pub fn new(hub: &Hub, name: &Name) -> Result<Self> {
        let web = HttpClient::new(hub.policy.stall)?;
        let credentials = Credentials::new(&hub.endpoint, hub.token.as_ref().map(|token| token.0.as_str()))
            .context("the hub token")?;
        Ok(Self { web, hub: hub.clone(), name: name.clone(), credentials })
    }

    pub fn policy(&self) -> RetryPolicy {
        self.hub.policy
    }

    /// URL of the file listing of a revision.
    pub fn listing(&self) -> Url {
        let kind = if self.name.kind == Kind::Dataset { "datasets" } else { "models" };
        self.url(&["api", kind], &["revision", &self.name.revision], "")
    }

    /// URL of a file.
    pub fn file(&self, revision: &str, file: &str) -> Url {
        let kind: &[&str] = if self.name.kind == Kind::Dataset { &["datasets"] } else { &[] };
        self.url(kind, &["resolve", revision], file)
    }

    /// `ENDPOINT/before/ORG/NAME/after/file`, each part escaped: a revision may contain a slash.
    fn url(&self, before: &[&str], after: &[&str], file: &str) -> Url {
        let mut url = self.hub.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(before).extend(self.name.id.split('/')).extend(after);
            path.extend(file.split('/').filter(|part| !part.is_empty()));
        }
        url
    }

    /// Sends a request and follows redirects. The token is only sent to the hub.
    pub async fn request(&self, method: Method, url: Url, from: u64) -> Result<Reply, FetchError> {
        let (mut tag, mut size) = (None, None);
        let head = method == Method::HEAD;
        let (last, response) = self
            .web
            .request(method, &url, from, &self.credentials, |hop| {
                if hop.is_origin {
                    tag = text(hop.headers, "x-linked-etag")
                        .or_else(|| text(hop.headers, "etag"))
                        .or(tag.take());
                    size = text(hop.headers, "x-linked-size").and_then(|size| size.parse().ok()).or(size);
                }
                // For HEAD the hub's headers are enough; only the content is on another host.
                head && tag.is_some() && hop.next.is_some_and(|next| !self.credentials.belong_to(next))
            })
            .await?;
        let status = response.status();
        if !status.is_success() && !status.is_redirection() {
            let withheld = self.credentials.are_withheld_from(&url);
            let headers = response.headers();
            return Err(status_error(
                status,
                headers,
                &self.name,
                &self.hub,
                (self.credentials.belong_to(&last), withheld),
            ));
        }
        Ok(Reply { response, tag: tag.map(|tag| strip_etag(&tag)), size })
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// An etag without quotes and `W/`.
fn strip_etag(tag: &str) -> String {
    tag.trim_start_matches("W/").trim_matches('"').to_owned()
}
