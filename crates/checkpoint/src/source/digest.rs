//! A digest of a file inside the file: whether it still holds the bytes that were written.

use std::collections::HashMap;

/// The key of the digest among the metadata.
pub const KEY: &str = "digest";

/// Stands for a digest that is not known yet, and for the digest itself while the file is hashed.
pub const UNKNOWN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where in the header the value `digest` of the metadata begins. Nothing else in a header looks like it: quotes within
/// strings are escaped, and a tensor of that name has a brace in place of the second quote.
pub fn place(header: &[u8], digest: &str) -> Option<usize> {
    let before = format!("\"{KEY}\":\"");
    let entry = format!("{before}{digest}\"");
    let found = header.windows(entry.len()).position(|window| window == entry.as_bytes());
    found.map(|at| at + before.len())
}

/// Compares the bytes of a file, whose tensors begin at `start`, with the digest in its metadata (BLAKE3, hex). A file
/// without one, such as a checkpoint of before, has nothing to compare.
///
/// # Errors
/// What is wrong, in a sentence.
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
        _ => Err("damaged: its bytes are not the ones that were written (the digest differs). Take another copy of it, or an \
                  earlier checkpoint"
            .to_owned()),
    }
}
