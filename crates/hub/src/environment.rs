//! Hub settings from the environment variables of huggingface_hub.

use std::{env, fmt, fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, ensure};
use clip_lab_fetch::RetryPolicy;
use clip_lab_home::{hub_dir, hub_token_file};
use url::Url;

/// The default endpoint.
const ENDPOINT: &str = "https://huggingface.co";

/// Settings of the Hugging Face Hub.
#[derive(Debug, Clone)]
pub struct Hub {
    /// URL of the hub or a mirror.
    pub endpoint: Url,
    /// The cache folder, in the layout of huggingface_hub.
    pub cache: PathBuf,
    /// The access token for private and gated repositories.
    pub token: Option<Token>,
    /// Whether downloads are disabled.
    pub offline: bool,
    /// Timeouts and retries.
    pub policy: RetryPolicy,
}

/// An access token. It is never printed.
#[derive(Clone)]
pub struct Token(pub(crate) String);

impl Token {
    /// The token, without surrounding white space.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(withheld)")
    }
}

impl Hub {
    /// Reads HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE and HF_HUB_DOWNLOAD_TIMEOUT.
    ///
    /// # Errors
    /// If HF_ENDPOINT is not a URL.
    pub fn from_env() -> Result<Self> {
        let set = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        // Not shown: a URL may contain a password.
        let endpoint =
            Url::parse(endpoint.trim()).context("HF_ENDPOINT is not a URL such as https://HOST")?;
        ensure!(
            ["http", "https"].contains(&endpoint.scheme()),
            "HF_ENDPOINT must begin with https:// or http://"
        );
        let token = set("HF_TOKEN").or_else(|| fs::read_to_string(hub_token_file()).ok());
        let mut policy = RetryPolicy::default();
        if let Some(seconds) = set("HF_HUB_DOWNLOAD_TIMEOUT").and_then(|text| text.trim().parse::<f64>().ok())
        {
            policy.stall = Duration::from_secs_f64(seconds.clamp(0.1, 86_400.0));
        }
        Ok(Self {
            endpoint,
            cache: hub_dir(),
            token: token.filter(|token| !token.trim().is_empty()).map(|token| Token::new(&token)),
            offline: set("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value)),
            policy,
        })
    }
}

fn is_true(value: &str) -> bool {
    !matches!(value.trim().to_lowercase().as_str(), "0" | "false" | "no" | "off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = Token::new(" hf_secret\n");
        assert_eq!(format!("{token:?}"), "Token(withheld)");
        assert_eq!(token.0, "hf_secret");
    }

    #[test]
    fn false_values_are_false() {
        assert!(is_true("1") && is_true("TRUE") && is_true("on"));
        assert!(!is_true("0") && !is_true("False") && !is_true(" off "));
    }
}
