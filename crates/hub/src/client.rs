//! How the hub is asked.
//!
//! Our own, for want of a client that does all of this: hf-hub 0.5 hands the token to the host that a file is redirected
//! to, waits for ever, follows relative redirects in circles and takes a whole file for the rest of one; hf-hub 1.0 cannot
//! go on with a file at all.

use clip_lab_fetch::{Halt, Patience, within};
use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RANGE},
    redirect::Policy,
};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use url::Url;

use crate::{Hub, Name, name::Kind, refusal::refusal};

/// As many redirects as curl and the hub's own tools follow.
const HOPS: usize = 10;

/// A connection to the hub, for one repository.
pub(crate) struct Asker {
    http: Client,
    hub: Hub,
    name: Name,
    /// The token as a header that no log shows.
    bearer: Option<HeaderValue>,
}

/// What the hub said, and what followed.
pub(crate) struct Reply {
    pub response: Response,
    /// The hub's name for the content of a file: for large ones their SHA-256.
    pub tag: Option<String>,
    /// Length of a large file.
    pub size: Option<u64>,
}

impl Asker {
    pub fn new(hub: &Hub, name: &Name) -> Result<Self> {
        let http = Client::builder()
            .user_agent(concat!("clip-lab/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10).min(hub.patience.stall))
            // Followed here, so that headers on the way are seen and the token stays.
            .redirect(Policy::none())
            .build()
            .context("a client for the hub")?;
        let bearer = hub.token.as_ref().map(|token| {
            let mut header = HeaderValue::from_str(&format!("Bearer {}", token.0))
                .map_err(|_| anyhow!("the hub's token holds characters that no token has"))?;
            header.set_sensitive(true);
            anyhow::Ok(header)
        });
        Ok(Self { http, hub: hub.clone(), name: name.clone(), bearer: bearer.transpose()? })
    }

    pub fn patience(&self) -> Patience {
        self.hub.patience
    }

    /// Where the files of a revision are listed.
    pub fn listing(&self) -> Url {
        let kind = if self.name.kind == Kind::Dataset { "datasets" } else { "models" };
        self.url(&["api", kind], &["revision", &self.name.revision], "")
    }

    /// Where a file is.
    pub fn file(&self, revision: &str, file: &str) -> Url {
        let kind: &[&str] = if self.name.kind == Kind::Dataset { &["datasets"] } else { &[] };
        self.url(kind, &["resolve", revision], file)
    }

    /// `ENDPOINT/before/ORG/NAME/after/file`, each part escaped: a revision may hold a slash.
    fn url(&self, before: &[&str], after: &[&str], file: &str) -> Url {
        let mut url = self.hub.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(before).extend(self.name.id.split('/')).extend(after);
            path.extend(file.split('/').filter(|part| !part.is_empty()));
        }
        url
    }

    /// Asks, and follows where that leads. The token goes to the hub and to nobody else.
    pub async fn ask(&self, method: Method, url: Url, from: u64) -> Result<Reply, Halt> {
        let (mut url, mut tag, mut size) = (url, None, None);
        for _ in 0..=HOPS {
            let ours = url.origin() == self.hub.endpoint.origin();
            let request = self.request(method.clone(), url.clone(), from, ours);
            let response = within(self.hub.patience.stall, request.send()).await?.map_err(failed)?;
            if ours {
                let headers = response.headers();
                tag = text(headers, "x-linked-etag").or_else(|| text(headers, "etag")).or(tag);
                size = text(headers, "x-linked-size").and_then(|size| size.parse().ok()).or(size);
            }
            if !response.status().is_redirection() {
                let status = response.status();
                return match status.is_success() {
                    true => Ok(Reply { response, tag: tag.map(|tag| bare(&tag)), size }),
                    false => Err(refusal(status, response.headers(), &self.name, &self.hub, ours)),
                };
            }
            let next = text(response.headers(), LOCATION.as_str()).and_then(|place| url.join(&place).ok());
            url = next.ok_or_else(|| Halt::Final(anyhow!("the hub redirects to no address")))?;
            // What a file is was said by the hub; only its bytes lie elsewhere.
            if method == Method::HEAD && url.origin() != self.hub.endpoint.origin() && tag.is_some() {
                return Ok(Reply { response, tag: tag.map(|tag| bare(&tag)), size });
            }
        }
        Err(Halt::Final(anyhow!("the hub redirects in circles ({HOPS} times)")))
    }

    fn request(&self, method: Method, url: Url, from: u64, ours: bool) -> RequestBuilder {
        let mut request = self.http.request(method, url).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        match &self.bearer {
            Some(bearer) if ours => request.header(AUTHORIZATION, bearer.clone()),
            _ => request,
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// A tag without quotes and the mark of weak ones.
fn bare(tag: &str) -> String {
    tag.trim_start_matches("W/").trim_matches('"').to_owned()
}

/// The innermost cause, without the address: it may be signed.
pub(crate) fn failed(error: reqwest::Error) -> Halt {
    let hint = if error.is_connect() { "; is there a network?" } else { "" };
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Halt::Again(anyhow!("{cause}{hint}"))
}
