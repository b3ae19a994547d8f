//! CLIP's byte-pair encoding, with the same ids as open_clip (`src/open_clip/tokenizer.py`).

mod clean;
mod vocabulary;

use clip_lab_plugin_api::prelude::*;
use instant_clip_tokenizer::{Token, Tokenizer as Bpe};

pub use vocabulary::{Merges, vocabulary};

/// CLIP's tokenizer, used by all models that open_clip trains from scratch: lower case, 49,408 ids, built-in
/// vocabulary.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClipBpe {
    /// Maximum number of tokens of a text, including start and end; longer texts are truncated and keep their end
    /// token.
    pub max_tokens: usize,
}

impl Default for ClipBpe {
    fn default() -> Self {
        Self { max_tokens: 77 }
    }
}

impl Settings for ClipBpe {
    fn check(&self, problems: &mut Problems) {
        problems.require(self.max_tokens >= 3, "max_tokens", "must be at least 3: start, one token, end");
    }
}

/// Bytes of text read per requested token. Otherwise a caption of a hundred thousand characters would be cleaned
/// entirely for its first 75 tokens.
const BYTES_PER_TOKEN: usize = 512;
/// Bytes of a word read per token: more than the longest token has. Merging takes quadratic time in the length of a
/// word.
const WORD_BYTES_PER_TOKEN: usize = 128;
/// Upper bounds of both, for any number of tokens.
const MAX_TEXT_BYTES: usize = 64 << 10;
const MAX_WORD_BYTES: usize = 16 << 10;

struct Encoder {
    bpe: Bpe,
    max_tokens: usize,
}

impl Plugin<dyn Tokenizer> for ClipBpe {
    fn properties(&self) -> TokenizerProperties {
        TokenizerProperties { max_tokens: Some(self.max_tokens) }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Tokenizer>> {
        Ok(Box::new(Encoder { bpe: Bpe::new(), max_tokens: self.max_tokens }))
    }
}

/// The first `bytes` bytes of a text at most, cut between characters.
fn prefix(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

impl Tokenizer for Encoder {
    fn encode(&self, text: &str, limit: usize) -> Result<Vec<i64>> {
        let limit = limit.min(self.max_tokens);
        ensure!(limit >= 2, "a limit of {limit} tokens leaves no room for the start and the end token");
        let mut tokens = vec![self.bpe.start_of_text()];
        // No token spans a space, so words are encoded until there are enough tokens.
        for word in
            clean::clean(prefix(text, limit.saturating_mul(BYTES_PER_TOKEN).min(MAX_TEXT_BYTES))).split(' ')
        {
            if tokens.len() >= limit {
                break;
            }
            self.bpe.encode(
                prefix(word, limit.saturating_mul(WORD_BYTES_PER_TOKEN).min(MAX_WORD_BYTES)),
                &mut tokens,
            );
        }
        tokens.truncate(limit - 1);
        tokens.push(self.bpe.end_of_text());
        Ok(tokens.into_iter().map(|token| i64::from(Token::to_u16(token))).collect())
    }

    fn vocab(&self) -> i64 {
        i64::from(self.bpe.end_of_text().to_u16()) + 1
    }

    fn pad(&self) -> i64 {
        0
    }
}
