//! Headers of safetensors: any bytes are a header whose tensors lie within them, or are refused with words. The reader
//! is taken from its file, since the crate around it needs libtorch.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/checkpoint/src/source/header.rs"]
mod header;

fuzz_target!(|bytes: &[u8]| {
    match header::read(bytes) {
        Ok((start, header)) => {
            for info in header.tensors().values() {
                let (from, to) = info.data_offsets;
                assert!(from <= to && start + to <= bytes.len());
            }
        }
        Err(message) => assert!(!message.is_empty()),
    }
});
