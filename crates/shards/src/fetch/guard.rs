//! What stands between buckets and the network: no token in the clear, no redirect, no endless complaint.

use std::{error::Error, fmt};

use async_trait::async_trait;
use bytes::Bytes;
use clip_lab_fetch::{client, is_local, is_private};
use futures_util::{StreamExt as _, stream::BoxStream};
use object_store::{
    ClientOptions,
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService},
};
use reqwest::{Client, header::AUTHORIZATION};
use url::Url;

/// Bytes that are read of what a server writes beside a status that is no success.
const COMPLAINT: usize = 16 << 10;

/// Makes [`Guarded`] connections.
#[derive(Debug)]
pub(super) struct Guard;

/// A connection.
#[derive(Debug)]
struct Guarded {
    far: Client,
    near: Client,
}

/// Why nothing was asked for.
#[derive(Debug)]
struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Refused {}

/// Whether it was the guard that refused.
pub(super) fn is_refused(error: &(dyn Error + 'static)) -> bool {
    error.is::<Refused>() || error.source().is_some_and(is_refused)
}

impl HttpConnector for Guard {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let made = |local| {
            client(local)
                .map_err(|error| object_store::Error::Generic { store: "HTTP", source: error.into() })
        };
        Ok(HttpClient::new(Guarded { far: made(false)?, near: made(true)? }))
    }
}

#[async_trait]
impl HttpService for Guarded {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = Url::parse(&request.uri().to_string())
            .map_err(|error| HttpError::new(HttpErrorKind::Request, error))?;
        let words = request.headers().get(AUTHORIZATION).map(|words| words.as_bytes());
        // A signature can be seen; a token or password cannot.
        let readable = words.is_some_and(|words| !words.starts_with(b"AWS4-HMAC-SHA256"));
        if readable && !is_private(&url) {
            let words =
                "the token of the bucket would go where everybody could read it: use an address with TLS";
            return Err(HttpError::new(HttpErrorKind::Unknown, Refused(words)));
        }
        let client = if is_local(&url) { &self.near } else { &self.far };
        let response = client.call(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        Ok(HttpResponse::from_parts(parts, start(body.bytes_stream()).await?.into()))
    }
}

/// The beginning of a body, up to [`COMPLAINT`] bytes.
async fn start(mut body: BoxStream<'static, Result<Bytes, HttpError>>) -> Result<Vec<u8>, HttpError> {
    let mut all = Vec::new();
    while let Some(bytes) = body.next().await {
        let bytes = bytes?;
        all.extend_from_slice(&bytes[..bytes.len().min(COMPLAINT - all.len())]);
        if all.len() == COMPLAINT {
            break;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use clip_lab_faulty::{Fault, Server};
    use object_store::client::HttpRequestBody;
    use reqwest::header::HeaderValue;
    use tokio::runtime::Builder;

    use super::*;

    /// What becomes of a request with this authorization.
    fn asked(address: &str, words: &'static str) -> Result<HttpResponse, HttpError> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = address.parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static(words));
        let client = Guard.connect(&ClientOptions::new()).unwrap();
        Builder::new_current_thread().enable_all().build().unwrap().block_on(client.execute(request))
    }

    #[test]
    fn a_token_of_a_bucket_does_not_go_in_the_clear() {
        for words in ["Bearer ya29.token", "Basic bWU6d29yZA=="] {
            let error = asked("http://bucket.invalid/x.tar", words).unwrap_err();
            assert!(is_refused(&error), "{error:?}");
            let error = asked("https://bucket.invalid/x.tar", words).unwrap_err();
            assert!(!is_refused(&error), "{error:?}");
        }
        let signed = asked("http://bucket.invalid/x.tar", "AWS4-HMAC-SHA256 Credential=key").unwrap_err();
        assert!(!is_refused(&signed), "{signed:?}");
        let server = Server::start();
        let response = asked(&server.put("/x", b"", &[]), "Bearer ya29.token").unwrap();
        assert!(response.status().is_success());
    }

    #[test]
    fn a_complaint_without_end_is_not_read_to_it_and_redirects_lead_nowhere() {
        let (server, other) = (Server::start(), Server::start());
        let response = asked(&server.put("/x", b"", &[Fault::Complain(500, 1 << 33)]), "Bearer t").unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(response.into_body().bytes()).unwrap();
        assert_eq!(body.len(), COMPLAINT);
        assert!(server.sent() < 64 << 20, "{}", server.sent());
        let away = server.redirect("/y", &other.put("/y", b"", &[]), &[]);
        assert!(asked(&away, "Bearer t").unwrap().status().is_redirection());
        assert_eq!(other.requests(), 0);
    }
}
