//! Sources of tensors: a safetensors file, sharded files, or another tool's format behind the same interface.

pub mod digest;
mod file;
mod folder;
mod header;
mod keras;
mod save;

use std::path::Path;

use anyhow::Result;
use tch::{Kind, Tensor};

pub use file::TensorFile;
pub(crate) use folder::{Shards, is_pickle, pickle, shard_names};
pub(crate) use keras::KerasResnet;
pub use save::{for_each_piece, save};

/// Named tensors on disk, read on demand.
pub(crate) trait Tensors: Send + Sync {
    /// Every name, sorted.
    fn names(&self) -> Vec<String>;
    /// The shape of a tensor, if it exists.
    fn shape(&self, name: &str) -> Option<Vec<i64>>;
    /// Reads a tensor.
    fn tensor(&self, name: &str) -> Result<Tensor>;
    /// Hashes the bytes of a tensor.
    fn hash(&self, name: &str, hasher: &mut blake3::Hasher) -> Result<()>;
    /// The file or folder, for messages.
    fn place(&self) -> &Path;

    /// Checks the bytes against the file's digest, if it has one.
    fn verify(&self) -> Result<()> {
        Ok(())
    }

    /// The type of a tensor, if it exists.
    fn kind(&self, name: &str) -> Option<Kind> {
        self.tensor(name).ok().map(|tensor| tensor.kind())
    }

    /// Whether a tensor exists.
    fn has(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    /// One dimension of a tensor's shape.
    fn dim(&self, name: &str, axis: usize) -> Option<i64> {
        self.shape(name)?.get(axis).copied()
    }
}
