//! Folders of synthetic images for tests.
#![allow(dead_code, reason = "not every test program needs everything")]

use std::fs;

use clip_lab_plugin_api::{Dataset, Plugin};
use image::{Rgb, RgbImage};
use tempfile::TempDir;

/// A folder with `Images/a.png` to `Images/d.png` and `captions.txt` holding `captions`.
pub fn folder(captions: impl AsRef<[u8]>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("Images")).unwrap();
    for name in ["a", "b", "c", "d"] {
        let image = RgbImage::from_pixel(4, 3, Rgb([name.as_bytes()[0], 20, 30]));
        image.save(dir.path().join("Images").join(name).with_extension("png")).unwrap();
    }
    fs::write(dir.path().join("captions.txt"), captions).unwrap();
    dir
}

/// Opens a data set; panics on an error.
pub fn opened(settings: &impl Plugin<dyn Dataset>) -> Box<dyn Dataset> {
    settings.build(()).unwrap()
}

/// The error of a data set that must not open.
pub fn error_of(settings: &impl Plugin<dyn Dataset>) -> String {
    format!("{:#}", settings.build(()).err().expect("it should not open"))
}

/// All names of a data set, in order.
pub fn names(data: &dyn Dataset) -> Vec<String> {
    (0..data.len()).map(|index| data.name(index)).collect()
}
