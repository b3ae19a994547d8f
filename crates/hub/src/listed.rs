//! Parses and validates the file listing of a repository.

use std::fmt;

use anyhow::{Result, anyhow, ensure};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use crate::name::is_safe_path;

/// The hub lists at most this many files.
const MAX_FILES: usize = 50_000;
/// Longest path component, bytes: the limit of file systems.
const MAX_COMPONENT: usize = 255;
/// Longest path, bytes.
const MAX_PATH: usize = 1024;
/// Deepest nesting of folders.
const MAX_DEPTH: usize = 64;

/// The files of a repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The commit.
    #[serde(rename = "sha")]
    pub commit: String,
    /// Its files.
    #[serde(rename = "siblings", deserialize_with = "first_files")]
    pub files: Vec<RepoFile>,
}

/// A file of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoFile {
    /// Its path in the repository.
    #[serde(rename = "rfilename")]
    pub name: String,
    /// Size in bytes; some mirrors do not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Git blob id of its content, or of the LFS pointer of a large file.
    #[serde(rename = "blobId", default, skip_serializing_if = "Option::is_none")]
    pub(crate) blob: Option<String>,
    /// LFS metadata of a large file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lfs: Option<Lfs>,
}

/// LFS metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lfs {
    /// Its SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Listing {
    /// Parses the hub's response.
    ///
    /// # Errors
    /// If it is not a listing, or contains an invalid or unsafe path.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let listing: Self = serde_json::from_slice(bytes)
            .map_err(|_| anyhow!("the response is not a file listing: the endpoint is not a hub"))?;
        let commit = &listing.commit;
        let is_valid = !commit.is_empty()
            && commit.len() <= 64
            && commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ensure!(is_valid, "the hub reports no commit");
        ensure!(
            listing.files.len() < MAX_FILES,
            "it has {MAX_FILES} files or more, of which the hub lists only some: select a folder, or use a data set of shards"
        );
        // The names become paths in the cache.
        for RepoFile { name, .. } in &listing.files {
            ensure!(is_safe_path(name), "it lists a file outside of the repository: `{}`", shown(name));
            ensure!(is_valid_path(name), "it lists a file with an invalid name: `{}`", shown(name));
        }
        Ok(listing)
    }
}

/// Whether a name is valid in file systems and terminals.
fn is_valid_path(name: &str) -> bool {
    let parts = || name.split('/');
    name.len() <= MAX_PATH
        && parts().count() <= MAX_DEPTH
        && parts().all(|part| part.len() <= MAX_COMPONENT)
        && !name.contains(char::is_control)
}

/// The start of a name, with control characters escaped.
fn shown(name: &str) -> String {
    let start: String = name.chars().take(80).collect();
    let more = if start.len() < name.len() { "..." } else { "" };
    format!("{}{more}", start.escape_debug())
}

/// The first files; skips the rest.
fn first_files<'de, D: Deserializer<'de>>(of: D) -> Result<Vec<RepoFile>, D::Error> {
    struct Files;

    impl<'de> Visitor<'de> for Files {
        type Value = Vec<RepoFile>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of files")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
            let mut files = Vec::new();
            while let Some(file) = all.next_element()? {
                files.push(file);
                if files.len() == MAX_FILES {
                    while all.next_element::<IgnoredAny>()?.is_some() {}
                }
            }
            Ok(files)
        }
    }

    of.deserialize_seq(Files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(names: &[&str]) -> Result<Listing> {
        let files: Vec<_> = names.iter().map(|name| serde_json::json!({ "rfilename": name })).collect();
        Listing::parse(serde_json::json!({ "sha": "c0ffee", "siblings": files }).to_string().as_bytes())
    }

    #[test]
    fn invalid_names_are_rejected_with_a_short_message() {
        assert_eq!(parsed(&["a.json", "b/c d.bin", "ä/ü"]).unwrap().files.len(), 3);
        let (long, deep) = ("x".repeat(60_000), "a/".repeat(100) + "b");
        for bad in [
            "../../x",
            "/etc/x",
            "a//b",
            "a/./b",
            "",
            "a\\b",
            "nul\0",
            "bell\u{7}",
            "\u{1b}[2J",
            &long,
            &deep,
        ] {
            let message = parsed(&["ok", bad]).unwrap_err().to_string();
            assert!(message.contains("it lists a file"), "{message}");
            assert!(message.len() < 250 && !message.contains(char::is_control), "{message}");
        }
        for commit in ["", "../x", "a/b", &long] {
            let text = serde_json::json!({ "sha": commit, "siblings": [] }).to_string();
            assert!(Listing::parse(text.as_bytes()).unwrap_err().to_string().contains("reports no commit"));
        }
    }

    #[test]
    fn too_many_files_are_truncated() {
        let many = format!(
            "{{\"sha\":\"a\",\"siblings\":[{}{{\"rfilename\":\"a\"}}]}}",
            "{\"rfilename\":\"a\"},".repeat(200_000)
        );
        let files: Listing = serde_json::from_str(&many).unwrap();
        assert_eq!(files.files.len(), MAX_FILES);
        assert!(Listing::parse(many.as_bytes()).unwrap_err().to_string().contains("50000 files or more"));
        assert!(Listing::parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
