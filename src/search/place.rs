//! Where an index lies and what it is of.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use clip_lab_checkpoint::cache_dir;
use clip_lab_files::open_regular;
use clip_lab_index::FORMAT;

/// Bytes of a file among which the name of its form stands, if it is an index; torn ones too.
const HEAD: u64 = 4096;

/// Where an index lies and what it is of.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its file.
    pub path: PathBuf,
    /// The key of the weights, the preparation and the gallery.
    pub model: String,
    /// Numbers of a row.
    pub dim: usize,
}

impl Place {
    /// The index of `model` in `said`, or in the cache folder.
    ///
    /// # Errors
    /// When `said` holds something else: it would be lost.
    pub fn new(said: Option<&Path>, model: String, dim: usize) -> Result<Self> {
        let path = match said {
            None => cache_dir().join("search").join(format!("{model}.safetensors")),
            Some(path) => {
                ensure!(
                    !path.exists() || is_index(path),
                    "--index: {} is there and is no index of clip-lab; name another file",
                    path.display()
                );
                path.to_owned()
            }
        };
        Ok(Self { path, model, dim })
    }
}

/// Whether the file begins as an index does.
fn is_index(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && head.windows(FORMAT.len()).any(|bytes| bytes == FORMAT.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_index_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dog.jpg");
        let place = |path: &Path| Place::new(Some(path), "key".to_owned(), 2);
        assert_eq!(place(&path).unwrap().path, path);
        std::fs::write(&path, "a picture").unwrap();
        assert!(format!("{:#}", place(&path).unwrap_err()).contains("is no index of clip-lab"));
        clip_lab_index::write(&path, "another", 2, &[]).unwrap();
        place(&path).unwrap();
        let torn = std::fs::read(&path).unwrap();
        std::fs::write(&path, &torn[..torn.len() - 9]).unwrap();
        place(&path).unwrap();
    }
}
