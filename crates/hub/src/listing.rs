//! Which files a repository holds.

use std::{fs, path::Path};

use anyhow::{Result, anyhow, ensure};
use clip_lab_fetch::{Halt, insist, within};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::{
    client::{Asker, failed},
    name::plain,
};

/// Beyond as many files the hub names only some.
const MOST: usize = 50_000;

/// The files of a repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The commit.
    #[serde(rename = "sha")]
    pub commit: String,
    /// Its files.
    #[serde(rename = "siblings")]
    pub files: Vec<Listed>,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its path in the repository.
    #[serde(rename = "rfilename")]
    pub name: String,
    /// Bytes; mirrors may not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

impl Listing {
    /// Asks the hub.
    pub(crate) fn ask(asker: &Asker) -> Result<Self> {
        let bytes = insist(asker.patience(), || read(asker))?;
        let listing: Self = serde_json::from_slice(&bytes)
            .map_err(|_| anyhow!("what answers is no hub: its list of files cannot be understood"))?;
        ensure!(plain(&listing.commit) && !listing.commit.contains('/'), "the hub names no commit");
        ensure!(
            listing.files.len() < MOST,
            "it has {MOST} files or more, of which the hub names only some: name a folder of it, or take a set of shards"
        );
        // The names become paths below the cache.
        let climbing = listing.files.iter().find(|file| !plain(&file.name));
        ensure!(
            climbing.is_none(),
            "it names a file that would lie elsewhere: `{}`",
            climbing.map_or("", |f| &f.name)
        );
        Ok(listing)
    }

    /// What was noted of a commit, if anything was.
    pub(crate) fn noted(note: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(note).ok()?).ok()
    }

    /// What lies in a snapshot that others made.
    pub(crate) fn of_folder(commit: &str, folder: &Path) -> Self {
        let mut files = Vec::new();
        collect(folder, "", &mut files);
        files.sort_by(|a: &Listed, b| a.name.cmp(&b.name));
        Self { commit: commit.to_owned(), files }
    }
}

async fn read(asker: &Asker) -> Result<Vec<u8>, Halt> {
    let mut url = asker.listing();
    url.set_query(Some("blobs=true")); // with sizes
    let mut reply = asker.ask(Method::GET, url, 0).await?.response;
    let mut bytes = Vec::new();
    while let Some(more) = within(asker.patience().stall, reply.chunk()).await?.map_err(failed)? {
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

fn collect(folder: &Path, below: &str, files: &mut Vec<Listed>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        match fs::metadata(entry.path()) {
            Ok(about) if about.is_dir() => collect(&entry.path(), &format!("{name}/"), files),
            Ok(about) => files.push(Listed { name, size: Some(about.len()) }),
            Err(_) => {} // a link whose file is gone
        }
    }
}
