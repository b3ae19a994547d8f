//! Digests that the hub uses as etags.

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal, for large files.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(bytes))
}

/// The digest of `git hash-object`, for small files.
pub fn git_sha1(bytes: &[u8]) -> String {
    hexadecimal(Sha1::new_with_prefix(format!("blob {}\0", bytes.len())).chain_update(bytes))
}

fn hexadecimal(hasher: impl Digest) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
