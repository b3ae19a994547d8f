//! A TorchScript module as a tower: what the image and the text plugin share.

mod prefixes;

use std::{cell::Cell, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_files::{GIB, read_capped};
use clip_lab_torch::Script;
use tch::{Tensor, nn};

use prefixes::prefixes;

/// The variable that holds the digest of the archive.
const DIGEST: &str = "archive_digest";

/// The largest archive.
const MOST_ARCHIVE: u64 = 64 * GIB;

/// A module from a file; its parameters and buffers are variables with the names that they have there.
///
/// One more buffer, `archive_digest`, holds the file's digest: code and constants of the archive decide features as
/// much as weights do, so cached features are told apart by it, and a checkpoint knows which archive it belongs to.
#[derive(Debug)]
pub struct Scripted {
    script: Script,
    parameters: Vec<(String, Tensor)>,
    width: i64,
    digest: (Tensor, Vec<i64>),
    digest_agrees: Cell<bool>,
}

impl Scripted {
    /// Loads `path` and makes its tensors variables below `vars`. Every parameter is trainable, whatever the file
    /// says: what is locked is said by the spec.
    ///
    /// # Errors
    /// When the file is missing, or no TorchScript archive, or has two parameters of one name.
    pub fn new(vars: &nn::Path<'_>, path: &Path, width: i64) -> Result<Self> {
        let bytes =
            read_capped(path, MOST_ARCHIVE).with_context(|| format!("{} cannot be read", path.display()))?;
        let script = Script::load(path, vars.device()).with_context(|| {
            let file = path.display();
            format!(
                "{file} is no TorchScript archive; write one with `torch.jit.script(module).save(\"{file}\")`"
            )
        })?;
        let parameters = distinct(script.parameters()?);
        for (name, tensor) in &parameters {
            add(vars, name, tensor, true);
        }
        for (name, tensor) in script.buffers()? {
            add(vars, &name, &tensor, false);
        }
        let digest: Vec<i64> = blake3::hash(&bytes).as_bytes().iter().map(|&byte| byte.into()).collect();
        let kept = Tensor::from_slice(&digest).f_to_kind(tch::Kind::Uint8)?.f_to_device(vars.device())?;
        let kept = vars.add(DIGEST, kept, false);
        Ok(Self { script, parameters, width, digest: (kept, digest), digest_agrees: Cell::new(false) })
    }

    /// Calls the module; what comes out must be `[B, width]`, where B is the first size of the first input.
    ///
    /// # Errors
    /// What the module raises, another shape, or a checkpoint that belongs to another archive.
    pub fn forward(&self, inputs: &[&Tensor], train: bool) -> Result<Tensor> {
        self.same_archive()?;
        let locked = !self.parameters.iter().any(|(_, tensor)| tensor.requires_grad());
        let out = self.script.forward(inputs, train && !locked).context("the module's forward failed")?;
        let want = [inputs.first().map_or(0, |input| input.size()[0]), self.width];
        let got = out.size();
        ensure!(
            got == want,
            "the module gave {got:?} where {want:?} was due: one row for each input, `width` values wide; set `width` to \
             what the module gives"
        );
        Ok(out)
    }

    /// Prefixes of its parameters from input to output, in the order in which the module declares them.
    pub fn layers(&self) -> Vec<String> {
        prefixes(&self.parameters.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
    }

    /// Once: weights may have come from a checkpoint, and belong to the code that they were trained with.
    fn same_archive(&self) -> Result<()> {
        if !self.digest_agrees.get() {
            let kept = Vec::<i64>::try_from(self.digest.0.f_to_kind(tch::Kind::Int64)?)?;
            ensure!(
                kept == self.digest.1,
                "the weights were trained with another TorchScript archive than the file of today: put the old file back, \
                 or start a new run"
            );
            self.digest_agrees.set(true);
        }
        Ok(())
    }
}

/// A weight that two parts of a module share has two names there; it is one variable here.
fn distinct(parameters: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    let mut kept = Vec::<(String, Tensor)>::new();
    for (name, tensor) in parameters {
        if !kept.iter().any(|(_, known)| known.data_ptr() == tensor.data_ptr() && tensor.numel() > 0) {
            kept.push((name, tensor));
        }
    }
    kept
}

/// `blocks.0.weight` below `vars`: each part of the name is a level.
fn add(vars: &nn::Path<'_>, name: &str, tensor: &Tensor, trainable: bool) {
    let (levels, leaf) = name.rsplit_once('.').unwrap_or(("", name));
    let parents = levels.split('.').filter(|level| !level.is_empty());
    let path = parents.fold(vars.clone(), |path, level| path / level);
    let _ = path.add(leaf, tensor.shallow_clone(), trainable);
}
