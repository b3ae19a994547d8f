//! The model metadata of a checkpoint: any text is parts with plugins and settings, which can be written into a spec,
//! or is rejected with a message. The reader is included by path, since its crate needs libtorch.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/checkpoint/src/layouts/model_metadata.rs"]
mod model_metadata;

const PARTS: [&str; 8] =
    ["image", "text", "image_projection", "text_projection", "tokenizer", "loss", "classifier", "preprocess"];

/// Nested deeper, settings cannot be read as TOML; no plugin has such settings.
const MAX_DEPTH: usize = 64;

fn depth(value: &toml::Value) -> usize {
    let inner = match value {
        toml::Value::Table(table) => table.values().map(depth).max(),
        toml::Value::Array(list) => list.iter().map(depth).max(),
        _ => None,
    };
    1 + inner.unwrap_or(0)
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(metadata) = model_metadata::ModelMetadata::read(&String::from_utf8_lossy(bytes)) else { return };
    for name in PARTS {
        match metadata.part(name) {
            Ok(None) => assert!(metadata.value(name).is_none()),
            Ok(Some((_, settings))) if settings.values().all(|value| depth(value) < MAX_DEPTH) => {
                // As in `Section::fill`.
                let again: toml::Table = settings.to_string().parse().expect("what is written can be read");
                assert_eq!(again.len(), settings.len());
            }
            Ok(Some(_)) => {}
            Err(message) => assert!(!message.to_string().is_empty()),
        }
    }
});
