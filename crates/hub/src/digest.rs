//! What the content of a file must hash to.

use std::io::{self, Read};

use anyhow::{Context as _, Result, ensure};
use clip_lab_fetch::Part;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::Listed;

/// The hub's word for a content, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Digest {
    /// Of large files: SHA-256.
    Sha256(String),
    /// Of small files: git's SHA-1, over the length too.
    Git(String),
}

impl Digest {
    /// By what the listing says of a file and what it is tagged with. None where neither is a digest, as of mirrors
    /// that have tags of their own: of these only the length is known.
    pub fn of(listed: Option<&Listed>, tag: &str) -> Option<Self> {
        let lfs = listed.and_then(|file| file.lfs.as_ref()?.sha256.as_deref());
        let git = listed.and_then(|file| file.blob.as_deref());
        // The blob of a large file is not its content.
        let sha256 = || lfs.and_then(sha256).or_else(|| sha256(tag));
        sha256().or_else(|| git.and_then(sha1)).or_else(|| sha1(tag))
    }

    /// Holds what came against it; throws away what differs.
    ///
    /// # Errors
    /// When it differs, or the disk cannot be read.
    pub fn check(&self, part: &mut Part) -> Result<()> {
        let length = part.length();
        let file = part.reader()?;
        let (kind, wanted, found) = match self {
            Self::Sha256(wanted) => ("SHA-256", wanted, hash(Sha256::new(), file)),
            Self::Git(wanted) => {
                ("git SHA-1", wanted, hash(Sha1::new_with_prefix(format!("blob {length}\0")), file))
            }
        };
        let found = found.context("the cache's disk")?;
        if found != *wanted {
            part.restart()?;
        }
        ensure!(
            found == *wanted,
            "what came is not what the hub says ({kind} {found}, not {wanted}); it was thrown away: try again"
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
    fn the_listing_comes_before_the_tag_and_a_large_file_is_never_held_against_its_blob() {
        let (a, b) = ("ab".repeat(32), "cd".repeat(20));
        let sha256 = |text: &String| Some(Digest::Sha256(text.clone()));
        let git = |text: &String| Some(Digest::Git(text.clone()));
        assert_eq!(Digest::of(None, &a.to_uppercase()), sha256(&a));
        assert_eq!(Digest::of(None, &b), git(&b));
        assert_eq!(Digest::of(None, "aa01"), None);
        let small = Listed { blob: Some(b.clone()), ..Listed::default() };
        assert_eq!(Digest::of(Some(&small), "aa01"), git(&b));
        assert_eq!(Digest::of(Some(&small), &a), sha256(&a));
        let large = Listed { lfs: Some(Lfs { sha256: Some(a.clone()) }), ..small };
        assert_eq!(Digest::of(Some(&large), &"ef".repeat(32)), sha256(&a));
    }

    #[test]
    fn small_files_hash_as_git_does() {
        let hashed = hash(Sha1::new_with_prefix("blob 6\0"), &b"hello\n"[..]).unwrap();
        assert_eq!(hashed, "ce013625030ba8dba906f756967f9e9ca394464a"); // git hash-object
    }
}
