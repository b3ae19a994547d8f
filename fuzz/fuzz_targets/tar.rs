//! The index of a shard: any bytes give an index, and its offsets are within the file.
#![no_main]

use std::io::Cursor;

use clip_lab_shards::scan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let length = bytes.len() as u64;
    let index = scan(Cursor::new(bytes), length, "caption");
    for sample in &index.samples {
        assert!(sample.offset.checked_add(sample.length).is_some_and(|end| end <= length));
        assert!(!sample.captions.is_empty() || sample.class.is_some());
        assert!(sample.captions.iter().all(|caption| !caption.trim().is_empty()));
    }
});
