//! What a hub says a repository holds, as far as it can be true.

use std::fmt;

use anyhow::{Result, anyhow, ensure};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use crate::name::plain;

/// Beyond as many files the hub names only some.
const MOST: usize = 50_000;
/// Bytes of a part of a name between slashes: what file systems take.
const PART: usize = 255;
/// Bytes of a whole name, which lies below the folder of a snapshot.
const LONGEST: usize = 1024;
/// Folders within each other.
const DEEPEST: usize = 64;

/// The files of a repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The commit.
    #[serde(rename = "sha")]
    pub commit: String,
    /// Its files.
    #[serde(rename = "siblings", deserialize_with = "first_files")]
    pub files: Vec<Listed>,
}

/// A file of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its path in the repository.
    #[serde(rename = "rfilename")]
    pub name: String,
    /// Bytes; mirrors may not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Git's name for its content, or of a large file for what stands for it.
    #[serde(rename = "blobId", default, skip_serializing_if = "Option::is_none")]
    pub(crate) blob: Option<String>,
    /// Of a large file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lfs: Option<Lfs>,
}

/// A large file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lfs {
    /// Its SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Listing {
    /// Reads what a hub answers.
    ///
    /// # Errors
    /// When it is no listing, or names what cannot lie below a folder.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let listing: Self = serde_json::from_slice(bytes)
            .map_err(|_| anyhow!("what answers is no hub: its list of files cannot be understood"))?;
        let commit = &listing.commit;
        let good = !commit.is_empty()
            && commit.len() <= 64
            && commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ensure!(good, "the hub names no commit");
        ensure!(
            listing.files.len() < MOST,
            "it has {MOST} files or more, of which the hub names only some: name a folder of it, or take a set of shards"
        );
        // The names become paths below the cache.
        for Listed { name, .. } in &listing.files {
            ensure!(plain(name), "it names a file that would lie elsewhere: `{}`", shown(name));
            ensure!(fits(name), "it names a file that no folder can hold: `{}`", shown(name));
        }
        Ok(listing)
    }
}

/// Whether file systems take a name, and terminals.
fn fits(name: &str) -> bool {
    let parts = || name.split('/');
    name.len() <= LONGEST
        && parts().count() <= DEEPEST
        && parts().all(|part| part.len() <= PART)
        && !name.contains(char::is_control)
}

/// The beginning of a name, without what a terminal would obey.
fn shown(name: &str) -> String {
    let start: String = name.chars().take(80).collect();
    let more = if start.len() < name.len() { "..." } else { "" };
    format!("{}{more}", start.escape_debug())
}

/// As many files as can be, the rest read past.
fn first_files<'de, D: Deserializer<'de>>(of: D) -> Result<Vec<Listed>, D::Error> {
    struct Files;

    impl<'de> Visitor<'de> for Files {
        type Value = Vec<Listed>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of files")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
            let mut files = Vec::new();
            while let Some(file) = all.next_element()? {
                files.push(file);
                if files.len() == MOST {
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
    fn names_that_no_folder_can_hold_are_refused_in_few_words() {
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
            let words = parsed(&["ok", bad]).unwrap_err().to_string();
            assert!(words.contains("it names a file that"), "{words}");
            assert!(words.len() < 250 && !words.contains(char::is_control), "{words}");
        }
        for commit in ["", "../x", "a/b", &long] {
            let text = serde_json::json!({ "sha": commit, "siblings": [] }).to_string();
            assert!(Listing::parse(text.as_bytes()).unwrap_err().to_string().contains("names no commit"));
        }
    }

    #[test]
    fn of_too_many_files_only_some_are_kept() {
        let many = format!(
            "{{\"sha\":\"a\",\"siblings\":[{}{{\"rfilename\":\"a\"}}]}}",
            "{\"rfilename\":\"a\"},".repeat(200_000)
        );
        let files: Listing = serde_json::from_str(&many).unwrap();
        assert_eq!(files.files.len(), MOST);
        assert!(Listing::parse(many.as_bytes()).unwrap_err().to_string().contains("50000 files or more"));
        assert!(Listing::parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
