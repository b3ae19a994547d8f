//! A tokenizer: one token per byte.

use clip_lab_plugin_api::prelude::*;

/// The UTF-8 bytes of a text, with an end token. Supports every language, at the cost of long sequences.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// The maximum number of tokens; the default is the context length of the text encoder.
    pub max_tokens: Option<usize>,
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.max_tokens.is_none_or(|most| most > 0), "max_tokens", "must be at least 1");
    }
}

impl Plugin<dyn Tokenizer> for MyPlugin {
    fn properties(&self) -> TokenizerProperties {
        TokenizerProperties { max_tokens: self.max_tokens }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Tokenizer>> {
        Ok(Box::new(Bytes))
    }
}

/// 0 is padding, 1 to 256 are bytes, 257 is the end token: the highest id, as in CLIP.
const END: i64 = 257;

struct Bytes;

impl Tokenizer for Bytes {
    fn encode(&self, text: &str, limit: usize) -> Result<Vec<i64>> {
        let bytes = text.bytes().take(limit.saturating_sub(1)).map(|byte| i64::from(byte) + 1);
        Ok(bytes.chain([END]).collect())
    }

    fn vocab(&self) -> i64 {
        END + 1
    }

    fn pad(&self) -> i64 {
        0
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.tokenizer.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
