//! The file of embeddings, in the format that its name says.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use tch::{Kind, Tensor};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Tensors by name, and the names of the pictures.
    Safetensors,
    /// One array of NumPy.
    Npy,
    /// Arrays of NumPy by name.
    Npz,
}

impl Format {
    /// The format of `out`, in which `count` tensors are to be written.
    ///
    /// # Errors
    /// When its ending is none that is known, or the format cannot hold so many.
    pub(super) fn of(out: &Path, count: usize) -> Result<Self> {
        let ending = out.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let place = out.display();
        Ok(match ending.as_str() {
            "safetensors" => Self::Safetensors,
            "npz" => Self::Npz,
            "npy" => {
                ensure!(
                    count == 1,
                    "--out {place}: an .npy file holds one array; write .npz or .safetensors, or embed pictures and texts \
                     one after the other"
                );
                Self::Npy
            }
            _ => bail!("--out {place}: embeddings are written as .safetensors, .npy or .npz"),
        })
    }

    /// Writes the file, aside first, so that nobody finds half of it.
    ///
    /// # Errors
    /// Those of the file system.
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
        let mut aside = out.as_os_str().to_owned();
        aside.push(".partial");
        let written = match (self, &arrays[..]) {
            (Self::Npy, [(_, rows)]) => rows.write_npy(&aside),
            _ => Tensor::write_npz(&arrays, &aside),
        };
        written
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(fs::rename(&aside, out)?))
            .inspect_err(|_| drop(fs::remove_file(&aside)))
            .with_context(|| format!("writing {}", out.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_format() {
        let of = |name: &str, count| Format::of(Path::new(name), count);
        assert_eq!(of("a/e.safetensors", 2).unwrap(), Format::Safetensors);
        assert_eq!((of("e.NPY", 1).unwrap(), of("e.npz", 2).unwrap()), (Format::Npy, Format::Npz));
        for (name, count, words) in
            [("e.npy", 2, ".npz or .safetensors"), ("e.csv", 1, ".npy"), ("e", 1, ".npy")]
        {
            assert!(of(name, count).unwrap_err().to_string().contains(words), "{name}");
        }
    }

    #[test]
    fn arrays_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let rows = Tensor::from_slice(&[1f32, -2.0, 3.5, 4.0]).reshape([2, 2]);
        let tensors = [("image_embeds".to_owned(), rows.copy())];
        let npy = folder.path().join("e.npy");
        Format::Npy.write(&npy, &tensors, &[]).unwrap();
        assert_eq!(Tensor::read_npy(&npy).unwrap(), rows);
        let npz = folder.path().join("e.npz");
        Format::Npz.write(&npz, &tensors, &[]).unwrap();
        assert_eq!(Tensor::read_npz(&npz).unwrap()[0].1, rows);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left aside");
        Format::Npy.write(&folder.path().join("gone/e.npy"), &tensors, &[]).unwrap_err();
    }
}
