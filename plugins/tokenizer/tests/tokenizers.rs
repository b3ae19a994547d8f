//! Ids compared with open_clip and transformers, and user errors.

use std::{fs, path::Path};

use clip_lab_plugin_api::{Catalog, Plugin, Problems, Settings, Tokenizer};
use clip_lab_testing::golden;
use plugins_tokenizer::{ClipBpe, HuggingFace};
use safetensors::SafeTensors;
use serde_json::Value;

fn clip_bpe() -> Box<dyn Tokenizer> {
    ClipBpe::default().build(()).unwrap()
}

fn huggingface(path: &Path) -> Box<dyn Tokenizer> {
    HuggingFace { path: path.to_owned(), max_tokens: None }.build(()).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn both_are_registered() {
    let mut catalog = Catalog::default();
    plugins_tokenizer::register(&mut catalog);
    assert_eq!(catalog.tokenizer.names(), ["clip_bpe", "huggingface"]);
}

#[test]
fn clip_bpe_gives_the_ids_of_open_clip() {
    let file = golden("tokenizers/clip_bpe.json");
    let golden = json(&file);
    let expected: Vec<Vec<i64>> = serde_json::from_value(golden["clip77"].clone()).unwrap();
    let texts = strings(&golden["texts"]);
    assert_eq!((texts.len(), expected.len()), (72, 72));
    let tokenizer = clip_bpe();
    for (text, expected) in texts.iter().zip(expected) {
        let mut ids = tokenizer.encode(text, 77).unwrap();
        ids.resize(77, tokenizer.pad());
        assert_eq!(ids, expected, "{text:?}");
    }
}

#[test]
fn very_long_texts_give_the_ids_of_their_beginning() {
    let clip = clip_bpe();
    for part in ["a dog and a cat ", "donaudampfschiff", "é", "犬", "12", "&amp;", ".", "<|endoftext|>"] {
        let [long, short] = [100_000, 3_000].map(|length| part.repeat(length / part.len()));
        let ids = clip.encode(&long, 77).unwrap();
        assert_eq!((ids.len(), &ids), (77, &clip.encode(&short, 77).unwrap()), "{part}");
    }
    let spaces = " ".repeat(30_000);
    assert_eq!(clip.encode(&format!("a{spaces}dog"), 77).unwrap(), clip.encode("a dog", 77).unwrap());
    // Nested entities, one level of which is unescaped at a time.
    assert!(clip.encode(&format!("&{}", "amp;".repeat(25_000)), 77).unwrap().len() <= 77);
}

#[test]
fn clip_bpe_reads_markers_and_keeps_the_end() {
    let tokenizer = clip_bpe();
    assert_eq!(
        tokenizer.encode("<start_of_text>Hi<end_of_text>", 77).unwrap(),
        [49406, 49406, 1883, 49407, 49407]
    );
    let cut = tokenizer.encode(&"word ".repeat(500), 5).unwrap();
    assert_eq!(cut, [49406, 2653, 2653, 2653, 49407]);
    assert_eq!(tokenizer.encode(&"word ".repeat(500), 1000).unwrap().len(), 77);
    assert_eq!(tokenizer.vocab(), 49408);
    assert!(tokenizer.encode("word", 1).unwrap_err().to_string().contains("no room"));
}

/// Every row of `input_ids` in a folder of the goldens equals our ids followed by padding only.
fn agrees(folder: &str, pad: i64) {
    let folder = golden(folder);
    let texts = strings(&json(&folder.join("texts.json")));
    let bytes = fs::read(folder.join("io.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let ids = tensors.tensor("input_ids").unwrap();
    assert_eq!(ids.shape(), [texts.len(), 24]);
    let ids: Vec<i64> =
        ids.data().chunks_exact(8).map(|id| i64::from_le_bytes(id.try_into().unwrap())).collect();
    let tokenizer = huggingface(&folder);
    for (text, row) in texts.iter().zip(ids.chunks_exact(24)) {
        let mut ours = tokenizer.encode(text, 24).unwrap();
        assert!(ours.iter().all(|id| *id < tokenizer.vocab()));
        ours.resize(24, pad);
        assert_eq!(ours, row, "{text:?}");
    }
}

#[test]
fn bert_ids_are_those_of_transformers() {
    agrees("towers/hf_bert", 0);
    agrees("towers/hf_distilbert", 0);
    agrees("models/hf_dual_vit_bert", 0);
}

#[test]
fn clip_ids_are_those_of_transformers() {
    // transformers pads CLIP with its end token, set only in tokenizer_config.json; the mask hides the difference.
    agrees("models/hf_clip", 1);
}

#[test]
fn padding_and_truncation_of_the_file_are_ignored() {
    let folder = golden("towers/hf_bert");
    let mut file = json(&folder.join("tokenizer.json"));
    file["padding"] = serde_json::json!({
        "strategy": { "Fixed": 50 }, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 4, "pad_type_id": 0, "pad_token": "[MASK]"
    });
    file["truncation"] =
        serde_json::json!({ "direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0 });
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tokenizer.json"), file.to_string()).unwrap();
    let (theirs, plain) = (huggingface(dir.path()), huggingface(&folder.join("tokenizer.json")));
    assert_eq!((theirs.pad(), plain.pad()), (4, 0));
    assert_eq!(theirs.encode("two dogs run", 40).unwrap(), plain.encode("two dogs run", 40).unwrap());
}

#[test]
fn a_truncated_text_keeps_its_end_token() {
    let folder = golden("towers/hf_bert");
    let tokenizer = huggingface(&folder);
    let (whole, cut) =
        (tokenizer.encode("a dog and a dog", 50).unwrap(), tokenizer.encode("a dog and a dog", 4).unwrap());
    assert_eq!(cut.len(), 4);
    assert_eq!((cut[..3].to_vec(), cut.last()), (whole[..3].to_vec(), whole.last()));
    assert_eq!(tokenizer.encode("", 50).unwrap().len(), 2);
    assert!(tokenizer.encode("a dog", 1).unwrap_err().to_string().contains("2 special tokens"));
}

#[test]
fn a_missing_or_corrupt_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let settings = HuggingFace { path: dir.path().to_owned(), max_tokens: None };
    let error = format!("{:#}", settings.build(()).err().unwrap());
    assert!(error.contains("tokenizer.json") && error.contains("cannot be read"), "{error}");
    fs::write(dir.path().join("tokenizer.json"), "{\"version\": \"1.0\",").unwrap();
    let error = format!("{:#}", settings.build(()).err().unwrap());
    assert!(error.contains("tokenizer.json") && error.contains("truncated"), "{error}");
}

#[test]
fn invalid_values_are_named() {
    let mut problems = Problems::default();
    HuggingFace { max_tokens: Some(2), ..Default::default() }.check(&mut problems);
    ClipBpe { max_tokens: 0 }.check(&mut problems);
    let keys: Vec<_> = problems.found().iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["path", "max_tokens", "max_tokens"]);
}

/// The exported vocabulary, read by transformers' library, gives the same ids as our encoding.
#[test]
fn the_vocabulary_of_clip_is_complete() {
    let (tokens, merges) = plugins_tokenizer::clip_vocabulary().unwrap();
    assert_eq!((tokens.len(), merges.len()), (49_408, 48_894));
    let token = |id: usize| tokens[id].as_str();
    assert_eq!((token(0), token(256), token(320), token(49_406)), ("!", "!</w>", "a</w>", "<|startoftext|>"));
    assert_eq!(merges[0], ("i".to_owned(), "n".to_owned()));
    let distinct: std::collections::HashSet<_> = tokens.iter().collect();
    assert_eq!(distinct.len(), tokens.len(), "no two ids share a spelling");
}

/// A tokenizer with a one-word vocabulary and these parts.
fn made(
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: Value,
) -> Result<Box<dyn Tokenizer>, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "decoder": null,
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
        "model": {"type": "WordLevel", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]"},
    });
    fs::write(dir.path().join("tokenizer.json"), file.to_string()).unwrap();
    let built = HuggingFace { path: dir.path().to_owned(), max_tokens: None }.build(());
    built.map_err(|error| format!("{error:#}"))
}

