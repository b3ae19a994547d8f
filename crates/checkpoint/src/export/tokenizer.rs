//! Tokenizers in the format of transformers: `tokenizer.json` and `tokenizer_config.json`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::Tokens;
use crate::json;

/// Tokens and merges of a byte-pair encoding such as CLIP's.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// Tokens by id, in the byte-level alphabet; the last two are the start and end tokens.
    pub tokens: Vec<String>,
    /// Merges, in order of priority.
    pub merges: Vec<(String, String)>,
}

/// OpenAI's pattern that splits a text into words.
const WORD_PATTERN: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// Both files; none for a tokenizer with neither a file nor a vocabulary.
pub(super) fn documents(tokens: &Tokens) -> Result<Vec<(&'static str, Value)>> {
    let content = match (&tokens.vocabulary, tokens.tokenizer.str("path")) {
        (Some(vocabulary), _) => clip(vocabulary),
        (None, "") => return Ok(Vec::new()),
        (None, path) => json::read(&file(Path::new(path)))?,
    };
    let config = config(tokens, &content);
    Ok(vec![("tokenizer.json", content), ("tokenizer_config.json", config)])
}

/// The tokenizer file; the plugin's path may be its folder.
fn file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("tokenizer.json") } else { path.to_owned() }
}

fn config(tokens: &Tokens, content: &Value) -> Value {
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": tokens.limit,
        "model_input_names": ["input_ids", "attention_mask"],
    });
    if let Some(pad) = pad(content) {
        config["pad_token"] = pad.into();
    }
    config
}

/// The padding token of the file, else a token with such a name, else CLIP's end token.
fn pad(content: &Value) -> Option<&str> {
    let special = content["added_tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
    let called = |name: &str| {
        special.iter().filter_map(|token| token["content"].as_str()).find(|token| *token == name)
    };
    content["padding"]["pad_token"]
        .as_str()
        .or_else(|| ["[PAD]", "<pad>", "<|endoftext|>"].into_iter().find_map(called))
}

/// CLIP's tokenizer as `tokenizer.json`.
fn clip(vocabulary: &Vocabulary) -> Value {
    let ids: serde_json::Map<String, Value> =
        vocabulary.tokens.iter().enumerate().map(|(id, token)| (token.clone(), id.into())).collect();
    let last = vocabulary.tokens.len().saturating_sub(2);
    let (start, end) = (&vocabulary.tokens[last], &vocabulary.tokens[last + 1]);
    let special = |id: usize, content: &str| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    let template = |id: &str| json!({"SpecialToken": {"id": id, "type_id": 0}});
    let named = |id: usize, content: &str| json!({"id": content, "ids": [id], "tokens": [content]});
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [special(last, start), special(last + 1, end)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"},
            {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
            {"type": "Lowercase"},
        ]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": WORD_PATTERN}, "behavior": "Removed", "invert": true},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
        ]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [template(start), {"Sequence": {"id": "A", "type_id": 0}}, template(end)],
            "pair": [template(start), {"Sequence": {"id": "A", "type_id": 0}}, template(end)],
            "special_tokens": {start.as_str(): named(last, start), end.as_str(): named(last + 1, end)},
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": end,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": false,
            "byte_fallback": false,
            "vocab": ids,
            "merges": vocabulary.merges.iter().map(|(a, b)| json!([a, b])).collect::<Vec<_>>(),
        },
    })
}
