//! The tables of open_clip's `--train-data`: `filepath` and `title` separated by tabs, or custom columns.

use plugins_data::CaptionFolder;

use super::{all, image, write};
use crate::common::{error_of, names, opened};

#[test]
fn usual_and_custom_columns_are_read() {
    let dir = tempfile::tempdir().unwrap();
    for shade in 0..2 {
        image(dir.path(), &format!("cc3m/{shade}.jpg"), shade);
    }
    let tsv = "filepath\ttitle\ncc3m/0.jpg\ta very typical bus station, \"as seen\" from above\ncc3m/1.jpg\tsierra looked\n";
    write(dir.path(), "train.tsv", tsv);
    let data = opened(&all(dir.path()));
    assert_eq!(names(&*data), ["cc3m/0.jpg", "cc3m/1.jpg"]);
    assert_eq!(data.captions(0), ["a very typical bus station, \"as seen\" from above"]);

    // A custom table, with more commas than bars in its header.
    let csv = "url|local path|alt text\nhttp://x/0,1,2|cc3m/0.jpg|a bus, a car, a tree\nhttp://x/1|cc3m/1.jpg|a mountain\n";
    write(dir.path(), "mine.csv", csv);
    let (image_column, caption_column) = (Some("local path".to_owned()), Some("Alt Text".to_owned()));
    let named =
        CaptionFolder { file: Some("mine.csv".into()), image_column, caption_column, ..all(dir.path()) };
    assert_eq!(opened(&named).captions(1), ["a mountain"]);
    let wrong = CaptionFolder { caption_column: Some("words".into()), ..named };
    let error = error_of(&wrong);
    assert!(error.contains("mine.csv") && error.contains("line 1: there is no column `words`"), "{error}");
    assert!(error.contains("local path"), "{error}");
}
