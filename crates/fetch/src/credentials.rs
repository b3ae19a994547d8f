//! Credentials, and where they may be sent.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Result, anyhow};
use percent_encoding::percent_decode_str;
use reqwest::{
    RequestBuilder,
    header::{AUTHORIZATION, HeaderValue},
};
use url::{Host, Origin, Url};

/// Credentials for one origin. They are never sent elsewhere, nor unencrypted.
#[derive(Debug, Clone)]
pub struct Credentials {
    origin: Origin,
    secret: Option<Secret>,
}

#[derive(Clone)]
enum Secret {
    Bearer(HeaderValue),
    Basic { user: String, password: String },
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(withheld)")
    }
}

impl Credentials {
    /// The credentials for `home`: the user and password in the URL, else the token.
    ///
    /// # Errors
    /// If the token contains characters that are invalid in a header.
    pub fn new(home: &Url, token: Option<&str>) -> Result<Self> {
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let has_user = !home.username().is_empty() || home.password().is_some();
        let secret = match token {
            _ if has_user => Some(Secret::Basic {
                user: plain(home.username()),
                password: plain(home.password().unwrap_or_default()),
            }),
            Some(token) => {
                let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
                    .map_err(|_| anyhow!("the token contains invalid characters"))?;
                header.set_sensitive(true);
                Some(Secret::Bearer(header))
            }
            None => None,
        };
        Ok(Self { origin: home.origin(), secret })
    }

    /// Whether `url` has the origin of the credentials.
    pub fn belong_to(&self, url: &Url) -> bool {
        url.origin() == self.origin
    }

    /// Whether credentials exist but are not sent to `url`, because the connection is unencrypted.
    pub fn are_withheld_from(&self, url: &Url) -> bool {
        self.secret.is_some() && self.belong_to(url) && !is_private(url)
    }

    /// Adds the credentials to a request to `url`, if it has their origin and is private.
    pub(crate) fn attach(&self, url: &Url, request: RequestBuilder) -> RequestBuilder {
        match &self.secret {
            _ if !self.belong_to(url) || !is_private(url) => request,
            Some(Secret::Bearer(header)) => request.header(AUTHORIZATION, header.clone()),
            Some(Secret::Basic { user, password }) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }
}

/// Whether the connection to `url` is encrypted or local.
pub fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || is_local(url)
}

/// Whether `url` is on this machine or link-local, like cloud metadata services.
pub fn is_local(url: &Url) -> bool {
    let is_near = |ip: Ipv4Addr| ip.is_loopback() || ip.is_link_local();
    match url.host() {
        Some(Host::Ipv4(ip)) => is_near(ip),
        Some(Host::Ipv6(ip)) => {
            let aws = ip.segments()[..2] == [0xfd00, 0x0ec2];
            let link = ip.is_unicast_link_local() || aws;
            ip == Ipv6Addr::LOCALHOST || link || ip.to_ipv4_mapped().is_some_and(is_near)
        }
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn sent(credentials: &Credentials, to: &str) -> Option<String> {
        let request = reqwest::Client::new().get("http://x");
        let request = credentials.attach(&url(to), request).build().unwrap();
        request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn credentials_go_to_their_origin_over_private_connections() {
        let credentials = Credentials::new(&url("https://hub.example"), Some("hf_x")).unwrap();
        assert_eq!(sent(&credentials, "https://hub.example/a").unwrap(), "Bearer hf_x");
        for other in [
            "http://hub.example/a",
            "https://hub.example:81/",
            "https://evil.example/",
            "https://x.hub.example/",
        ] {
            assert_eq!(sent(&credentials, other), None, "{other}");
        }
        assert!(!format!("{credentials:?}").contains("hf_x"));
        let clear = Credentials::new(&url("http://hub.example"), Some("hf_x")).unwrap();
        assert_eq!(sent(&clear, "http://hub.example/a"), None);
        assert!(clear.are_withheld_from(&url("http://hub.example/a")));
        let here = Credentials::new(&url("http://127.0.0.1:81"), Some("hf_x")).unwrap();
        assert!(
            sent(&here, "http://127.0.0.1:81/a").is_some()
                && !here.are_withheld_from(&url("http://127.0.0.1:81"))
        );
    }

    #[test]
    fn credentials_in_a_url_replace_the_token() {
        let credentials = Credentials::new(&url("https://me:p%40ss+@hub.example"), Some("hf_x")).unwrap();
        assert_eq!(sent(&credentials, "https://hub.example/").unwrap(), "Basic bWU6cEBzcys=");
        assert_eq!(sent(&credentials, "https://other.example/"), None);
    }

    #[test]
    fn loopback_link_local_and_localhost_are_local() {
        for local in [
            "http://127.0.0.1",
            "http://[::1]:8",
            "http://localhost",
            "http://a.localhost",
            "http://169.254.169.254",
        ] {
            assert!(is_local(&url(local)), "{local}");
        }
        for remote in
            ["http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://10.0.0.1", "hf:a"]
        {
            assert!(!is_local(&url(remote)), "{remote}");
        }
    }
}
