//! Writes embeddings in the format of the file extension.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use tch::{Kind, Tensor};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Named tensors, and the names of the images.
    Safetensors,
    /// One NumPy array.
    Npy,
    /// Named NumPy arrays.
    Npz,
}

impl Format {
    /// The format of `out`, for `count` tensors.
    ///
    /// # Errors
    /// If the extension is unknown, or the format cannot hold so many tensors.
    pub(super) fn of(out: &Path, count: usize) -> Result<Self> {
        let ending = out.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let place = out.display();
        Ok(match ending.as_str() {
            "safetensors" => Self::Safetensors,
            "npz" => Self::Npz,
            "npy" => {
                ensure!(
                    count == 1,
                    "--out {place}: an .npy file holds one array; use .npz or .safetensors, or embed images and texts \
                     separately"
                );
                Self::Npy
            }
            _ => bail!("--out {place}: the extension must be .safetensors, .npy or .npz"),
        })
    }

    /// Writes the file atomically, through a temporary file.
    pub(super) fn write(
        self,
        out: &Path,
        tensors: &[(String, Tensor)],
        metadata: &[(String, String)],
    ) -> Result<()> {
        if self == Self::Safetensors {
            return clip_lab_checkpoint::save(out, tensors, metadata);
        }
        // NumPy has no bfloat16.
        let arrays: Vec<(&str, Tensor)> =
            tensors.iter().map(|(name, rows)| (name.as_str(), rows.to_kind(Kind::Float))).collect();
        let mut temporary = out.as_os_str().to_owned();
        temporary.push(".partial");
        let written = match (self, &arrays[..]) {
            (Self::Npy, [(_, rows)]) => rows.write_npy(&temporary),
            _ => Tensor::write_npz(&arrays, &temporary),
        };
        written
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(fs::rename(&temporary, out)?))
            .inspect_err(|_| drop(fs::remove_file(&temporary)))
            .with_context(|| format!("writing {}", out.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_selects_the_format() {
        let of = |name: &str, count| Format::of(Path::new(name), count);
        assert_eq!(of("a/e.safetensors", 2).unwrap(), Format::Safetensors);
        assert_eq!((of("e.NPY", 1).unwrap(), of("e.npz", 2).unwrap()), (Format::Npy, Format::Npz));
        for (name, count, message) in
            [("e.npy", 2, ".npz or .safetensors"), ("e.csv", 1, ".npy"), ("e", 1, ".npy")]
        {
            assert!(of(name, count).unwrap_err().to_string().contains(message), "{name}");
        }
    }

    #[test]
    fn arrays_round_trip() {
        let folder = tempfile::tempdir().unwrap();
        let rows = Tensor::from_slice(&[1f32, -2.0, 3.5, 4.0]).reshape([2, 2]);
        let tensors = [("image_embeds".to_owned(), rows.copy())];
        let npy = folder.path().join("e.npy");
        Format::Npy.write(&npy, &tensors, &[]).unwrap();
        assert_eq!(Tensor::read_npy(&npy).unwrap(), rows);
        let npz = folder.path().join("e.npz");
        Format::Npz.write(&npz, &tensors, &[]).unwrap();
        assert_eq!(Tensor::read_npz(&npz).unwrap()[0].1, rows);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
        Format::Npy.write(&folder.path().join("gone/e.npy"), &tensors, &[]).unwrap_err();
    }
}
