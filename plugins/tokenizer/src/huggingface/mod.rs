//! Any tokenizer that is written as a `tokenizer.json`.

mod growth;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use clip_lab_api::prelude::*;
use clip_lab_files::{MIB, read_capped};
use growth::Growth;
use tokenizers::{Encoding, PostProcessor as _, Tokenizer as Library, TruncationDirection};

/// The largest `tokenizer.json`; those of a quarter of a million tokens have 40 MB.
const MOST_FILE: u64 = 128 * MIB;
/// Characters of a text that a message shows.
const SHOWN: usize = 60;

/// A tokenizer of the Hugging Face kind, read from its `tokenizer.json`. Padding and length that the file sets are
/// passed over: batches are padded to their longest text here.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HuggingFace {
    /// The `tokenizer.json`, or a folder that holds one.
    pub path: PathBuf,
    /// The most tokens of a text, special ones included; longer ones are cut and keep their end token. When left
    /// out, the text encoder's context is the limit.
    pub max_tokens: Option<usize>,
}

impl Settings for HuggingFace {
    fn check(&self, faults: &mut Faults) {
        let named = !self.path.as_os_str().is_empty();
        faults.require(named, "path", "name a `tokenizer.json` or the folder that holds one");
        let room = self.max_tokens.is_none_or(|most| most >= 3);
        faults.require(room, "max_tokens", "a text needs at least 3: start, one token, end");
    }
}

impl Plugin<dyn Tokenizer> for HuggingFace {
    fn facts(&self) -> TokenizerFacts {
        TokenizerFacts { max_tokens: self.max_tokens }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Tokenizer>> {
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
        library.with_truncation(None).map_err(plain)?;
        Ok(Self { library, growth, max_tokens, pad, vocab })
    }

    /// Number of special tokens that every text gets.
    fn special(&self) -> usize {
        self.library.get_post_processor().map_or(0, |processor| processor.added_tokens(false))
    }

    /// Ids of a text that is cut to so many tokens, and special ones.
    fn ids(&self, text: &str, limit: usize) -> Result<Vec<i64>> {
        let mut encoding = self.library.encode_fast(text, false).map_err(plain)?;
        encoding.truncate(limit, 0, TruncationDirection::Right);
        Ok(self.finish(encoding)?.get_ids().iter().map(|id| i64::from(*id)).collect())
    }

    /// Special tokens come after the cut, so that the end token is never lost.
    fn finish(&self, encoding: Encoding) -> Result<Encoding> {
        match self.library.get_post_processor() {
            Some(processor) => processor.process(encoding, None, true).map_err(plain),
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
        let ids = self.growth.check(text).and_then(|()| guarded(|| self.ids(text, limit - special)));
        ids.with_context(|| format!("the text {} cannot be tokenised", shown(text)))
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
    let bytes = read_capped(&file, MOST_FILE).with_context(|| {
        format!(
            "{} cannot be read; `path` wants a tokenizer.json or the folder that holds one",
            file.display()
        )
    })?;
    guarded(|| Library::from_bytes(&bytes).map_err(plain)).with_context(|| {
        format!("{} is not a tokenizer.json that can be read; is it cut short?", file.display())
    })
}

/// Turns a panic of the library into an error: a regular expression that goes back and forth without end brings one about.
fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        bail!("the tokenizer gave up on it: what its tokenizer.json asks for does not end, or is broken")
    })
}

/// The beginning of a text, as it is safe to show.
fn shown(text: &str) -> String {
    let end = text.char_indices().nth(SHOWN).map(|(place, _)| place);
    let more = if end.is_some() { "..." } else { "" };
    format!("{:?}{more}", &text[..end.unwrap_or(text.len())])
}

/// The padding id: what the file says, else a token that is called so, else 0. It never reaches a result, since
/// padded places are masked.
fn pad(library: &Library) -> u32 {
    let said = library.get_padding().map(|padding| padding.pad_id);
    said.or_else(|| ["[PAD]", "<pad>"].iter().find_map(|name| library.token_to_id(name))).unwrap_or(0)
}

fn plain(error: tokenizers::Error) -> anyhow::Error {
    anyhow!("{error}")
}
