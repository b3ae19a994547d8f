//! Obtains the file listing of a repository.

use std::{fs, path::Path};

use anyhow::Result;
use clip_lab_fetch::{FetchError, collect, retry, stream};
use reqwest::Method;

use crate::{Listing, RepoFile, client::Client};

/// Largest response, bytes: several times the largest listing.
const MAX_BYTES: usize = 64 << 20;

impl Listing {
    /// Requests it from the hub.
    pub(crate) fn request(client: &Client) -> Result<Self> {
        Self::parse(&retry(client.policy(), || read(client))?)
    }

    /// Reads a saved listing, if there is one.
    pub(crate) fn load(note: &Path) -> Option<Self> {
        Self::parse(&fs::read(note).ok()?).ok()
    }

    /// Lists a snapshot that other tools downloaded.
    pub(crate) fn from_folder(commit: &str, folder: &Path) -> Self {
        let mut files = Vec::new();
        gather(folder, "", &mut files);
        files.sort_by(|a: &RepoFile, b| a.name.cmp(&b.name));
        Self { commit: commit.to_owned(), files }
    }
}

async fn read(client: &Client) -> Result<Vec<u8>, FetchError> {
    let mut url = client.listing();
    url.set_query(Some("blobs=true")); // with sizes and digests
    let response = client.request(Method::GET, url, 0).await?.response;
    collect(stream(response)?, MAX_BYTES, client.policy()).await
}

fn gather(folder: &Path, below: &str, files: &mut Vec<RepoFile>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        match fs::metadata(entry.path()) {
            Ok(about) if about.is_dir() => gather(&entry.path(), &format!("{name}/"), files),
            Ok(about) => files.push(RepoFile { name, size: Some(about.len()), ..RepoFile::default() }),
            Err(_) => {} // a dangling link
        }
    }
}
