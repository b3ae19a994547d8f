//! Reading the configuration files of other tools.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a JSON file.
///
/// # Errors
/// Names the file when it cannot be read or is not JSON.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
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
