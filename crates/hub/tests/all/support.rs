//! A local hub server with a repository, and an empty cache.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use clip_lab_hub::{Hub, Repo, RepoFile, Token};
pub use clip_lab_testing::sha256;
use clip_lab_testing::{Fault, HubServer};
use tempfile::TempDir;

pub const MODEL: &str = "models/org/tiny";
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const SECRET: &str = "hf_doNotTell";

/// The two files of the model.
pub const CONFIG: &[u8] = b"{\"model_type\": \"vit\"}";

pub fn weights() -> Vec<u8> {
    (0..200_000u32).map(|place| (place * 7 % 251) as u8).collect()
}

/// The server and a cache.
pub struct Scene {
    pub server: HubServer,
    pub cache: TempDir,
}

impl Scene {
    /// An empty hub.
    pub fn empty() -> Self {
        Self { server: HubServer::start(), cache: tempfile::tempdir().unwrap() }
    }

    /// A hub with `org/tiny`: a small file and a large one, which is served after `faults`.
    pub fn new(faults: &[Fault]) -> Self {
        let scene = Self::empty();
        let (server, bytes) = (&scene.server, weights());
        server.list(MODEL, "main", COMMIT, &["config.json", "model.safetensors"], &[]);
        server.small(MODEL, COMMIT, "config.json", CONFIG, &[]);
        server.large(MODEL, COMMIT, "model.safetensors", &bytes, &sha256(&bytes), faults);
        scene
    }

    pub fn hub(&self) -> Hub {
        let mut hub = Hub::from_env().unwrap();
        hub.endpoint = self.server.address().parse().unwrap();
        hub.cache = self.cache.path().to_owned();
        (hub.token, hub.offline) = (None, false);
        hub.policy.attempts = 4;
        (hub.policy.stall, hub.policy.backoff) = (Duration::from_millis(300), Duration::from_millis(5));
        hub.policy.window = Duration::from_secs(1);
        hub
    }

    pub fn with_token(&self) -> Hub {
        Hub { token: Some(Token::new(SECRET)), ..self.hub() }
    }

    /// Downloads all files of `name`.
    pub fn fetch(&self, hub: Hub, name: &str) -> Result<PathBuf> {
        Repo::new(hub, name.parse()?).folder(&all)
    }

    /// The error message of a failed download.
    pub fn fetch_error(&self, hub: Hub, name: &str) -> String {
        let message = format!("{:#}", self.fetch(hub, name).unwrap_err());
        assert!(!message.contains(SECRET) && !message.contains("signature"), "{message}");
        message
    }

    pub fn repo(&self) -> PathBuf {
        self.cache.path().join("models--org--tiny")
    }

    pub fn requests(&self) -> usize {
        self.server.hub.requests() + self.server.storage.requests()
    }
}

pub fn all(_: &Path, files: &[RepoFile]) -> Result<Vec<String>> {
    Ok(files.iter().map(|file| file.name.clone()).collect())
}
