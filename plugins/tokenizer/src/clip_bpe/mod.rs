//! The byte-pair encoding of CLIP, with the same ids as open_clip (`src/open_clip/tokenizer.py`).

mod clean;
mod vocabulary;

use clip_lab_api::prelude::*;
use instant_clip_tokenizer::{Token, Tokenizer as Bpe};

pub use vocabulary::{Merges, vocabulary};

/// The tokenizer of CLIP and of everything that open_clip trains from scratch: lower case, 49,408 ids, vocabulary
/// built in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClipBpe {
    /// The most tokens of a text, start and end included; longer ones are cut and keep their end token.
    pub max_tokens: usize,
}

impl Default for ClipBpe {
    fn default() -> Self {
        Self { max_tokens: 77 }
    }
}

impl Settings for ClipBpe {
    fn check(&self, faults: &mut Faults) {
        faults.require(self.max_tokens >= 3, "max_tokens", "a text needs at least 3: start, one token, end");
    }
}

/// Bytes of a text that are looked at for each token that is wanted. A caption of a hundred thousand characters would
/// else be cleaned to its end for the first 75 of its tokens.
const READ: usize = 512;
/// Bytes of a word for each token: more than the longest token has. Merging takes time with the square of a word.
const LONGEST: usize = 128;
/// The most of both, however many tokens are wanted.
const MOST_READ: usize = 64 << 10;
const MOST_WORD: usize = 16 << 10;

struct Encoder {
    bpe: Bpe,
    max_tokens: usize,
}

impl Plugin<dyn Tokenizer> for ClipBpe {
    fn facts(&self) -> TokenizerFacts {
        TokenizerFacts { max_tokens: Some(self.max_tokens) }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Tokenizer>> {
        Ok(Box::new(Encoder { bpe: Bpe::new(), max_tokens: self.max_tokens }))
    }
}

/// At most so many bytes of a text, cut between characters.
fn start(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

impl Tokenizer for Encoder {
    fn encode(&self, text: &str, limit: usize) -> Result<Vec<i64>> {
        let limit = limit.min(self.max_tokens);
        ensure!(limit >= 2, "a limit of {limit} tokens leaves no room for the start and the end token");
        let mut tokens = vec![self.bpe.start_of_text()];
        // No token reaches over a space, so words may be encoded until there are enough.
        for word in clean::clean(start(text, limit.saturating_mul(READ).min(MOST_READ))).split(' ') {
            if tokens.len() >= limit {
                break;
            }
            self.bpe.encode(start(word, limit.saturating_mul(LONGEST).min(MOST_WORD)), &mut tokens);
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
