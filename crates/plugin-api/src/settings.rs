//! The settings struct of a plugin.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// The settings of a plugin. Derive `Deserialize, Serialize, JsonSchema, Debug, Clone`, add
/// `#[serde(default, deny_unknown_fields)]`, and implement `Default` and, if values can be invalid, `check`.
pub trait Settings:
    DeserializeOwned + Serialize + JsonSchema + Default + Clone + Send + Sync + 'static
{
    /// Reports invalid values. Runs before anything is built or read.
    fn check(&self, _problems: &mut Problems) {}
}

/// The invalid values of a settings struct.
#[derive(Debug, Default)]
pub struct Problems(pub(crate) Vec<(String, String)>);

impl Problems {
    /// Reports `message` for the setting `key` unless `holds`.
    pub fn require(&mut self, holds: bool, key: &str, message: impl Into<String>) {
        if !holds {
            self.0.push((key.to_owned(), message.into()));
        }
    }

    /// The problems reported so far: setting and message.
    pub fn found(&self) -> &[(String, String)] {
        &self.0
    }
}
