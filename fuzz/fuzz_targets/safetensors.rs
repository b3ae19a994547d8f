//! Headers of safetensors: any bytes are a header whose tensors are within the file, or are rejected with a message.
//! The reader is included by path, since its crate needs libtorch.
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
