//! Tokenizers.

use anyhow::Result;

use crate::Kind;

/// Turns texts into token ids.
pub trait Tokenizer: Send + Sync {
    /// The ids of a text with its special tokens, cut to `limit` so that the end token stays; no padding.
    ///
    /// # Errors
    /// Those of the tokenizer's own library.
    fn encode(&self, text: &str, limit: usize) -> Result<Vec<i64>>;
    /// Number of ids: every id is below it.
    fn vocab(&self) -> i64;
    /// The id that fills up shorter texts.
    fn pad(&self) -> i64;
}

/// What a tokenizer's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct TokenizerFacts {
    /// The most tokens of a text; none when the text encoder's context says it.
    pub max_tokens: Option<usize>,
}

impl Kind for dyn Tokenizer {
    const NAME: &'static str = "tokenizer";
    type Facts = TokenizerFacts;
    type Scope<'a> = ();
}
