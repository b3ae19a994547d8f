//! Tokenizers.

use anyhow::Result;

use crate::Kind;

/// Encodes texts as token ids.
pub trait Tokenizer: Send + Sync {
    /// The ids of a text with special tokens, truncated to `limit` with the end token kept; no padding.
    ///
    /// # Errors
    /// If the tokenizer's library fails.
    fn encode(&self, text: &str, limit: usize) -> Result<Vec<i64>>;
    /// Vocabulary size: every id is below it.
    fn vocab(&self) -> i64;
    /// The padding id.
    fn pad(&self) -> i64;
}

/// Properties of a tokenizer.
#[derive(Debug, Clone, Default)]
pub struct TokenizerProperties {
    /// Maximum number of tokens of a text; none if the text encoder's context is the limit.
    pub max_tokens: Option<usize>,
}

impl Kind for dyn Tokenizer {
    const NAME: &'static str = "tokenizer";
    type Properties = TokenizerProperties;
    type BuildContext<'a> = ();
}
