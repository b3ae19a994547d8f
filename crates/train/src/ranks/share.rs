//! Files of rank 0 for the other ranks.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use tch::{Device, Kind, Tensor};
use tempfile::{NamedTempFile, TempPath};

use super::Ranks;

/// Bytes that are sent at once.
const PIECE: u64 = 16 << 20;

/// A file of rank 0; on other ranks a copy that is removed on drop.
#[derive(Debug)]
pub struct SharedFile {
    /// Where it is.
    pub path: PathBuf,
    _copy: Option<TempPath>,
}

impl Ranks {
    /// Sends a file of rank 0 to the other ranks, which may be on other hosts.
    ///
    /// # Errors
    /// If it cannot be read or copied.
    pub fn share_file(&self, path: &Path) -> Result<SharedFile> {
        if self.is_first() {
            self.send(path).with_context(|| format!("sending {}", path.display()))?;
            return Ok(SharedFile { path: path.to_owned(), _copy: None });
        }
        let copy = self.receive().context("copying a file of rank 0")?;
        Ok(SharedFile { path: copy.to_path_buf(), _copy: Some(copy) })
    }

    fn send(&self, path: &Path) -> Result<()> {
        let mut file = File::open(path)?;
        let mut left = file.metadata()?.len();
        self.group.broadcast(&Tensor::from_slice(&[left as i64]), 0)?;
        while left > 0 {
            let mut piece = vec![0; left.min(PIECE) as usize];
            file.read_exact(&mut piece)?;
            self.group.broadcast(&Tensor::from_slice(&piece), 0)?;
            left -= piece.len() as u64;
        }
        Ok(())
    }

    fn receive(&self) -> Result<TempPath> {
        let length = Tensor::from_slice(&[0i64]);
        self.group.broadcast(&length, 0)?;
        let mut left = u64::try_from(length.int64_value(&[0]))?;
        let mut file = NamedTempFile::new()?;
        while left > 0 {
            let piece = Tensor::f_zeros([left.min(PIECE) as i64], (Kind::Uint8, Device::Cpu))?;
            self.group.broadcast(&piece, 0)?;
            let bytes = Vec::<u8>::try_from(&piece)?;
            ensure!(!bytes.is_empty(), "an empty piece");
            file.write_all(&bytes)?;
            left -= bytes.len() as u64;
        }
        file.flush()?;
        Ok(file.into_temp_path())
    }
}
