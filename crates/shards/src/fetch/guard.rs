//! The HTTP client of object stores: no token over unencrypted connections, no redirects, bounded error bodies.

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

/// Largest error body to read, bytes.
const MAX_ERROR_BODY: usize = 16 << 10;

/// Creates [`Guarded`] clients.
#[derive(Debug)]
pub(super) struct Guard;

/// A guarded client.
#[derive(Debug)]
struct Guarded {
    remote: Client,
    local: Client,
}

/// Why a request was not sent.
#[derive(Debug)]
struct Rejected(&'static str);

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Rejected {}

/// Whether the guard rejected the request.
pub(super) fn is_rejected(error: &(dyn Error + 'static)) -> bool {
    error.is::<Rejected>() || error.source().is_some_and(is_rejected)
}

impl HttpConnector for Guard {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let new_client = |local| {
            client(local)
                .map_err(|error| object_store::Error::Generic { store: "HTTP", source: error.into() })
        };
        Ok(HttpClient::new(Guarded { remote: new_client(false)?, local: new_client(true)? }))
    }
}

#[async_trait]
impl HttpService for Guarded {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = Url::parse(&request.uri().to_string())
            .map_err(|error| HttpError::new(HttpErrorKind::Request, error))?;
        let authorization = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
        // A signature may be sent unencrypted; a token or password may not.
        let is_secret = authorization.is_some_and(|value| !value.starts_with(b"AWS4-HMAC-SHA256"));
        if is_secret && !is_private(&url) {
            let message = "the bucket's token would be sent unencrypted: use an https:// endpoint";
            return Err(HttpError::new(HttpErrorKind::Unknown, Rejected(message)));
        }
        let client = if is_local(&url) { &self.local } else { &self.remote };
        let response = client.call(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        Ok(HttpResponse::from_parts(parts, start(body.bytes_stream()).await?.into()))
    }
}

/// The first [`MAX_ERROR_BODY`] bytes of a body.
async fn start(mut body: BoxStream<'static, Result<Bytes, HttpError>>) -> Result<Vec<u8>, HttpError> {
    let mut all = Vec::new();
    while let Some(bytes) = body.next().await {
        let bytes = bytes?;
        all.extend_from_slice(&bytes[..bytes.len().min(MAX_ERROR_BODY - all.len())]);
        if all.len() == MAX_ERROR_BODY {
            break;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use clip_lab_testing::{Fault, Server};
    use object_store::client::HttpRequestBody;
    use reqwest::header::HeaderValue;
    use tokio::runtime::Builder;

    use super::*;

    /// Sends a request with an authorization header.
    fn send(url: &str, authorization: &'static str) -> Result<HttpResponse, HttpError> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = url.parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static(authorization));
        let client = Guard.connect(&ClientOptions::new()).unwrap();
        Builder::new_current_thread().enable_all().build().unwrap().block_on(client.execute(request))
    }

    #[test]
    fn a_bucket_token_is_not_sent_unencrypted() {
        for authorization in ["Bearer ya29.token", "Basic bWU6d29yZA=="] {
            let error = send("http://bucket.invalid/x.tar", authorization).unwrap_err();
            assert!(is_rejected(&error), "{error:?}");
            let error = send("https://bucket.invalid/x.tar", authorization).unwrap_err();
            assert!(!is_rejected(&error), "{error:?}");
        }
        let signed = send("http://bucket.invalid/x.tar", "AWS4-HMAC-SHA256 Credential=key").unwrap_err();
        assert!(!is_rejected(&signed), "{signed:?}");
        let server = Server::start();
        let response = send(&server.put("/x", b"", &[]), "Bearer ya29.token").unwrap();
        assert!(response.status().is_success());
    }

    #[test]
    fn endless_error_bodies_are_truncated_and_redirects_not_followed() {
        let (server, other) = (Server::start(), Server::start());
        let response = send(&server.put("/x", b"", &[Fault::Complain(500, 1 << 33)]), "Bearer t").unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(response.into_body().bytes()).unwrap();
        assert_eq!(body.len(), MAX_ERROR_BODY);
        assert!(server.sent() < 64 << 20, "{}", server.sent());
        let away = server.redirect("/y", &other.put("/y", b"", &[]), &[]);
        assert!(send(&away, "Bearer t").unwrap().status().is_redirection());
        assert_eq!(other.requests(), 0);
    }
}
