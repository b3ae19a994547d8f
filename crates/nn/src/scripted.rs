//! A TorchScript module as a tower, shared by the image and the text plugin.

mod prefixes;

use std::{cell::Cell, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_files::{GIB, read_capped};
use clip_lab_torch_ext::Script;
use tch::{Tensor, nn};

use prefixes::prefixes;

/// The buffer with the digest of the archive.
const DIGEST: &str = "archive_digest";

/// Maximum size of an archive.
const MAX_ARCHIVE: u64 = 64 * GIB;

/// A module from a file; its parameters and buffers become variables with the same names.
///
/// An additional buffer, `archive_digest`, holds the file's digest: the code and the constants of the archive determine
/// the features as much as the weights do, so the digest distinguishes cached features and ties a checkpoint to its
/// archive.
#[derive(Debug)]
pub struct Scripted {
    script: Script,
    parameters: Vec<(String, Tensor)>,
    width: i64,
    digest: (Tensor, Vec<i64>),
    digest_agrees: Cell<bool>,
}

impl Scripted {
    /// Loads `path` and registers its tensors as variables below `vars`. All parameters are trainable, whatever the
    /// file states: the spec determines what is locked.
    ///
    /// # Errors
    /// If the file is missing or not a TorchScript archive.
    pub fn new(vars: &nn::Path<'_>, path: &Path, width: i64) -> Result<Self> {
        let bytes =
            read_capped(path, MAX_ARCHIVE).with_context(|| format!("{} cannot be read", path.display()))?;
        let script = Script::load(path, vars.device()).with_context(|| {
            let file = path.display();
            format!(
                "{file} is not a TorchScript archive; create one with `torch.jit.script(module).save(\"{file}\")`"
            )
        })?;
        let parameters = deduplicated(script.parameters()?);
        for (name, tensor) in &parameters {
            add(vars, name, tensor, true);
        }
        for (name, tensor) in script.buffers()? {
            add(vars, &name, &tensor, false);
        }
        let digest: Vec<i64> = blake3::hash(&bytes).as_bytes().iter().map(|&byte| byte.into()).collect();
        let stored = Tensor::from_slice(&digest).f_to_kind(tch::Kind::Uint8)?.f_to_device(vars.device())?;
        let stored = vars.add(DIGEST, stored, false);
        Ok(Self { script, parameters, width, digest: (stored, digest), digest_agrees: Cell::new(false) })
    }

    /// Calls the module; its output must be `[B, width]`, where B is the first dimension of the first input.
    ///
    /// # Errors
    /// If the module raises, returns another shape, or the checkpoint belongs to another archive.
    pub fn forward(&self, inputs: &[&Tensor], train: bool) -> Result<Tensor> {
        self.same_archive()?;
        let locked = !self.parameters.iter().any(|(_, tensor)| tensor.requires_grad());
        let out = self.script.forward(inputs, train && !locked).context("the module's forward failed")?;
        let expected = [inputs.first().map_or(0, |input| input.size()[0]), self.width];
        let actual = out.size();
        ensure!(
            actual == expected,
            "the module returned {actual:?}, expected {expected:?}: one row of `width` values per input; set `width` to the \
             module's width"
        );
        Ok(out)
    }

    /// Prefixes of its parameters from input to output, in the order in which the module declares them.
    pub fn layers(&self) -> Vec<String> {
        prefixes(&self.parameters.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
    }

    /// Checks once that weights from a checkpoint belong to this archive.
    fn same_archive(&self) -> Result<()> {
        if !self.digest_agrees.get() {
            let stored = Vec::<i64>::try_from(self.digest.0.f_to_kind(tch::Kind::Int64)?)?;
            ensure!(
                stored == self.digest.1,
                "the weights were trained with another TorchScript archive than the current file: restore the old file, or \
                 start a new run"
            );
            self.digest_agrees.set(true);
        }
        Ok(())
    }
}

/// Merges the names of a shared weight: a weight that two parts of a module share is one variable.
fn deduplicated(parameters: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    let mut unique = Vec::<(String, Tensor)>::new();
    for (name, tensor) in parameters {
        if !unique.iter().any(|(_, other)| other.data_ptr() == tensor.data_ptr() && tensor.numel() > 0) {
            unique.push((name, tensor));
        }
    }
    unique
}

/// Adds `blocks.0.weight` below `vars`: each part of the name is a level of the path.
fn add(vars: &nn::Path<'_>, name: &str, tensor: &Tensor, trainable: bool) {
    let (levels, leaf) = name.rsplit_once('.').unwrap_or(("", name));
    let parents = levels.split('.').filter(|level| !level.is_empty());
    let path = parents.fold(vars.clone(), |path, level| path / level);
    let _ = path.add(leaf, tensor.shallow_clone(), trainable);
}
