//! A digest of a file, stored in its own metadata, to detect damage.

use std::collections::HashMap;

/// The metadata key of the digest.
pub const KEY: &str = "digest";

/// Placeholder for the digest while the file is hashed.
pub const UNKNOWN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The offset of the metadata value `digest` in the header. The match is unambiguous: quotes within strings are escaped,
/// and a tensor of that name has a brace in place of the second quote.
pub fn place(header: &[u8], digest: &str) -> Option<usize> {
    let prefix = format!("\"{KEY}\":\"");
    let entry = format!("{prefix}{digest}\"");
    let found = header.windows(entry.len()).position(|window| window == entry.as_bytes());
    found.map(|at| at + prefix.len())
}

/// Compares the bytes of a file, whose tensors begin at `start`, with the digest in its metadata (BLAKE3, hex). Files
/// without a digest, such as old checkpoints, always pass.
///
/// # Errors
/// The message, if the digests differ.
pub fn verify(bytes: &[u8], start: usize, metadata: &HashMap<String, String>) -> Result<(), String> {
    let Some(written) = metadata.get(KEY) else { return Ok(()) };
    let place = (written.len() == UNKNOWN.len()).then(|| place(&bytes[..start], written)).flatten();
    let found = place.map(|place| {
        let mut hasher = blake3::Hasher::new();
        let after = place + UNKNOWN.len();
        hasher.update(&bytes[..place]).update(UNKNOWN.as_bytes()).update(&bytes[after..]);
        hasher.finalize().to_hex().to_string()
    });
    match found {
        Some(found) if found == *written => Ok(()),
        _ => Err("damaged: its bytes have changed since it was written (the digest differs). Use another copy of it, or an \
                  earlier checkpoint"
            .to_owned()),
    }
}
