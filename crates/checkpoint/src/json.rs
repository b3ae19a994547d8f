//! Reads the configuration files of other tools.

use std::path::Path;

use anyhow::{Context as _, Result};
use clip_lab_files::{MIB, read_capped};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Size limit of configuration, tokenizer and weight index files.
const MAX_CONFIG: u64 = 128 * MIB;

/// Reads a JSON file.
///
/// # Errors
/// Names the file when it cannot be read, is too large or is not JSON.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let text = read_capped(path, MAX_CONFIG).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// Reads a JSON file if it exists.
pub(crate) fn read_if_exists(path: &Path) -> Result<Option<Value>> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}

/// Deserialises a value; `place` names it in messages.
///
/// # Errors
/// If a key is missing or has another type.
pub(crate) fn take<T: DeserializeOwned>(value: &Value, place: &str) -> Result<T> {
    serde_json::from_value(value.clone()).with_context(|| format!("{place} is invalid"))
}
