//! A folder of images without captions or classes, as a data set.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{note, shown};
use clip_lab_files::open_regular;
use clip_lab_plugin_api::{Dataset, Image};
use image::ImageFormat;

/// The images of a folder, sorted by name.
pub struct Folder {
    files: Vec<PathBuf>,
    tolerate: f64,
}

impl Folder {
    /// Lists a folder; `tolerate` is the share of images that may be unreadable.
    ///
    /// # Errors
    /// If the folder cannot be read or holds no image.
    pub fn open(folder: &Path, tolerate: f64) -> Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| !path.is_dir()).collect();
        files.sort();
        ensure!(!files.is_empty(), "{} has no files", folder.display());
        // A file with neither the extension nor the header of an image is not counted as a broken image.
        let others =
            files.extract_if(.., |path| ImageFormat::from_path(&*path).is_err() && !has_image_header(path));
        others.for_each(|path| note!("skipped: {}: not an image", shown(name(&path))));
        ensure!(!files.is_empty(), "{} holds no image", folder.display());
        Ok(Self { files, tolerate })
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn has_image_header(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(32).read_to_end(&mut start));
    read.is_ok() && image::guess_format(&start).is_ok()
}

impl Dataset for Folder {
    fn len(&self) -> usize {
        self.files.len()
    }
    fn image(&self, index: usize) -> Result<Image> {
        Image::read(&self.files[index])
    }
    fn captions(&self, _index: usize) -> &[String] {
        &[]
    }
    fn name(&self, index: usize) -> String {
        name(&self.files[index])
    }
    fn fingerprint(&self) -> String {
        String::new()
    }
    fn tolerate(&self) -> f64 {
        self.tolerate
    }
}
