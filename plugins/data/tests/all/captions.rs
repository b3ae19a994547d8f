//! Folders of images with caption lists.

use std::{collections::HashSet, fs, path::Path};

use crate::common::{error_of, folder, names, opened};
use clip_lab_plugin_api::{Plugin, Problems, Settings};
use plugins_data::{CaptionFolder, Split};

fn all(root: &Path) -> CaptionFolder {
    CaptionFolder { root: root.to_owned(), split: Split::All, ..Default::default() }
}

#[test]
fn captions_of_an_image_stay_together_and_in_order() {
    let dir = folder("image,caption\na.png,one\nb.png,\"two, with a \"\"comma\"\"\"\na.png, three \n");
    let data = opened(&all(dir.path()));
    assert_eq!(names(&*data), ["a.png", "b.png"]);
    assert_eq!(data.captions(0), ["one", "three"]);
    assert_eq!(data.captions(1), ["two, with a \"comma\""]);
    assert_eq!(data.image(1).unwrap().decode().unwrap().get_pixel(0, 0).0, [b'b', 20, 30]);
    assert!(data.skipped().is_empty() && data.classes().is_empty() && data.class(0).is_none());
}

#[test]
fn empty_captions_and_missing_images_are_left_out_and_reported() {
    let dir = folder("image,caption\na.png,one\na.png,\nb.png,  \nnot_there.png,two\nd.png,three\n");
    let tolerant = CaptionFolder { tolerate: 0.5, ..all(dir.path()) };
    let data = opened(&tolerant);
    assert_eq!(names(&*data), ["a.png", "d.png"]);
    assert_eq!(data.captions(0), ["one"]);
    let skipped = data.skipped().join("\n");
    assert!(skipped.contains("listed but not in") && skipped.contains("1 (not_there.png)"), "{skipped}");
    assert!(skipped.contains("empty captions skipped: 2 (one of a.png, one of b.png)"), "{skipped}");
    assert!(skipped.contains("images without a caption: 1 (b.png)"), "{skipped}");
    assert_eq!(tolerant.properties().images, Some(2));
    assert_eq!(tolerant.properties().captions, Some(2));
    // Separate fractions: one of four images is missing, and two of four captions are empty.
    let error = error_of(&CaptionFolder { tolerate: 0.2, ..all(dir.path()) });
    assert!(
        error.contains("1 of 4 images, listed but not in") && error.contains("\n  not_there.png"),
        "{error}"
    );
    let error = error_of(&CaptionFolder { tolerate: 0.3, ..all(dir.path()) });
    assert!(
        error.contains("2 of 4 captions, which are empty, cannot be used, more than tolerate = 0.3"),
        "{error}"
    );
}

#[test]
fn files_in_latin_1_are_read_and_reported() {
    let dir = folder(b"\xef\xbb\xbfimage,caption\na.png,a caf\xe9\nb.png,na\xc3\xafve\n".as_slice());
    let data = opened(&all(dir.path()));
    assert_eq!((data.captions(0), data.captions(1)), (&["a café".to_owned()][..], &["naïve".to_owned()][..]));
    assert!(data.skipped()[0].contains("captions.txt") && data.skipped()[0].contains("1 bytes"));
}

#[test]
fn faults_of_a_table_name_the_file_and_the_line() {
    let dir = folder("image,caption\na.png,one\nb.png,two, three\n");
    let error = error_of(&all(dir.path()));
    assert!(error.contains("captions.txt") && error.contains("line 3: 3 fields"), "{error}");
    let dir = folder("picture,words\na.png,one\n");
    let error = error_of(&all(dir.path()));
    assert!(
        error.contains("line 1") && error.contains("image") && error.contains("picture, words"),
        "{error}"
    );
    let dir = folder("image,caption,split\na.png,one,tarin\n");
    assert!(error_of(&all(dir.path())).contains("line 2: unknown split `tarin`"));
    assert!(error_of(&all(folder("image,caption\n").path())).contains("list no image"));
    assert!(error_of(&all(folder("").path())).contains("line 1"));
}

#[test]
fn tables_with_other_columns_and_splits_are_read() {
    let dir = folder("filepath\ttitle\tsplit\na.png\tone, two\ttrain\nb.png\tthree\ttest\n");
    let test = CaptionFolder { split: Split::Test, ..all(dir.path()) };
    assert_eq!(names(&*opened(&test)), ["b.png"]);
    let val = CaptionFolder { split: Split::Val, ..all(dir.path()) };
    assert!(error_of(&val).contains("no image of") && error_of(&val).contains("`val`"));
}

