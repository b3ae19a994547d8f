//! HTTP: who is asked, and what of it leads where.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use reqwest::{
    Client, Method, Response,
    header::{ACCEPT_ENCODING, HeaderMap, LOCATION, RANGE},
    redirect::Policy,
};
use url::Url;

use crate::{Halt, Keys, is_local, within};

/// As many redirects as curl and the hub's own tools follow.
const HOPS: usize = 10;
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// The same on this machine.
const NEAR: Duration = Duration::from_secs(1);

/// A speaker of HTTP.
#[derive(Debug, Clone)]
pub struct Web {
    far: Client,
    near: Client,
    stall: Duration,
}

/// One answer on the way to the last.
pub struct Hop<'a> {
    /// Whether it comes from where the keys are for.
    pub ours: bool,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Where it sends on to, if it does.
    pub next: Option<&'a Url>,
}

/// A client that follows no redirect, so that whoever asks sees where it leads, and decodes nothing. With `local` one
/// for this machine: without the proxies of the environment, which would read what is meant for nobody else.
///
/// # Errors
/// When the certificates of the system cannot be read.
pub fn client(local: bool) -> Result<Client> {
    let builder = Client::builder()
        .user_agent(concat!("clip-lab/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(if local { NEAR } else { CONNECT })
        .referer(false)
        .redirect(Policy::none());
    let builder = if local { builder.no_proxy() } else { builder };
    builder.build().context("a client for HTTP")
}

impl Web {
    /// One that waits so long for an answer.
    ///
    /// # Errors
    /// Those of [`client`].
    pub fn new(stall: Duration) -> Result<Self> {
        Ok(Self { far: client(false)?, near: client(true)?, stall })
    }

    /// The same, waiting so long.
    #[must_use]
    pub fn waiting(self, stall: Duration) -> Self {
        Self { stall, ..self }
    }

    /// Asks for `url` from byte `from` on and follows where that leads; `seen` hears of every answer, and may say by
    /// true that the last one is enough. The keys go to their origin and to nobody else.
    ///
    /// # Errors
    /// When nobody answers, or redirects lead to nowhere, in circles, or from elsewhere to this machine.
    pub async fn ask(
        &self,
        method: Method,
        url: &Url,
        from: u64,
        keys: &Keys,
        mut seen: impl FnMut(Hop<'_>) -> bool,
    ) -> Result<(Url, Response), Halt> {
        let mut url = without_login(url.clone());
        for _ in 0..=HOPS {
            let response = self.send(&method, &url, from, keys).await?;
            let next = next(&url, &response)?;
            let hop = Hop { ours: keys.are_of(&url), headers: response.headers(), next: next.as_ref() };
            let enough = seen(hop);
            match next {
                Some(next) if !enough => url = next,
                _ => return Ok((url, response)),
            }
        }
        Err(Halt::Final(anyhow!("it redirects in circles ({HOPS} times)")))
    }

    async fn send(&self, method: &Method, url: &Url, from: u64, keys: &Keys) -> Result<Response, Halt> {
        let client = if is_local(url) { &self.near } else { &self.far };
        let mut request = client.request(method.clone(), url.clone()).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        within(self.stall, keys.show(url, request).send()).await?.map_err(failed)
    }
}

/// Where an answer sends on to.
fn next(url: &Url, response: &Response) -> Result<Option<Url>, Halt> {
    if !response.status().is_redirection() {
        return Ok(None);
    }
    let refused = |words: &'static str| Halt::Final(anyhow!(words));
    let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
    let next = place.and_then(|place| url.join(place).ok()).map(without_login);
    let next = next.filter(|next| ["http", "https"].contains(&next.scheme()));
    let next = next.ok_or_else(|| refused("it redirects to no address"))?;
    if is_local(&next) && !is_local(url) {
        return Err(refused("it redirects from elsewhere to this machine"));
    }
    Ok(Some(next))
}

/// Names and passwords are sent as [`Keys`] or not at all.
fn without_login(mut url: Url) -> Url {
    // Refused only where there can be none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
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
