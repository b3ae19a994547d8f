//! The path and the key of an index.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use clip_lab_checkpoint::cache_dir;
use clip_lab_files::open_regular;
use clip_lab_vector_index::FORMAT;

/// An index, even a truncated one, has its format name in this many first bytes.
const HEADER_BYTES: u64 = 4096;

/// The path and the key of an index.
#[derive(Debug, Clone)]
pub struct IndexFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Key of the weights, the preprocessing and the gallery.
    pub model: String,
    /// Width of the embeddings.
    pub dim: usize,
}

impl IndexFile {
    /// The index of `model` at `path`, else in the cache folder.
    ///
    /// # Errors
    /// If `path` exists and is not an index, because it would be overwritten.
    pub fn new(path: Option<&Path>, model: String, dim: usize) -> Result<Self> {
        let path = match path {
            None => cache_dir().join("search").join(format!("{model}.safetensors")),
            Some(path) => {
                ensure!(
                    !path.exists() || is_index(path),
                    "--index: {} exists and is not an index of clip-lab; choose another file",
                    path.display()
                );
                path.to_owned()
            }
        };
        Ok(Self { path, model, dim })
    }
}

/// Whether the file has the header of an index.
fn is_index(path: &Path) -> bool {
    let mut header = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(HEADER_BYTES).read_to_end(&mut header));
    read.is_ok() && header.windows(FORMAT.len()).any(|bytes| bytes == FORMAT.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dog.jpg");
        let index_file = |path: &Path| IndexFile::new(Some(path), "key".to_owned(), 2);
        assert_eq!(index_file(&path).unwrap().path, path);
        std::fs::write(&path, "an image").unwrap();
        assert!(format!("{:#}", index_file(&path).unwrap_err()).contains("is not an index of clip-lab"));
        clip_lab_vector_index::write(&path, "another", 2, &[]).unwrap();
        index_file(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        index_file(&path).unwrap();
    }
}
