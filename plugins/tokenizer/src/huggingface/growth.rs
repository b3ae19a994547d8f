//! How long a text may become by what a tokenizer replaces in it, before anything is replaced: a file of a few hundred
//! bytes can ask for a thousand letters in place of each, several times over.

use anyhow::{Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokenizers::Tokenizer as Library;

/// The most bytes of a text once the tokenizer has normalised it; the library takes about twenty for each of them.
const MOST_TEXT: usize = 4 << 20;
/// The most parts of the template that texts are put into.
const MOST_PARTS: usize = 64;

/// What the steps of a normaliser can do to the length of a text, at worst.
pub struct Growth(Vec<Step>);

enum Step {
    Times(usize),
    Plus(usize),
}

impl Growth {
    /// Of a tokenizer as it was read.
    ///
    /// # Errors
    /// When the library cannot say what it read, or puts texts into something that multiplies them.
    pub fn of(library: &Library) -> Result<Self> {
        let (mut steps, value) = (Vec::new(), serde_json::to_value(library.get_normalizer())?);
        add(&value, &mut steps);
        single(&serde_json::to_value(library.get_post_processor())?)?;
        Ok(Self(steps))
    }

    /// Refuses a text that may become too long.
    ///
    /// # Errors
    /// When it may.
    pub fn check(&self, text: &str) -> Result<()> {
        let long = self.0.iter().fold(text.len(), |length, step| match step {
            Step::Times(times) => length.saturating_mul(*times),
            Step::Plus(more) => length.saturating_add(*more),
        });
        ensure!(
            long <= MOST_TEXT,
            "its {} bytes may become {long} by what the tokenizer replaces, more than the {MOST_TEXT} that are read",
            text.len()
        );
        Ok(())
    }
}

fn add(normalizer: &Value, steps: &mut Vec<Step>) {
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    match normalizer["type"].as_str().unwrap_or_default() {
        "Sequence" => {
            let inner = normalizer["normalizers"].as_array();
            inner.into_iter().flatten().for_each(|inner| add(inner, steps));
        }
        "Replace" => {
            let (pattern, content) = (&normalizer["pattern"], length(&normalizer["content"]));
            steps.push(Step::Times(match length(&pattern["String"]) {
                // An expression may also match between letters.
                0 => content.saturating_add(1),
                found => content.div_ceil(found).max(1),
            }));
        }
        "Prepend" => steps.push(Step::Plus(length(&normalizer["prepend"]))),
        "Precompiled" => steps.push(Step::Times(longest(&normalizer["precompiled_charsmap"]))),
        // By Unicode, one letter of three bytes becomes at most 33.
        "NFKC" | "NFKD" => steps.push(Step::Times(11)),
        "NFC" | "NFD" | "BertNormalizer" => steps.push(Step::Times(4)),
        "Lowercase" | "ByteLevel" => steps.push(Step::Times(2)),
        _ => {} // takes away
    }
}

/// The longest text in a table of replacements of sentencepiece: after an index, texts that each end in a zero.
fn longest(table: &Value) -> usize {
    let bytes: Vec<u8> = match table {
        Value::String(text) => STANDARD.decode(text).unwrap_or_default(),
        Value::Array(bytes) => bytes.iter().map(|byte| byte.as_u64().unwrap_or_default() as u8).collect(),
        _ => Vec::new(),
    };
    let index = bytes.first_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let texts = bytes.get(index.saturating_add(4)..).unwrap_or(&bytes);
    texts.split(|byte| *byte == 0).map(<[u8]>::len).max().unwrap_or(0).max(1)
}

/// Refuses templates in which a text comes more than once, wherever they are nested.
fn single(processor: &Value) -> Result<()> {
    if let Some(parts) = processor.get("single").and_then(Value::as_array) {
        let texts = parts.iter().filter(|part| part.get("Sequence").is_some()).count();
        ensure!(texts <= 1, "its template takes a text {texts} times");
        ensure!(parts.len() <= MOST_PARTS, "its template has {} parts, more than {MOST_PARTS}", parts.len());
    }
    let inner = processor.get("processors").and_then(Value::as_array);
    inner.into_iter().flatten().try_for_each(single)
}
