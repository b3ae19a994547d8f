//! `hf:org/name[@revision]`: a repository of the Hugging Face hub, fetched once into the hub's own cache.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail, ensure};
use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};

use crate::source::parts;

/// Small files that say what the weights are. Those that exist are fetched before the weights, so that a repository
/// whose weights are there is whole.
const CONFIGURATION: &[&str] = &[
    "config.json",
    "open_clip_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "sentence_bert_config.json",
    "modules.json",
    "1_Pooling/config.json",
];

/// Weights, best first. Of those with an index beside them the parts are fetched.
const WEIGHTS: &[&str] = &[
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
    "model.safetensors.index.json",
];

/// The folder that holds a repository of the hub, fetched if it is not there yet.
///
/// # Errors
/// When it is not cached and cannot be fetched, or holds no safetensors.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let (id, revision) = name.split_once('@').unwrap_or((name, "main"));
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.');
    let valid = id.split('/').count() <= 2 && id.split('/').all(plain) && plain(revision);
    ensure!(valid, "`hf:{name}` is not of the form hf:ORGANISATION/NAME or hf:ORGANISATION/NAME@REVISION");
    let repo = Repo::with_revision(id.to_owned(), RepoType::Model, revision.to_owned());
    let cache = cache();
    if let Some(folder) = cached(&cache, &repo) {
        return Ok(folder);
    }
    ensure!(
        !offline(),
        "hf:{name} is not in the hub's cache ({}), and HF_HUB_OFFLINE forbids to fetch it: fetch it once without \
         HF_HUB_OFFLINE, or point HF_HOME at a cache that has it",
        cache.path().display()
    );
    fetch(&cache, &repo).map_err(|error| {
        anyhow!(
            "hf:{name} is not in the hub's cache ({}) and cannot be fetched: {error:#}. Is the name right, is there a \
             network, and does the repository need a token (HF_TOKEN)?",
            cache.path().display()
        )
    })
}

/// The hub's cache: HF_HUB_CACHE, else HF_HOME/hub, else the hub's default.
fn cache() -> Cache {
    match env::var("HF_HUB_CACHE") {
        Ok(path) if !path.is_empty() => Cache::new(path.into()),
        _ => Cache::from_env(),
    }
}

fn offline() -> bool {
    let set = |value: String| !matches!(value.to_lowercase().as_str(), "" | "0" | "false" | "no" | "off");
    env::var("HF_HUB_OFFLINE").is_ok_and(set)
}

/// The snapshot's folder when its weights are there.
fn cached(cache: &Cache, repo: &Repo) -> Option<PathBuf> {
    let snapshot = cache.repo(repo.clone());
    let file = WEIGHTS.iter().find_map(|name| snapshot.get(name))?;
    let whole = match file.extension().is_some_and(|extension| extension == "json") {
        true => parts(&file).ok()?.iter().all(|part| snapshot.get(part).is_some()),
        false => true,
    };
    whole.then(|| file.parent().map(PathBuf::from)).flatten()
}

fn fetch(cache: &Cache, repo: &Repo) -> Result<PathBuf> {
    let token = env::var("HF_TOKEN").ok().filter(|token| !token.is_empty()).or_else(|| cache.token());
    let mut builder = ApiBuilder::from_env().with_cache_dir(cache.path().clone()).with_retries(3);
    if token.is_some() {
        builder = builder.with_token(token);
    }
    let remote = builder.build()?.repo(repo.clone());
    let there: Vec<String> = remote.info()?.siblings.into_iter().map(|file| file.rfilename).collect();
    let has = |name: &&&str| there.iter().any(|file| file == **name);
    let Some(weights) = WEIGHTS.iter().find(has) else {
        bail!("it holds no safetensors, and weights in Python's pickle are never read");
    };
    for name in CONFIGURATION.iter().filter(has) {
        remote.get(name)?;
    }
    weights_of(&remote, weights)
}

/// Fetches the weights, all parts of them; returns their folder.
fn weights_of(remote: &ApiRepo, name: &str) -> Result<PathBuf> {
    let file = remote.get(name)?;
    if name.ends_with(".json") {
        for part in parts(&file)? {
            remote.get(&part)?;
        }
    }
    file.parent().map(PathBuf::from).ok_or_else(|| anyhow!("{} lies in no folder", file.display()))
}
