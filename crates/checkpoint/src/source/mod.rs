//! Where tensors come from: one safetensors file, several that belong together, or another tool's format shown in
//! the same way.

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
pub(crate) use folder::{Shards, is_pickle, parts, pickle};
pub(crate) use keras::KerasResnet;
pub use save::save;

/// Named tensors on disk; nothing is read before it is asked for.
pub(crate) trait Tensors: Send + Sync {
    /// Every name, sorted.
    fn names(&self) -> Vec<String>;
    /// The shape of a tensor, if there is one of that name.
    fn shape(&self, name: &str) -> Option<Vec<i64>>;
    /// Reads a tensor.
    fn tensor(&self, name: &str) -> Result<Tensor>;
    /// The bytes that a tensor is made of, to recognise it by.
    fn hash(&self, name: &str, hasher: &mut blake3::Hasher) -> Result<()>;
    /// The file or folder, for messages.
    fn place(&self) -> &Path;

    /// Whether the bytes are those that were written, where the file says which those are.
    fn verify(&self) -> Result<()> {
        Ok(())
    }

    /// The type of a tensor, if there is one of that name.
    fn kind(&self, name: &str) -> Option<Kind> {
        self.tensor(name).ok().map(|tensor| tensor.kind())
    }

    /// Whether there is a tensor called `name`.
    fn has(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    /// One dimension of a tensor's shape.
    fn dim(&self, name: &str, axis: usize) -> Option<i64> {
        self.shape(name)?.get(axis).copied()
    }
}
