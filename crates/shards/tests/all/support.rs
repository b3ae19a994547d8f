//! Helpers for the tests of shards.

use std::{io::Cursor, time::Duration};

use clip_lab_shards::{Index, RetryPolicy, scan};
use tar::{Builder, Header};

/// A tar with the given files.
pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The index of a tar in memory.
pub fn index(bytes: &[u8]) -> Index {
    scan(Cursor::new(bytes), bytes.len() as u64, "caption")
}

/// Short timeouts.
pub const QUICK: RetryPolicy = RetryPolicy {
    attempts: 4,
    stall: Duration::from_millis(300),
    backoff: Duration::from_millis(5),
    min_rate: 500,
    window: Duration::from_secs(1),
};
