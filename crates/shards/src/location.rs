//! Locations of shards.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_fetch::is_private;
use clip_lab_hub::{Kind, Name};
use clip_lab_redact::{holds_secret, text as shown};
use url::Url;

use crate::expand;

/// Supported URL schemes.
const REMOTE: [&str; 4] = ["http", "https", "s3", "gs"];
/// Prefix of a file of a hub data set: hf:datasets/ORGANISATION/NAME/FILE.
const HUB: &str = "hf:";

/// The location of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// A local file.
    Local(PathBuf),
    /// `http(s)://`, `s3://`, `gs://` or `hf:`: downloaded into a cache.
    Remote(Url),
}

impl Location {
    /// Parses a path or URL.
    ///
    /// # Errors
    /// If it is an invalid or unsupported URL.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with(HUB) {
            let name: Name = text.parse()?;
            let file = name.kind == Kind::Dataset && name.path.ends_with(".tar");
            ensure!(file, "`{text}`: shards of the hub are written hf:datasets/ORGANISATION/NAME/FILE.tar");
            return Ok(Self::Remote(Url::parse(text).with_context(|| format!("`{text}` is not a URL"))?));
        }
        let Some((scheme, _)) = text.split_once("://") else { return Ok(Self::Local(text.into())) };
        if !REMOTE.contains(&scheme) {
            bail!(
                "`{}`: shards are read from disk, http(s)://, s3://, gs:// or hf:, not from {scheme}://",
                shown(text)
            );
        }
        let url = Url::parse(text).with_context(|| format!("`{}` is not a URL", shown(text)))?;
        ensure!(
            is_private(&url) || scheme != "http" || !holds_secret(url.as_str()),
            "`{}`: its password or key would be sent unencrypted over http://: use https://",
            shown(text)
        );
        Ok(Self::Remote(url))
    }

    /// The file name.
    pub fn file_name(&self) -> String {
        match self {
            Self::Local(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Remote(url) => url.path().rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }
}

/// Omits user, password and query, which may be secret.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => write!(f, "{}", path.display()),
            Self::Remote(url) if url.cannot_be_a_base() => write!(f, "{url}"), // hf:, which contains no secret
            Self::Remote(url) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
            }
        }
    }
}

/// The shards of a pattern, in order; for a local folder, all `*.tar` in it, by name.
///
/// # Errors
/// If the pattern is invalid, or a folder contains no shards.
pub fn locations(pattern: &str) -> Result<Vec<Location>> {
    let mut locations = Vec::new();
    for name in expand(pattern)? {
        match Location::parse(&name)? {
            Location::Local(path) if path.is_dir() => locations.extend(in_folder(&path)?),
            location => locations.push(location),
        }
    }
    Ok(locations)
}

fn in_folder(folder: &Path) -> Result<Vec<Location>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("folder {} cannot be read", folder.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut shards: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "tar")).collect();
    shards.sort();
    ensure!(!shards.is_empty(), "folder {} contains no *.tar", folder.display());
    Ok(shards.into_iter().map(Location::Local).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_displayed() {
        let location = Location::parse("https://me:word@host:81/a/b-1.tar?token=x").unwrap();
        assert_eq!(
            (location.to_string().as_str(), location.file_name().as_str()),
            ("https://host:81/a/b-1.tar", "b-1.tar")
        );
        let location = Location::parse("hf:datasets/org/set@v1/b-1.tar").unwrap();
        assert_eq!(
            (location.to_string().as_str(), location.file_name().as_str()),
            ("hf:datasets/org/set@v1/b-1.tar", "b-1.tar")
        );
        assert!(
            Location::parse("hf:datasets/org/set/folder").is_err()
                && Location::parse("hf:org/a.tar").is_err()
        );
        let error = Location::parse("ftp://host/a.tar").unwrap_err().to_string();
        assert!(error.contains("not from ftp://"), "{error}");
    }
}
