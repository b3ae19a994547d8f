//! What a user may name when a model is wanted: a spec, a run, or a checkpoint file of a run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clip_lab_store::Reader;

use crate::spec::Spec;

/// A spec, and the weights that were trained with it; none: those that a run of it begins with.
pub struct Named {
    /// What describes the model.
    pub spec: Spec,
    /// A checkpoint of ours.
    pub weights: Option<PathBuf>,
}

impl Named {
    /// Finds what `model` names, after `sets`.
    ///
    /// # Errors
    /// When there is no such file or run, it has no checkpoint, or its spec cannot be read.
    pub fn find(model: &str, sets: &[String], store: &Path) -> Result<Self> {
        let path = Path::new(model);
        let ends = |ending: &str| path.is_file() && path.extension().is_some_and(|known| known == ending);
        if ends("toml") {
            return Ok(Self { spec: Spec::read(path, sets)?, weights: None });
        }
        if ends("safetensors") {
            let spec = path.with_file_name("spec.toml");
            ensure!(
                spec.exists(),
                "{model}: there is no spec.toml beside it; name a checkpoint in a run's folder"
            );
            return Ok(Self { spec: Spec::read(&spec, sets)?, weights: Some(path.to_owned()) });
        }
        Self::run(model, sets, store)
    }

    fn run(model: &str, sets: &[String], store: &Path) -> Result<Self> {
        let reader = Reader::open(store).with_context(|| {
            format!("`{model}` is no spec and no checkpoint, and no run can be looked up")
        })?;
        let run = reader.run(model)?;
        let file = run.dir.join("spec.toml").display().to_string();
        let spec = Spec::parse(&file, &reader.spec_text(run.id)?, sets)?;
        let files = ["best.safetensors", "last.safetensors"].map(|name| run.dir.join(name));
        let weights = files.into_iter().find(|file| file.exists());
        ensure!(weights.is_some(), "run {} has no checkpoint in {}", run.uid, run.dir.display());
        Ok(Self { spec, weights })
    }
}
