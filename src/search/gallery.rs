//! The searched images: those below a folder, or a data set.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_files::Root;
use clip_lab_plugin_api::{Dataset, Image};
use clip_lab_vector_index::Stamp;

/// Searchable images, with stamps that detect changes.
pub struct Gallery {
    /// The images.
    pub data: Arc<dyn Dataset>,
    /// The stamp of each image, in order.
    pub stamps: Vec<Stamp>,
    /// Description of the gallery.
    pub description: String,
    /// Identity of the gallery, for the key of its index.
    pub identity: String,
}

impl Gallery {
    /// The images below a folder, recursively. Hidden files are skipped, links to folders are not followed.
    ///
    /// # Errors
    /// If the folder does not exist or holds no image.
    pub fn folder(root: &Path) -> Result<Self> {
        ensure!(root.is_dir(), "--images: no folder {}", root.display());
        // Links may lead outside: the user chose the folder, and results stay on this machine.
        let bounds = Root::new(root).with_context(|| root.display().to_string())?.allow_outside(true);
        let files = plugins_data::below(&bounds, "")?.images;
        ensure!(!files.is_empty(), "--images: no image below {}", root.display());
        let stamps = files.iter().map(|file| stamp(root, file)).collect();
        let absolute = root.canonicalize().with_context(|| root.display().to_string())?;
        let description = format!("{} images below {}", files.len(), root.display());
        let data = Arc::new(Folder { root: root.to_owned(), files });
        Ok(Self { data, stamps, description, identity: format!("folder {}", absolute.display()) })
    }

    /// A data set; `what` describes it. Its fingerprint detects changes.
    pub fn of(data: Arc<dyn Dataset>, what: &str) -> Self {
        let stamp = |image| Stamp { name: data.name(image), mark: [image as u64, 0] };
        let stamps = (0..data.len()).map(stamp).collect();
        let description = format!("{} images of {what}", data.len());
        Self { stamps, description, identity: format!("data {}", data.fingerprint()), data }
    }
}

fn stamp(root: &Path, file: &str) -> Stamp {
    let (size, changed) = plugins_data::stamp(&root.join(file));
    // Nanoseconds since 1970 fit until 2554.
    Stamp { name: file.to_owned(), mark: [size, u64::try_from(changed).unwrap_or(u64::MAX)] }
}

/// The images below a folder, sorted by path.
struct Folder {
    root: PathBuf,
    files: Vec<String>,
}

impl Dataset for Folder {
    fn len(&self) -> usize {
        self.files.len()
    }
    fn image(&self, index: usize) -> Result<Image> {
        Image::read(&self.root.join(&self.files[index]))
    }
    fn captions(&self, _index: usize) -> &[String] {
        &[]
    }
    /// The path of the file, relative to the current folder.
    fn name(&self, index: usize) -> String {
        self.root.join(&self.files[index]).display().to_string()
    }
    /// Empty: the stamps of the gallery detect changes.
    fn fingerprint(&self) -> String {
        String::new()
    }
}
