//! The model metadata of a clip-lab checkpoint, `metadata.model`: `{"image": {"plugin", "settings"}, ...}`. It is
//! untrusted: settings are checked as those of a spec, and code that it names is not loaded without the user's consent.

use anyhow::{Context as _, Result};
use serde_json::Value;
use toml::Table;

/// The metadata, parsed.
pub struct ModelMetadata(Value);

impl ModelMetadata {
    /// Parses the metadata.
    ///
    /// # Errors
    /// If it is not JSON.
    pub fn read(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text)?))
    }

    /// The plugin and settings of a part; none if the model does not have it.
    ///
    /// # Errors
    /// If the part names no plugin.
    pub fn part(&self, name: &str) -> Result<Option<(String, Table)>> {
        let Some(part) = self.value(name) else { return Ok(None) };
        let plugin = part["plugin"].as_str();
        let plugin = plugin.with_context(|| format!("its metadata names no plugin for `{name}`"))?;
        Ok(Some((plugin.to_owned(), table(&part["settings"]))))
    }

    /// The value of a key; none for null.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
}

/// Converts settings to TOML; empty if they are not an object.
pub fn table(settings: &Value) -> Table {
    match plain(settings) {
        Some(toml::Value::Table(settings)) => settings,
        _ => Table::new(),
    }
}

/// Converts a JSON value to TOML; none for null, which means an unset setting.
fn plain(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => toml::Value::Array(list.iter().filter_map(plain).collect()),
        Value::Object(map) => {
            let entries = map.iter().filter_map(|(key, value)| Some((key.clone(), plain(value)?)));
            toml::Value::Table(entries.collect())
        }
    })
}
