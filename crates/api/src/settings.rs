//! Settings: the struct that a plugin reads from its table.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// The settings of a plugin. Derive `Deserialize, Serialize, JsonSchema, Debug, Clone`, add
/// `#[serde(default, deny_unknown_fields)]`, and write `Default` and, where values can be wrong, `check`.
pub trait Settings:
    DeserializeOwned + Serialize + JsonSchema + Default + Clone + Send + Sync + 'static
{
    /// Finds values that cannot work. Runs before anything is built or read.
    fn check(&self, _faults: &mut Faults) {}
}

/// Collects what is wrong with the values of a settings struct.
#[derive(Debug, Default)]
pub struct Faults(pub(crate) Vec<(String, String)>);

impl Faults {
    /// Records `words` against the setting `key` unless `holds`.
    pub fn require(&mut self, holds: bool, key: &str, message: impl Into<String>) {
        if !holds {
            self.0.push((key.to_owned(), message.into()));
        }
    }

    /// The faults found so far: setting and words.
    pub fn found(&self) -> &[(String, String)] {
        &self.0
    }
}
