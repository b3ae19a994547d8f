//! What the environment says about the hub: the variables of its own tools.

use std::{env, fmt, fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, ensure};
use clip_lab_fetch::Patience;
use clip_lab_home::{hub_dir, hub_token_file};
use url::Url;

/// Where the hub is when nobody says otherwise.
const ENDPOINT: &str = "https://huggingface.co";

/// Where the hub is, where its files are kept, and how to ask it.
#[derive(Debug, Clone)]
pub struct Hub {
    /// The hub, or a mirror of it.
    pub endpoint: Url,
    /// The cache, in the hub's own layout.
    pub cache: PathBuf,
    /// What opens private and gated repositories.
    pub token: Option<Token>,
    /// Whether nothing may be fetched.
    pub offline: bool,
    /// How long to wait.
    pub patience: Patience,
}

/// The hub's token. It is never printed.
#[derive(Clone)]
pub struct Token(pub(crate) String);

impl Token {
    /// What comes after `Bearer`.
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
    /// As HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE and HF_HUB_DOWNLOAD_TIMEOUT say.
    ///
    /// # Errors
    /// When HF_ENDPOINT is no address.
    pub fn from_env() -> Result<Self> {
        let set = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        // Not shown: an address may hold a password.
        let endpoint =
            Url::parse(endpoint.trim()).context("HF_ENDPOINT is no address such as https://HOST")?;
        ensure!(
            ["http", "https"].contains(&endpoint.scheme()),
            "HF_ENDPOINT must begin with https:// or http://"
        );
        let token = set("HF_TOKEN").or_else(|| fs::read_to_string(hub_token_file()).ok());
        let mut patience = Patience::default();
        if let Some(seconds) = set("HF_HUB_DOWNLOAD_TIMEOUT").and_then(|text| text.trim().parse::<f64>().ok())
        {
            patience.stall = Duration::from_secs_f64(seconds.clamp(0.1, 86_400.0));
        }
        Ok(Self {
            endpoint,
            cache: hub_dir(),
            token: token.filter(|token| !token.trim().is_empty()).map(|token| Token::new(&token)),
            offline: set("HF_HUB_OFFLINE").is_some_and(|value| is_yes(&value)),
            patience,
        })
    }
}

fn is_yes(value: &str) -> bool {
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
    fn words_that_mean_no_are_no() {
        assert!(is_yes("1") && is_yes("TRUE") && is_yes("on"));
        assert!(!is_yes("0") && !is_yes("False") && !is_yes(" off "));
    }
}