#[test]
fn a_text_that_would_grow_without_bounds_is_rejected_and_named() {
    let replace = |content: &str| serde_json::json!({"type": "Replace", "pattern": {"String": "a"}, "content": content});
    let thousand = replace(&"a".repeat(1000));
    let once = made(thousand.clone(), Value::Null, Value::Null).unwrap();
    assert_eq!(once.encode("a dog", 77).unwrap().len(), 1);
    let three = serde_json::json!({"type": "Sequence", "normalizers": [thousand, thousand, thousand]});
    let error =
        format!("{:#}", made(three, Value::Null, Value::Null).unwrap().encode("a dog", 77).unwrap_err());
    assert!(
        error.contains("the text \"a dog\" cannot be tokenised") && error.contains("5000000000"),
        "{error}"
    );
    // A regular expression with an empty match between any two letters.
    let nothing =
        serde_json::json!({"type": "Replace", "pattern": {"Regex": "(?=)"}, "content": "a".repeat(1 << 20)});
    let error =
        format!("{:#}", made(nothing, Value::Null, Value::Null).unwrap().encode("a dog", 77).unwrap_err());
    assert!(error.contains("its 5 bytes may become 5242885"), "{error}");
    let long = once.encode(&"a".repeat(10_000), 77).unwrap_err().to_string();
    assert!(long.len() < 200 && long.contains("aaa\"..."), "{long}");
}

