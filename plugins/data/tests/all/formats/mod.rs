//! Caption lists in real-world formats, each with a small sample.

mod coco;
mod flickr30k;
mod imagefolder;
mod open_clip;
mod parquet;

use std::{fs, path::Path};

use image::{Rgb, RgbImage};
use plugins_data::{CaptionFolder, Split};

/// The whole data set in a folder.
fn all(root: &Path) -> CaptionFolder {
    part(root, Split::All)
}

fn part(root: &Path, split: Split) -> CaptionFolder {
    CaptionFolder { root: root.to_owned(), split, ..Default::default() }
}

/// Writes a file, creating its folders.
fn write(root: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
    fs::write(root.join(name), content).unwrap();
}

/// Writes a small JPEG, whose bytes depend on its shade.
fn image(root: &Path, name: &str, shade: u8) {
    write(root, name, jpeg(shade));
}

fn jpeg(shade: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = RgbImage::from_pixel(16, 16, Rgb([shade, 90, 30]));
    image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}
