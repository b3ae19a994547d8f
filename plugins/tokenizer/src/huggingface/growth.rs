//! Bounds how long a text can become through a tokenizer's replacements, before anything is replaced: a file of a few
//! hundred bytes can replace each letter by a thousand, several times over.

use anyhow::{Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokenizers::Tokenizer as Library;

/// Maximum length in bytes of a normalised text; the library needs about twenty bytes of memory for each.
const MAX_TEXT: usize = 4 << 20;
/// Maximum number of parts in the template around a text.
const MAX_PARTS: usize = 64;

/// Worst-case growth of a text's length by the steps of a normaliser.
pub struct Growth(Vec<Step>);

enum Step {
    Times(usize),
    Plus(usize),
}

impl Growth {
    /// Reads the steps of a tokenizer.
    ///
    /// # Errors
    /// If the library cannot serialise the tokenizer, or its template repeats the text.
    pub fn of(library: &Library) -> Result<Self> {
        let (mut steps, value) = (Vec::new(), serde_json::to_value(library.get_normalizer())?);
        add(&value, &mut steps);
        check_template(&serde_json::to_value(library.get_post_processor())?)?;
        Ok(Self(steps))
    }

    /// Rejects a text that may become longer than the limit.
    pub fn check(&self, text: &str) -> Result<()> {
        let long = self.0.iter().fold(text.len(), |length, step| match step {
            Step::Times(times) => length.saturating_mul(*times),
            Step::Plus(more) => length.saturating_add(*more),
        });
        ensure!(
            long <= MAX_TEXT,
            "its {} bytes may become {long} through the tokenizer's replacements; the limit is {MAX_TEXT}",
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
                // A regular expression may also match between letters.
                0 => content.saturating_add(1),
                found => content.div_ceil(found).max(1),
            }));
        }
        "Prepend" => steps.push(Step::Plus(length(&normalizer["prepend"]))),
        "Precompiled" => steps.push(Step::Times(longest(&normalizer["precompiled_charsmap"]))),
        // In Unicode a letter of three bytes becomes at most 33 bytes.
        "NFKC" | "NFKD" => steps.push(Step::Times(11)),
        "NFC" | "NFD" | "BertNormalizer" => steps.push(Step::Times(4)),
        "Lowercase" | "ByteLevel" => steps.push(Step::Times(2)),
        _ => {} // only removes
    }
}

/// The longest replacement in a sentencepiece table: an index, then null-terminated texts.
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

/// Rejects templates, at any depth, that repeat the text or have too many parts.
fn check_template(processor: &Value) -> Result<()> {
    if let Some(parts) = processor.get("single").and_then(Value::as_array) {
        let texts = parts.iter().filter(|part| part.get("Sequence").is_some()).count();
        ensure!(texts <= 1, "its template repeats the text {texts} times");
        ensure!(parts.len() <= MAX_PARTS, "its template has {} parts, more than {MAX_PARTS}", parts.len());
    }
    let inner = processor.get("processors").and_then(Value::as_array);
    inner.into_iter().flatten().try_for_each(check_template)
}
