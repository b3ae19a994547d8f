//! Data sets of the hub as folders: `root = "hf:datasets/ORGANISATION/NAME[@REVISION][/PATH]"`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow, bail, ensure};

use crate::{Hub, Kind, Listed, Name, Repo, is_name};

/// Files that only Python reads, by executing what they say.
const NEVER: [&str; 8] = ["pkl", "pickle", "pt", "pth", "bin", "ckpt", "joblib", "py"];

/// The local folder that `root` means: `root` itself, or a data set of the hub, which is fetched if it is not there yet.
///
/// # Errors
/// When it is no data set of the hub, or it cannot be fetched.
pub fn data_folder(root: &Path) -> Result<PathBuf> {
    let Some(name) = named(root) else { return Ok(root.to_owned()) };
    let name = name?;
    let snapshot = Repo::new(Hub::from_env()?, name.clone()).folder(&|_, files| below(&name, files))?;
    // Joined with nothing, a path would end in a slash.
    Ok(if name.path.is_empty() { snapshot } else { snapshot.join(&name.path) })
}

/// Whether [`data_folder`] needs no network.
pub fn is_here(root: &Path) -> bool {
    match (named(root), Hub::from_env()) {
        (None, _) => true,
        (Some(Ok(name)), Ok(hub)) => {
            Repo::new(hub, name.clone()).here(&|_, files| below(&name, files)).is_some()
        }
        _ => false,
    }
}

/// What is wrong with `root`, as far as can be told without the network.
pub fn fault(root: &Path) -> Option<String> {
    named(root)?.err().map(|error| error.to_string())
}

/// The name of the hub that `root` is, if it is one.
fn named(root: &Path) -> Option<Result<Name>> {
    let text = root.to_str().filter(|text| is_name(text))?;
    Some(text.parse::<Name>().and_then(|name| match name.kind {
        Kind::Dataset => Ok(name),
        Kind::Model => Err(anyhow!("{name} is a model; a data set is written hf:datasets/{}", name.id)),
    }))
}

/// The files below the path that is named.
fn below(name: &Name, files: &[Listed]) -> Result<Vec<String>> {
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
    ensure!(!name.path.is_empty(), "it holds no data");
    let top: BTreeSet<&str> = names.filter_map(|file| file.split('/').next()).collect();
    bail!(
        "it holds nothing at `{}`; at its top lie {}",
        name.path,
        top.into_iter().collect::<Vec<_>>().join(", ")
    )
}

fn is_data(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    !name.starts_with('.') && !NEVER.contains(&ending.to_ascii_lowercase().as_str())
}
