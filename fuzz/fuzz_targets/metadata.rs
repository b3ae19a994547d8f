//! What a checkpoint says of its model: any text is parts with plugins and settings, which survive the way into a spec,
//! or is refused with words. The reader is taken from its file, since the crate around it needs libtorch.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/checkpoint/src/layouts/stated.rs"]
mod stated;

const PARTS: [&str; 8] =
    ["image", "text", "image_projection", "text_projection", "tokenizer", "loss", "classifier", "preprocess"];

fuzz_target!(|bytes: &[u8]| {
    let Ok(stated) = stated::Stated::read(&String::from_utf8_lossy(bytes)) else { return };
    for name in PARTS {
        match stated.part(name) {
            Ok(None) => assert!(stated.value(name).is_none()),
            Ok(Some((_, settings))) => {
                // As `Section::fill` takes them over.
                let again: toml::Table = settings.to_string().parse().expect("what is written can be read");
                assert_eq!(again.len(), settings.len());
            }
            Err(message) => assert!(!message.to_string().is_empty()),
        }
    }
});
