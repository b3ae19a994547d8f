//! The HTTP client: redirects and credentials.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use reqwest::{
    Client, Method, Response,
    header::{ACCEPT_ENCODING, HeaderMap, LOCATION, RANGE},
    redirect::Policy,
};
use url::Url;

use crate::{Credentials, FetchError, is_local, with_timeout};

/// Largest number of redirects.
const MAX_REDIRECTS: usize = 10;
/// Connect timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connect timeout on this machine.
const LOCAL_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// An HTTP client.
#[derive(Debug, Clone)]
pub struct HttpClient {
    remote: Client,
    local: Client,
    stall: Duration,
}

/// One response in a chain of redirects.
pub struct Hop<'a> {
    /// Whether it is from the origin of the credentials.
    pub is_origin: bool,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The redirect target, if any.
    pub next: Option<&'a Url>,
}

/// A client that neither follows redirects nor decodes responses. With `local`, a client for this machine, which ignores
/// the proxies of the environment.
///
/// # Errors
/// If the system's certificates cannot be read.
pub fn client(local: bool) -> Result<Client> {
    let builder = Client::builder()
        .user_agent(concat!("clip-lab/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(if local { LOCAL_CONNECT_TIMEOUT } else { CONNECT_TIMEOUT })
        .referer(false)
        .redirect(Policy::none());
    let builder = if local { builder.no_proxy() } else { builder };
    builder.build().context("creating the HTTP client")
}

impl HttpClient {
    /// A client with a response timeout of `stall`.
    ///
    /// # Errors
    /// If the system's certificates cannot be read.
    pub fn new(stall: Duration) -> Result<Self> {
        Ok(Self { remote: client(false)?, local: client(true)?, stall })
    }

    /// The same client with another response timeout.
    #[must_use]
    pub fn with_stall_timeout(self, stall: Duration) -> Self {
        Self { stall, ..self }
    }

    /// Requests `url` from byte `from` on and follows redirects. Calls `on_response` for every response; if it returns true,
    /// the redirect is not followed. The credentials are only sent to their origin.
    ///
    /// # Errors
    /// If there is no response, too many redirects, an invalid one, or one from a remote host to this machine.
    pub async fn request(
        &self,
        method: Method,
        url: &Url,
        from: u64,
        credentials: &Credentials,
        mut on_response: impl FnMut(Hop<'_>) -> bool,
    ) -> Result<(Url, Response), FetchError> {
        let mut url = without_credentials(url.clone());
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(&method, &url, from, credentials).await?;
            let next = next(&url, &response)?;
            let hop = Hop {
                is_origin: credentials.belong_to(&url),
                headers: response.headers(),
                next: next.as_ref(),
            };
            let enough = on_response(hop);
            match next {
                Some(next) if !enough => url = next,
                _ => return Ok((url, response)),
            }
        }
        Err(FetchError::Permanent(anyhow!("it redirects more than {MAX_REDIRECTS} times")))
    }

    async fn send(
        &self,
        method: &Method,
        url: &Url,
        from: u64,
        credentials: &Credentials,
    ) -> Result<Response, FetchError> {
        let client = if is_local(url) { &self.local } else { &self.remote };
        let mut request = client.request(method.clone(), url.clone()).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        with_timeout(self.stall, credentials.attach(url, request).send()).await?.map_err(transport_error)
    }
}

/// The redirect target of a response.
fn next(url: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
    if !response.status().is_redirection() {
        return Ok(None);
    }
    let invalid = |message: &'static str| FetchError::Permanent(anyhow!(message));
    let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
    let next = place.and_then(|place| url.join(place).ok()).map(without_credentials);
    let next = next.filter(|next| ["http", "https"].contains(&next.scheme()));
    let next = next.ok_or_else(|| invalid("it redirects to an invalid URL"))?;
    if is_local(&next) && !is_local(url) {
        return Err(invalid("it redirects from a remote host to this machine"));
    }
    Ok(Some(next))
}

/// Removes user and password: they are sent as [`Credentials`] or not at all.
fn without_credentials(mut url: Url) -> Url {
    // Fails only for URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// The innermost cause, without the URL, which may be signed.
pub(crate) fn transport_error(error: reqwest::Error) -> FetchError {
    let hint = if error.is_connect() { "; is there a network?" } else { "" };
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    FetchError::Transient(anyhow!("{cause}{hint}"))
}
