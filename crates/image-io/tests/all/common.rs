//! A valid photograph and invalid image files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clip_lab_testing::data;

/// The bytes of a photograph.
pub fn photo() -> Option<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(data("photos")?).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.first().map(|file| fs::read(file).unwrap())
}

/// The error of opening an image file with these bytes.
pub fn decode_error(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let file = dir.join(name);
    fs::write(&file, bytes).unwrap();
    let error = format!("{:#}", clip_lab_image_io::open(&file).expect_err("it should not decode"));
    assert!(error.contains(name), "{error}");
    error
}
