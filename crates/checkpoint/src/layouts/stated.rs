//! What a checkpoint of ours says of its model in `metadata.model`: `{"image": {"plugin", "settings"}, ...}`. It may come
//! from anywhere; what it names is read and checked as a spec is, and code that it names is not opened on its word.

use anyhow::{Context as _, Result};
use serde_json::Value;
use toml::Table;

/// The metadata, parsed.
pub struct Stated(Value);

impl Stated {
    /// Reads the text.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn read(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text)?))
    }

    /// The plugin and the settings of a part; none where the model has no such part.
    ///
    /// # Errors
    /// When it names no plugin.
    pub fn part(&self, name: &str) -> Result<Option<(String, Table)>> {
        let Some(stated) = self.value(name) else { return Ok(None) };
        let plugin = stated["plugin"].as_str();
        let plugin = plugin.with_context(|| format!("its metadata names no plugin for `{name}`"))?;
        Ok(Some((plugin.to_owned(), table(&stated["settings"]))))
    }

    /// All that is said under a name; none for null.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|stated| !stated.is_null())
    }
}

/// Settings; none where there is nothing of the kind.
pub fn table(settings: &Value) -> Table {
    match plain(settings) {
        Some(toml::Value::Table(settings)) => settings,
        _ => Table::new(),
    }
}

/// A value of JSON in TOML; none for null, which stands for a setting left out.
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
