//! What is searched: the pictures below a folder, or a data set.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Dataset, Picture};
use clip_lab_files::Root;
use clip_lab_index::Stamp;

/// Pictures that can be searched, and by what a changed one is known.
pub struct Gallery {
    /// The pictures.
    pub data: Arc<dyn Dataset>,
    /// One for each picture, in order.
    pub stamps: Vec<Stamp>,
    /// Which pictures these are, in words.
    pub words: String,
    /// Which gallery this is, for the key of its index.
    pub identity: String,
}

impl Gallery {
    /// The pictures below a folder, deeper ones too. Hidden files are passed over, links to folders not followed.
    ///
    /// # Errors
    /// When there is no such folder, or no picture in it.
    pub fn folder(root: &Path) -> Result<Self> {
        ensure!(root.is_dir(), "--images: there is no folder {}", root.display());
        // Links may lead anywhere: the user names the folder, and what is found stays on this machine.
        let bounds = Root::new(root).with_context(|| root.display().to_string())?.allow_outside(true);
        let files = plugins_data::below(&bounds, "")?.pictures;
        ensure!(!files.is_empty(), "--images: there is no picture below {}", root.display());
        let stamps = files.iter().map(|file| stamp(root, file)).collect();
        let place = root.canonicalize().with_context(|| root.display().to_string())?;
        let words = format!("{} pictures below {}", files.len(), root.display());
        let data = Arc::new(Folder { root: root.to_owned(), files });
        Ok(Self { data, stamps, words, identity: format!("folder {}", place.display()) })
    }

    /// A data set; `what` it is called in words. Its fingerprint says when it has changed.
    pub fn of(data: Arc<dyn Dataset>, what: &str) -> Self {
        let stamp = |picture| Stamp { name: data.name(picture), mark: [picture as u64, 0] };
        let stamps = (0..data.len()).map(stamp).collect();
        let words = format!("{} pictures of {what}", data.len());
        Self { stamps, words, identity: format!("data {}", data.fingerprint()), data }
    }
}

fn stamp(root: &Path, file: &str) -> Stamp {
    let (size, changed) = plugins_data::stamp(&root.join(file));
    // Nanoseconds since 1970 fit until 2554.
    Stamp { name: file.to_owned(), mark: [size, u64::try_from(changed).unwrap_or(u64::MAX)] }
}

/// The pictures below a folder, in order of their paths.
struct Folder {
    root: PathBuf,
    files: Vec<String>,
}

impl Dataset for Folder {
    fn len(&self) -> usize {
        self.files.len()
    }
    fn picture(&self, index: usize) -> Result<Picture> {
        Picture::read(&self.root.join(&self.files[index]))
    }
    fn captions(&self, _index: usize) -> &[String] {
        &[]
    }
    /// The path that opens it, from where the user stands.
    fn name(&self, index: usize) -> String {
        self.root.join(&self.files[index]).display().to_string()
    }
    /// Empty: the stamps of a gallery say what has changed.
    fn fingerprint(&self) -> String {
        String::new()
    }
}