#[test]
fn catastrophic_backtracking_fails_one_text_only() {
    let split = serde_json::json!({
        "type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": false
    });
    let tokenizer = made(Value::Null, split, Value::Null).unwrap();
    let text = "a".repeat(60) + "!";
    let error = format!("{:#}", tokenizer.encode(&text, 77).unwrap_err());
    assert!(error.contains("aaaa") && error.contains("the tokenizer failed on it"), "{error}");
    assert_eq!(tokenizer.encode("a", 77).unwrap(), [0], "the next text is read");
}

#[test]
fn a_template_contains_a_text_once() {
    let text = serde_json::json!({"Sequence": {"id": "A", "type_id": 0}});
    let template = |parts: usize| {
        let parts = vec![text.clone(); parts];
        serde_json::json!({"type": "TemplateProcessing", "single": parts, "pair": [], "special_tokens": {}})
    };
    assert_eq!(made(Value::Null, Value::Null, template(1)).unwrap().encode("a", 77).unwrap(), [0]);
    let error = made(Value::Null, Value::Null, template(1000)).err().unwrap();
    assert!(error.contains("its template repeats the text 1000 times"), "{error}");
}

#[test]
fn deep_nesting_is_rejected_without_a_stack_overflow() {
    let (open, close) = (r#"{"type":"Sequence","normalizers":["#.repeat(50_000), "]}".repeat(50_000));
    let nested = format!(r#"{open}{{"type":"NFC"}}{close}"#);
    let dir = tempfile::tempdir().unwrap();
    let file =
        format!(r#"{{"version":"1.0","added_tokens":[],"normalizer":{nested},"model":{{"type":"BPE"}}}}"#);
    fs::write(dir.path().join("tokenizer.json"), file).unwrap();
    let error = format!(
        "{:#}",
        HuggingFace { path: dir.path().to_owned(), max_tokens: None }.build(()).err().unwrap()
    );
    assert!(error.contains("is not a valid tokenizer.json"), "{error}");
    // The deepest nesting that the JSON parser accepts.
    let mut nested = serde_json::json!({"type": "NFC"});
    for _ in 0..40 {
        nested = serde_json::json!({"type": "Sequence", "normalizers": [nested]});
    }
    assert!(made(nested, Value::Null, Value::Null).is_ok());
}

#[test]
fn a_tokenizer_that_is_not_a_regular_file_is_rejected() {
    let error = |path: &str| {
        format!("{:#}", HuggingFace { path: path.into(), max_tokens: None }.build(()).err().unwrap())
    };
    assert!(error("/dev/zero").contains("a device, not a regular file"));
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("tokenizer.json");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert!(error(dir.path().to_str().unwrap()).contains("a FIFO, not a regular file"));
}
