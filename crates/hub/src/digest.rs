//! Verifies the digest of a downloaded file.

use std::io::{self, Read};

use anyhow::{Context as _, Result, ensure};
use clip_lab_fetch::Part;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::RepoFile;

/// The digest that the hub reports for a file, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Digest {
    /// SHA-256, of large files.
    Sha256(String),
    /// Git's SHA-1, which includes the length, of small files.
    Git(String),
}

impl Digest {
    /// The digest from the listing or the etag. None if neither is a digest, as on mirrors with their own etags: then only
    /// the length is checked.
    pub fn of(listed: Option<&RepoFile>, tag: &str) -> Option<Self> {
        let lfs = listed.and_then(|file| file.lfs.as_ref()?.sha256.as_deref());
        let git = listed.and_then(|file| file.blob.as_deref());
        // The git blob of a large file is its LFS pointer, not its content.
        let sha256 = || lfs.and_then(sha256).or_else(|| sha256(tag));
        sha256().or_else(|| git.and_then(sha1)).or_else(|| sha1(tag))
    }

    /// Checks a downloaded file; discards it if it differs.
    ///
    /// # Errors
    /// If it differs, or on an I/O error.
    pub fn check(&self, part: &mut Part) -> Result<()> {
        let length = part.length();
        let file = part.reader()?;
        let (kind, expected, found) = match self {
            Self::Sha256(expected) => ("SHA-256", expected, hash(Sha256::new(), file)),
            Self::Git(expected) => {
                ("git SHA-1", expected, hash(Sha1::new_with_prefix(format!("blob {length}\0")), file))
            }
        };
        let found = found.context("reading the cache")?;
        if found != *expected {
            part.restart()?;
        }
        ensure!(
            found == *expected,
            "the content does not match the hub's digest ({kind} {found}, expected {expected}); it was discarded: try again"
        );
        Ok(())
    }
}

fn sha256(text: &str) -> Option<Digest> {
    hexadecimal(text, 64).map(Digest::Sha256)
}

fn sha1(text: &str) -> Option<Digest> {
    hexadecimal(text, 40).map(Digest::Git)
}

fn hexadecimal(text: &str, digits: usize) -> Option<String> {
    let good = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then(|| text.to_ascii_lowercase())
}

fn hash<D: sha2::Digest>(mut hasher: D, mut file: impl Read) -> io::Result<String> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        match file.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => hasher.update(&bytes[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listed::Lfs;

    #[test]
    fn the_listing_overrides_the_tag_and_the_blob_of_a_large_file_is_ignored() {
        let (a, b) = ("ab".repeat(32), "cd".repeat(20));
        let sha256 = |text: &String| Some(Digest::Sha256(text.clone()));
        let git = |text: &String| Some(Digest::Git(text.clone()));
        assert_eq!(Digest::of(None, &a.to_uppercase()), sha256(&a));
        assert_eq!(Digest::of(None, &b), git(&b));
        assert_eq!(Digest::of(None, "aa01"), None);
        let small = RepoFile { blob: Some(b.clone()), ..RepoFile::default() };
        assert_eq!(Digest::of(Some(&small), "aa01"), git(&b));
        assert_eq!(Digest::of(Some(&small), &a), sha256(&a));
        let large = RepoFile { lfs: Some(Lfs { sha256: Some(a.clone()) }), ..small };
        assert_eq!(Digest::of(Some(&large), &"ef".repeat(32)), sha256(&a));
    }

    #[test]
    fn small_files_hash_as_git_does() {
        let hashed = hash(Sha1::new_with_prefix("blob 6\0"), &b"hello\n"[..]).unwrap();
        assert_eq!(hashed, "ce013625030ba8dba906f756967f9e9ca394464a"); // git hash-object
    }
}
