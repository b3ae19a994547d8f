//! Pictures that lie in a folder, with nothing said of them.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Dataset, Picture};
use clip_lab_cli::{say, shown};
use clip_lab_files::open_regular;
use image::ImageFormat;

/// The pictures of a folder, in name order.
pub struct Folder {
    files: Vec<PathBuf>,
    tolerate: f64,
}

impl Folder {
    /// Lists a folder; `tolerate` is the share of its pictures that may be unreadable.
    ///
    /// # Errors
    /// When it cannot be read or holds no picture.
    pub fn open(folder: &Path, tolerate: f64) -> Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| !path.is_dir()).collect();
        files.sort();
        ensure!(!files.is_empty(), "{} has no files", folder.display());
        // What neither is called a picture nor begins like one lies there for another reason, and is no broken picture.
        let strange =
            files.extract_if(.., |path| ImageFormat::from_path(&*path).is_err() && !begins_like_one(path));
        strange.for_each(|path| say!("left out: {}: it is not a picture", shown(name(&path))));
        ensure!(!files.is_empty(), "{} holds no picture", folder.display());
        Ok(Self { files, tolerate })
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn begins_like_one(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(32).read_to_end(&mut start));
    read.is_ok() && image::guess_format(&start).is_ok()
}

impl Dataset for Folder {
    fn len(&self) -> usize {
        self.files.len()
    }
    fn picture(&self, index: usize) -> Result<Picture> {
        Picture::read(&self.files[index])
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