#[test]
fn a_karpathy_json_is_preferred_since_it_has_the_splits() {
    let dir = folder("image,caption\na.png,from the table\n");
    let json = r#"{"images": [
        {"filename": "a.png", "split": "train", "sentences": [{"raw": "one"}, {"raw": " two "}], "imgid": 0},
        {"filename": "b.png", "split": "restval", "sentences": [{"raw": ""}, {"raw": "three"}]},
        {"filename": "c.png", "filepath": "", "split": "test", "sentences": [{"raw": "four"}]},
        {"filename": "x.png", "filepath": "val2014", "split": "test", "sentences": [{"raw": "five"}]}]}"#;
    fs::write(dir.path().join("dataset_made_up.json"), json).unwrap();
    let tolerant = CaptionFolder { tolerate: 0.5, ..all(dir.path()) };
    let train = opened(&CaptionFolder { split: Split::Train, ..tolerant.clone() });
    assert_eq!(names(&*train), ["a.png", "b.png"]);
    assert_eq!(train.captions(0), ["one", "two"]);
    let test = opened(&CaptionFolder { split: Split::Test, ..tolerant });
    assert_eq!(names(&*test), ["c.png"]);
    assert!(test.skipped()[0].contains("val2014/x.png"), "{:?}", test.skipped());
    let table = opened(&CaptionFolder { file: Some("captions.txt".into()), ..all(dir.path()) });
    assert_eq!(table.captions(0), ["from the table"]);
    fs::write(dir.path().join("dataset_made_up.json"), &json[..200]).unwrap();
    let error = error_of(&all(dir.path()));
    assert!(error.contains("dataset_made_up.json") && error.contains("line"), "{error}");
    fs::write(dir.path().join("dataset_other.json"), json).unwrap();
    assert!(error_of(&all(dir.path())).contains("choose one with `file`"));
}

#[test]
fn folders_without_a_list_and_missing_folders_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    assert!(error_of(&all(dir.path())).contains("no list of captions"));
    assert!(error_of(&all(&dir.path().join("gone"))).contains("gone cannot be read"));
    assert_eq!(all(&dir.path().join("gone")).properties().images, None);
    let named = CaptionFolder { file: Some("x.csv".into()), ..all(dir.path()) };
    assert!(error_of(&named).contains("x.csv"));
    let dir = folder("image,caption\na.png,one\n");
    let named = CaptionFolder { images: Some("photos".into()), ..all(dir.path()) };
    assert!(error_of(&named).contains("no folder of images"));
    fs::remove_dir_all(dir.path().join("Images")).unwrap();
    let error = error_of(&CaptionFolder { tolerate: 1.0, ..all(dir.path()) });
    assert!(error.contains("nothing of") && error.contains("a.png"), "{error}");
    assert!(error_of(&all(dir.path())).contains("1 of 1 images, listed but not in"));
}

#[test]
fn the_fingerprint_depends_on_the_images_and_not_the_captions() {
    let dir = folder("image,caption\na.png,one\nb.png,two\n");
    let print = |root: &Path| opened(&all(root)).fingerprint();
    let first = print(dir.path());
    assert_eq!(first, print(dir.path()));
    fs::write(dir.path().join("captions.txt"), "image,caption\na.png,ONE\na.png,more\nb.png,two\n").unwrap();
    assert_eq!(first, print(dir.path()));
    fs::write(dir.path().join("captions.txt"), "image,caption\nb.png,two\na.png,one\n").unwrap();
    assert_ne!(first, print(dir.path()));
    fs::write(dir.path().join("captions.txt"), "image,caption\na.png,one\nb.png,two\n").unwrap();
    fs::copy(dir.path().join("Images/d.png"), dir.path().join("Images/b.png")).unwrap();
    assert_ne!(first, print(dir.path()));
}

#[test]
fn splits_by_hash_are_disjoint_and_cover_every_image_once() {
    let Some(root) = clip_lab_testing::data("flickr8k") else { return };
    let part = |split| opened(&CaptionFolder { file: Some("captions.txt".into()), split, ..all(&root) });
    let parts = [Split::Train, Split::Val, Split::Test].map(part);
    let sizes = parts.each_ref().map(|data| data.len());
    let distinct: HashSet<String> = parts.iter().flat_map(|data| names(&**data)).collect();
    assert_eq!((sizes.iter().sum::<usize>(), distinct.len()), (8091, 8091));
    assert!((700..920).contains(&sizes[1]) && (700..920).contains(&sizes[2]), "{sizes:?}");
    assert!(parts.iter().all(|data| (0..data.len()).all(|index| data.captions(index).len() == 5)));
}

#[test]
fn flickr8k_has_its_published_splits() {
    let Some(root) = clip_lab_testing::data("flickr8k") else { return };
    for (split, images) in [(Split::Train, 6000), (Split::Val, 1000), (Split::Test, 1000), (Split::All, 8000)]
    {
        let settings = CaptionFolder { split, ..all(&root) };
        let data = opened(&settings);
        assert_eq!((data.len(), data.skipped().len()), (images, 0));
        assert_eq!(settings.properties().captions, Some(images * 5));
        assert_eq!(data.image(images - 1).unwrap().decode().unwrap().dimensions(), (224, 224));
    }
}

#[test]
fn invalid_values_are_named() {
    let mut problems = Problems::default();
    CaptionFolder { val_fraction: 0.6, test_fraction: 0.5, ..Default::default() }.check(&mut problems);
    CaptionFolder { root: "x".into(), val_fraction: f64::NAN, ..Default::default() }.check(&mut problems);
    CaptionFolder { root: "x".into(), tolerate: 1.5, shuffle_buffer: Some(0), ..Default::default() }
        .check(&mut problems);
    let keys: Vec<_> = problems.found().iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["root", "val_fraction", "val_fraction", "val_fraction", "shuffle_buffer", "tolerate"]);
}
