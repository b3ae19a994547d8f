//! Flickr30k's `results.csv`, with the malformed row that every copy has.

use plugins_data::Split;

use super::{all, image, part, write};
use crate::common::{error_of, names, opened};

const RESULTS: &str = "\
image_name| comment_number| comment
1000092795.jpg| 0| Two young guys with shaggy hair look at their hands while hanging out in the yard .
1000092795.jpg| 1| Two young , White males are outside near many bushes .
10002456.jpg| 0| Several men in hard hats are operating a giant pulley system .
2199200615.jpg| 3| A black dog and a \"tan\" one .
2199200615.jpg| 4   A dog runs across the grass .
";

#[test]
fn the_malformed_row_is_recovered_and_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "results.csv", RESULTS);
    for (shade, name) in ["1000092795", "10002456", "2199200615"].iter().enumerate() {
        image(dir.path(), &format!("flickr30k_images/{name}.jpg"), shade as u8);
    }
    let data = opened(&all(dir.path()));
    assert_eq!(names(&*data), ["1000092795.jpg", "10002456.jpg", "2199200615.jpg"]);
    assert_eq!(data.captions(0)[1], "Two young , White males are outside near many bushes .");
    assert_eq!(data.captions(2), ["A black dog and a \"tan\" one .", "A dog runs across the grass ."]);
    let skipped = data.skipped();
    assert_eq!(skipped.len(), 1, "{skipped:?}");
    assert!(
        skipped[0].starts_with("results.csv line 6: a separator is missing")
            && skipped[0].contains("2199200615.jpg")
    );
    // Splits are by image: all captions of an image are in one split.
    let parts = [Split::Train, Split::Val, Split::Test].map(|split| part(dir.path(), split));
    let sizes = parts.iter().filter_map(|part| part.build(()).ok()).map(|data| data.len());
    assert_eq!(sizes.sum::<usize>(), 3);
}

#[test]
fn other_malformed_rows_are_left_out_by_line_and_too_many_are_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let rows = |bad: usize| {
        let good = (0..40).map(|row| format!("a.jpg| {row}| a caption\n"));
        let bad = (0..bad).map(|row| format!("a.jpg| {row} no caption | of | this row\n"));
        "image_name| comment_number| comment\n".to_owned() + &good.chain(bad).collect::<String>()
    };
    image(dir.path(), "a.jpg", 1);
    write(dir.path(), "results.csv", rows(2));
    let data = opened(&all(dir.path()));
    assert_eq!(data.captions(0).len(), 40);
    assert!(
        data.skipped()[0]
            .starts_with("entries skipped: 2 (results.csv line 42: 4 fields where the header has 3")
    );
    write(dir.path(), "results.csv", rows(3));
    let error = error_of(&all(dir.path()));
    assert!(
        error.contains("3 of 43 entries of the captions cannot be used, more than tolerate = 0.05"),
        "{error}"
    );
    assert!(error.contains("\n  results.csv line 44: 4 fields"), "{error}");
    let patient = plugins_data::CaptionFolder { tolerate: 0.1, ..all(dir.path()) };
    assert_eq!(opened(&patient).captions(0).len(), 40);
}

#[test]
fn an_unclosed_quote_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    image(dir.path(), "a.jpg", 1);
    let rows: String = (0..60).map(|row| format!("a.jpg,caption {row}\n")).collect();
    write(dir.path(), "captions.csv", format!("image,caption\n{rows}a.jpg,\"never closed\n{rows}"));
    let skipped = opened(&all(dir.path())).skipped().join("\n");
    assert!(skipped.contains("captions.csv line 62: the caption of a.jpg has 61 lines"), "{skipped}");
}

use clip_lab_plugin_api::Plugin as _;
