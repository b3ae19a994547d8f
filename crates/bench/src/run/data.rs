//! The images of the benchmarks.

use std::path::{Path, PathBuf};

use super::{Failure, python_numbers};
use crate::lab::Lab;

impl Lab {
    /// A folder of `images` images with `captions` captions each, in `captions.csv`.
    pub fn data(&self, images: usize, captions: usize) -> Result<PathBuf, Failure> {
        let folder = self.scratch(&format!("data-{images}-{captions}"));
        if !folder.exists() {
            write(self, &folder, images, captions)?;
        }
        Ok(folder)
    }
}

/// Writes `images` images with `captions` captions each into `folder`: of Flickr8k, or synthetic.
fn write(lab: &Lab, folder: &Path, images: usize, captions: usize) -> Result<(), Failure> {
    let partial = folder.with_extension("partial");
    let _ = std::fs::remove_dir_all(&partial);
    let mut args = vec![
        format!("--out={}", partial.display()),
        format!("--images={images}"),
        format!("--captions={captions}"),
    ];
    args.extend(lab.flickr8k.as_ref().map(|from| format!("--flickr8k={}", from.display())));
    python_numbers(lab, "make_data.py", &args)?;
    std::fs::rename(&partial, folder).map_err(|error| Failure::Failed(error.into()))
}
