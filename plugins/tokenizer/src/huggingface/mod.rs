//! Tokenizers from a `tokenizer.json`.

mod growth;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use clip_lab_files::{MIB, read_capped};
use clip_lab_plugin_api::prelude::*;
use growth::Growth;
use tokenizers::{Encoding, PostProcessor as _, Tokenizer as Library, TruncationDirection};

/// Maximum size of a `tokenizer.json`; a vocabulary of 250,000 tokens takes 40 MB.
const MAX_FILE: u64 = 128 * MIB;
/// Characters of a text shown in an error message.
const MAX_SHOWN: usize = 60;

/// A Hugging Face tokenizer, read from its `tokenizer.json`. Padding and truncation set in the file are ignored:
/// batches are padded to their longest text.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HuggingFace {
    /// The `tokenizer.json`, or a folder that contains one.
    pub path: PathBuf,
    /// Maximum number of tokens of a text, including special tokens; longer texts are truncated and keep their end
    /// token. By default the text encoder's context is the limit.
    pub max_tokens: Option<usize>,
}

impl Settings for HuggingFace {
    fn check(&self, problems: &mut Problems) {
        let named = !self.path.as_os_str().is_empty();
        problems.require(named, "path", "must be a `tokenizer.json` or a folder that contains one");
        let room = self.max_tokens.is_none_or(|most| most >= 3);
        problems.require(room, "max_tokens", "must be at least 3: start, one token, end");
    }
}

impl Plugin<dyn Tokenizer> for HuggingFace {
    fn properties(&self) -> TokenizerProperties {
        TokenizerProperties { max_tokens: self.max_tokens }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Tokenizer>> {
        let library = read(&self.path)?;
        let max_tokens = self.max_tokens.unwrap_or(usize::MAX);
        Ok(Box::new(Encoder::new(library, max_tokens)?))
    }
}

struct Encoder {
    library: Library,
    growth: Growth,
    max_tokens: usize,
    pad: i64,
    vocab: i64,
}

impl Encoder {
    fn new(mut library: Library, max_tokens: usize) -> Result<Self> {
        let (pad, growth) = (i64::from(pad(&library)), Growth::of(&library)?);
        let vocab = library.get_vocab(true).into_values().max().map_or(0, |id| i64::from(id) + 1);
        library.with_padding(None);
        library.with_truncation(None).map_err(to_anyhow)?;
        Ok(Self { library, growth, max_tokens, pad, vocab })
    }

    /// Number of special tokens added to every text.
    fn special(&self) -> usize {
        self.library.get_post_processor().map_or(0, |processor| processor.added_tokens(false))
    }

    /// The ids of a text truncated to `limit` tokens, plus special tokens.
    fn ids(&self, text: &str, limit: usize) -> Result<Vec<i64>> {
        let mut encoding = self.library.encode_fast(text, false).map_err(to_anyhow)?;
        encoding.truncate(limit, 0, TruncationDirection::Right);
        Ok(self.finish(encoding)?.get_ids().iter().map(|id| i64::from(*id)).collect())
    }

    /// Adds the special tokens after truncation, so that the end token is never lost.
    fn finish(&self, encoding: Encoding) -> Result<Encoding> {
        match self.library.get_post_processor() {
            Some(processor) => processor.process(encoding, None, true).map_err(to_anyhow),
            None => Ok(encoding),
        }
    }
}

impl Tokenizer for Encoder {
    fn encode(&self, text: &str, limit: usize) -> Result<Vec<i64>> {
        let (limit, special) = (limit.min(self.max_tokens), self.special());
        ensure!(
            limit >= special,
            "a limit of {limit} tokens leaves no room for the {special} special tokens"
        );
        let ids = self.growth.check(text).and_then(|()| catch_panic(|| self.ids(text, limit - special)));
        ids.with_context(|| format!("the text {} cannot be tokenised", excerpt(text)))
    }

    fn vocab(&self) -> i64 {
        self.vocab
    }

    fn pad(&self) -> i64 {
        self.pad
    }
}

fn read(path: &Path) -> Result<Library> {
    let file = if path.is_dir() { path.join("tokenizer.json") } else { path.to_owned() };
    let bytes = read_capped(&file, MAX_FILE).with_context(|| {
        format!(
            "{} cannot be read; `path` must be a tokenizer.json or a folder that contains one",
            file.display()
        )
    })?;
    catch_panic(|| Library::from_bytes(&bytes).map_err(to_anyhow))
        .with_context(|| format!("{} is not a valid tokenizer.json; is it truncated?", file.display()))
}

/// Turns a panic of the library into an error; catastrophic backtracking of a regular expression causes one.
fn catch_panic<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        bail!("the tokenizer failed on it: a pattern of its tokenizer.json backtracks without end, or the file is corrupt")
    })
}

/// The beginning of a text, escaped for display.
fn excerpt(text: &str) -> String {
    let end = text.char_indices().nth(MAX_SHOWN).map(|(place, _)| place);
    let more = if end.is_some() { "..." } else { "" };
    format!("{:?}{more}", &text[..end.unwrap_or(text.len())])
}

/// The padding id: from the file, else of the token `[PAD]` or `<pad>`, else 0. It never affects features, since
/// padding is masked.
fn pad(library: &Library) -> u32 {
    let id = library.get_padding().map(|padding| padding.pad_id);
    id.or_else(|| ["[PAD]", "<pad>"].iter().find_map(|name| library.token_to_id(name))).unwrap_or(0)
}

fn to_anyhow(error: tokenizers::Error) -> anyhow::Error {
    anyhow!("{error}")
}
