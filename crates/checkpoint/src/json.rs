//! Reading the configuration files of other tools.

use std::path::Path;

use anyhow::{Context as _, Result};
use clip_lab_files::{MIB, read_capped};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The largest configuration, tokenizer or list of the parts of weights.
const MOST_CONFIG: u64 = 128 * MIB;

/// Reads a JSON file.
///
/// # Errors
/// Names the file when it cannot be read, is too large or is not JSON.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let text = read_capped(path, MOST_CONFIG).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// Reads a JSON file if it is there.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Value>> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}

/// Takes what is wanted out of a value; `place` says in messages where it stands.
///
/// # Errors
/// When a key is missing or of another type.
pub(crate) fn take<T: DeserializeOwned>(value: &Value, place: &str) -> Result<T> {
    serde_json::from_value(value.clone()).with_context(|| format!("{place} cannot be understood"))
}
