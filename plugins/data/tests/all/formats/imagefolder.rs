//! Hugging Face's `imagefolder`: images next to a `metadata.jsonl` or `metadata.csv`, one folder per split.

use plugins_data::{CaptionFolder, Split};

use super::{all, image, part, write};
use crate::common::{error_of, names, opened};

const JSONL: &str = r#"{"file_name": "0001.png", "text": "This is a golden retriever playing with a ball", "additional_feature": [1]}
{"file_name": "0002.png", "text": "A german shepherd\n", "additional_feature": null}

{"file_name": "deep/0003.png", "text": "One chihuahua"}
"#;

#[test]
fn json_lines_are_read_from_one_folder_per_split() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "train/metadata.jsonl", JSONL);
    write(
        dir.path(),
        "test/metadata.csv",
        "file_name,text,additional_feature\n0001.png,\"A dog, asleep\",x\n",
    );
    for name in ["train/0001.png", "train/0002.png", "train/deep/0003.png", "test/0001.png"] {
        image(dir.path(), name, 1);
    }
    let train = opened(&part(dir.path(), Split::Train));
    assert_eq!(names(&*train), ["train/0001.png", "train/0002.png", "train/deep/0003.png"]);
    assert_eq!(train.captions(1), ["A german shepherd"]);
    assert!(train.image(2).is_ok() && train.skipped().is_empty());
    let test = opened(&part(dir.path(), Split::Test));
    assert_eq!(
        (names(&*test), test.captions(0)),
        (vec!["test/0001.png".into()], &["A dog, asleep".to_owned()][..])
    );
    assert_eq!(opened(&all(dir.path())).len(), 4);
}

#[test]
fn lists_of_captions_numbered_columns_and_broken_lines() {
    let dir = tempfile::tempdir().unwrap();
    image(dir.path(), "a.jpg", 1);
    image(dir.path(), "b.jpg", 1);
    let several = r#"{"file_name": "a.jpg", "captions": ["one", "two"], "split": "val"}"#;
    write(dir.path(), "metadata.jsonl", several.to_owned() + "\n{\"file_name\": \"b.jpg\", \"capt\n");
    let error = error_of(&all(dir.path()));
    assert!(
        error.contains("1 of 2 entries") && error.contains("metadata.jsonl line 2: it is not a JSON object"),
        "{error}"
    );
    let tolerant = CaptionFolder { tolerate: 0.5, ..part(dir.path(), Split::Val) };
    assert_eq!(opened(&tolerant).captions(0), ["one", "two"]);
    write(dir.path(), "metadata.jsonl", r#"{"file_name": "a.jpg", "caption_1": "two", "caption_0": "one"}"#);
    assert_eq!(opened(&all(dir.path())).captions(0), ["one", "two"]);
    write(dir.path(), "metadata.jsonl", r#"{"file_name": "a.jpg", "label": 3}"#);
    let error = error_of(&all(dir.path()));
    assert!(
        error.contains("line 1: there is no column caption or") && error.contains("caption_column"),
        "{error}"
    );
    let labelled = CaptionFolder { caption_column: Some("label".into()), ..all(dir.path()) };
    assert!(error_of(&labelled).contains("must be a text or a list of texts"));
}
