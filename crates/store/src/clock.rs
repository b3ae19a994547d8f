//! The wall clock, and run uids derived from it.

use std::{
    sync::Mutex,
    time::{SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

/// A new run uid: a ULID, 26 characters that sort by creation time.
pub fn new_uid() -> String {
    // Within one millisecond the random part counts up, so the order holds there too.
    static LAST: Mutex<u128> = Mutex::new(0);
    let mut last = LAST.lock().unwrap_or_else(|e| e.into_inner());
    let fresh = ((now_ms() as u128) << 80) | (random_bits() >> 48);
    *last = fresh.max(*last + 1);
    crockford(*last)
}

/// The uid of a run of another tool: the same for the same start, milliseconds since 1970, and the same digest.
pub fn derived_uid(ms: i64, digest: [u8; 16]) -> String {
    let ms = u128::try_from(ms).unwrap_or(0) & ((1 << 48) - 1);
    crockford((ms << 80) | (u128::from_le_bytes(digest) >> 48))
}

/// 128 random bits: the standard library seeds its hash maps from the system.
fn random_bits() -> u128 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let draw = || u128::from(RandomState::new().build_hasher().finish());
    (draw() << 64) | draw()
}

fn crockford(value: u128) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..26).rev().map(|i| char::from(DIGITS[(value >> (5 * i)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_distinct_and_sort_by_time() {
        let uids: Vec<String> = (0..1000).map(|_| new_uid()).collect();
        assert!(uids.windows(2).all(|w| w[0] < w[1]));
        assert!(uids.iter().all(|u| u.len() == 26));
        assert_eq!(crockford(31), "0000000000000000000000000Z");
    }

    #[test]
    fn derived_uids_are_uids_of_their_time() {
        let ms = now_ms();
        assert_eq!(derived_uid(ms, [7; 16]), derived_uid(ms, [7; 16]));
        assert_ne!(derived_uid(ms, [7; 16]), derived_uid(ms, [8; 16]));
        assert_eq!(derived_uid(ms, [7; 16])[..8], new_uid()[..8]);
        assert!([i64::MIN, 0, i64::MAX].iter().all(|ms| crate::is_uid(&derived_uid(*ms, [255; 16]))));
    }
}
