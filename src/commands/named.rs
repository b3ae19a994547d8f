//! What a user may name when a model is wanted: a spec, a run, or a checkpoint file of a run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::ModelWeights;
use clip_lab_spec::secret;
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
            return Ok(Self { spec: Spec::read(path, sets)?.as_own(), weights: None });
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
        let (file, recorded) = (run.dir.join("spec.toml"), reader.spec_text(run.id)?);
        // The same, with the secrets that the store does not hold.
        let beside = fs::read_to_string(&file).ok().filter(|text| secret::spec(text) == recorded);
        let spec = Spec::parse(&file.display().to_string(), &beside.unwrap_or(recorded), sets)?;
        let weights = weights_in(&run.dir, None).ok();
        ensure!(weights.is_some(), "run {} has no checkpoint in {}", run.uid, run.dir.display());
        Ok(Self { spec, weights })
    }
}

/// The weights in a run's folder: those asked for, else the best, or the last where no evaluation chose any.
///
/// # Errors
/// When they are not there; the message says which are.
pub fn weights_in(folder: &Path, weights: Option<ModelWeights>) -> Result<PathBuf> {
    let names: &[&str] = match weights {
        None => &["best.safetensors", "last.safetensors"],
        Some(ModelWeights::Raw) => &["best.safetensors"],
        Some(ModelWeights::Ema) => &["best_ema.safetensors"],
        Some(ModelWeights::Last) => &["last.safetensors"],
    };
    let found = names.iter().map(|name| folder.join(name)).find(|file| file.exists());
    found.with_context(|| {
        let there: Vec<&str> = ["best", "best_ema", "last"]
            .into_iter()
            .filter(|name| folder.join(format!("{name}.safetensors")).exists())
            .collect();
        let there = if there.is_empty() { "no weights".to_owned() } else { there.join(", ") };
        format!(
            "{} has no {}; it has {there} (a run keeps its best weights with `select = \"best\"` in [run])",
            folder.display(),
            names[0]
        )
    })
}
