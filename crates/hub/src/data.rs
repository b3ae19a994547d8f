//! Hugging Face data sets as local folders: `root = "hf:datasets/ORGANISATION/NAME[@REVISION][/PATH]"`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow, bail, ensure};

use crate::{Hub, Kind, Name, Repo, RepoFile, is_name};

/// Extensions that are never downloaded: Python code and pickles, which execute code.
const EXCLUDED: [&str; 8] = ["pkl", "pickle", "pt", "pth", "bin", "ckpt", "joblib", "py"];

/// The local folder of `root`: `root` itself, or the snapshot of a hub data set, downloaded if it is not cached.
///
/// # Errors
/// If it is a model of the hub, or cannot be downloaded.
pub fn data_folder(root: &Path) -> Result<PathBuf> {
    let Some(name) = hub_name(root) else { return Ok(root.to_owned()) };
    let name = name?;
    let snapshot = Repo::new(Hub::from_env()?, name.clone()).folder(&|_, files| files_below(&name, files))?;
    // Joining an empty path would append a slash.
    Ok(if name.path.is_empty() { snapshot } else { snapshot.join(&name.path) })
}

/// Whether [`data_folder`] needs no network.
pub fn is_local(root: &Path) -> bool {
    match (hub_name(root), Hub::from_env()) {
        (None, _) => true,
        (Some(Ok(name)), Ok(hub)) => {
            Repo::new(hub, name.clone()).cached_folder(&|_, files| files_below(&name, files)).is_some()
        }
        _ => false,
    }
}

/// Why `root` is invalid, as far as known without the network.
pub fn name_error(root: &Path) -> Option<String> {
    hub_name(root)?.err().map(|error| error.to_string())
}

/// The hub name in `root`, if it is one.
fn hub_name(root: &Path) -> Option<Result<Name>> {
    let text = root.to_str().filter(|text| is_name(text))?;
    Some(text.parse::<Name>().and_then(|name| match name.kind {
        Kind::Dataset => Ok(name),
        Kind::Model => Err(anyhow!("{name} is a model; a data set is written hf:datasets/{}", name.id)),
    }))
}

/// The data files below the path of `name`.
fn files_below(name: &Name, files: &[RepoFile]) -> Result<Vec<String>> {
    let inside = |file: &str| {
        let rest = file.strip_prefix(name.path.as_str());
        name.path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let names = files.iter().map(|file| file.name.as_str());
    let found: Vec<String> =
        names.clone().filter(|file| inside(file) && is_data(file)).map(str::to_owned).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    ensure!(!name.path.is_empty(), "it contains no data files");
    let top: BTreeSet<&str> = names.filter_map(|file| file.split('/').next()).collect();
    bail!(
        "it contains nothing at `{}`; its top level has {}",
        name.path,
        top.into_iter().collect::<Vec<_>>().join(", ")
    )
}

fn is_data(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    !name.starts_with('.') && !EXCLUDED.contains(&ending.to_ascii_lowercase().as_str())
}
