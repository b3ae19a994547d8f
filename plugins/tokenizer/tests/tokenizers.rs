//! Ids against open_clip and transformers, and what users get wrong.

use std::{fs, path::Path};

use clip_lab_api::{Catalog, Faults, Plugin, Settings, Tokenizer};
use clip_lab_goldens::golden;
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
fn both_are_on_the_shelf() {
    let mut catalog = Catalog::default();
    plugins_tokenizer::register(&mut catalog);
    assert_eq!(catalog.tokenizer.names(), ["clip_bpe", "huggingface"]);
}

#[test]
fn clip_bpe_gives_the_ids_of_open_clip() {
    let Some(file) = golden("tokenizers/clip_bpe.json") else { return };
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
fn a_hundred_thousand_characters_give_what_their_beginning_does() {
    let clip = clip_bpe();
    for part in ["a dog and a cat ", "donaudampfschiff", "é", "犬", "12", "&amp;", ".", "<|endoftext|>"] {
        let [long, short] = [100_000, 3_000].map(|length| part.repeat(length / part.len()));
        let ids = clip.encode(&long, 77).unwrap();
        assert_eq!((ids.len(), &ids), (77, &clip.encode(&short, 77).unwrap()), "{part}");
    }
    let spaces = " ".repeat(30_000);
    assert_eq!(clip.encode(&format!("a{spaces}dog"), 77).unwrap(), clip.encode("a dog", 77).unwrap());
    // Entities within entities, of which every reading takes away one.
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

/// Every row of `input_ids` in a folder of the goldens equals ours; past our end there is padding only.
fn agrees(folder: &str, pad: i64) {
    let Some(folder) = golden(folder) else { return };
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
    // The ids beside hf_distilbert come from hf_bert's tokenizer.json, not from the one that lies there.
    agrees("towers/hf_bert", 0);
    agrees("models/hf_dual_vit_bert", 0);
}

#[test]
fn clip_ids_are_those_of_transformers() {
    // transformers pads CLIP with its end token, which only tokenizer_config.json says; the mask hides the difference.
    agrees("models/hf_clip", 1);
}

#[test]
fn the_files_own_padding_and_length_are_passed_over() {
    let Some(folder) = golden("towers/hf_bert") else { return };
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
fn a_cut_text_keeps_its_end_token() {
    let Some(folder) = golden("towers/hf_bert") else { return };
    let tokenizer = huggingface(&folder);
    let (whole, cut) =
        (tokenizer.encode("a dog and a dog", 50).unwrap(), tokenizer.encode("a dog and a dog", 4).unwrap());
    assert_eq!(cut.len(), 4);
    assert_eq!((cut[..3].to_vec(), cut.last()), (whole[..3].to_vec(), whole.last()));
    assert_eq!(tokenizer.encode("", 50).unwrap().len(), 2);
    assert!(tokenizer.encode("a dog", 1).unwrap_err().to_string().contains("2 special tokens"));
}

#[test]
fn a_missing_or_broken_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let settings = HuggingFace { path: dir.path().to_owned(), max_tokens: None };
    let error = format!("{:#}", settings.build(()).err().unwrap());
    assert!(error.contains("tokenizer.json") && error.contains("cannot be read"), "{error}");
    fs::write(dir.path().join("tokenizer.json"), "{\"version\": \"1.0\",").unwrap();
    let error = format!("{:#}", settings.build(()).err().unwrap());
    assert!(error.contains("tokenizer.json") && error.contains("cut short"), "{error}");
}

#[test]
fn values_that_cannot_work_are_named() {
    let mut faults = Faults::default();
    HuggingFace { max_tokens: Some(2), ..Default::default() }.check(&mut faults);
    ClipBpe { max_tokens: 0 }.check(&mut faults);
    let keys: Vec<_> = faults.found().iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["path", "max_tokens", "max_tokens"]);
}

/// What a vocabulary is for: the file that transformers reads gives the ids that our own encoding gives.
#[test]
fn the_vocabulary_of_clip_is_told_whole() {
    let (tokens, merges) = plugins_tokenizer::clip_vocabulary().unwrap();
    assert_eq!((tokens.len(), merges.len()), (49_408, 48_894));
    let said = |id: usize| tokens[id].as_str();
    assert_eq!((said(0), said(256), said(320), said(49_406)), ("!", "!</w>", "a</w>", "<|startoftext|>"));
    assert_eq!(merges[0], ("i".to_owned(), "n".to_owned()));
    let distinct: std::collections::HashSet<_> = tokens.iter().collect();
    assert_eq!(distinct.len(), tokens.len(), "no two ids share a spelling");
}
