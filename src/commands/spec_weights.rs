//! Resolves the MODEL argument: a spec, a run, or a checkpoint file of a run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::ModelWeights;
use clip_lab_spec::secret;
use clip_lab_store::Reader;

use crate::spec::Spec;

/// A spec and its trained weights; without weights, the model is initialised as a run of the spec.
pub struct SpecWeights {
    /// The spec of the model.
    pub spec: Spec,
    /// A clip-lab checkpoint.
    pub weights: Option<PathBuf>,
}

impl SpecWeights {
    /// Resolves `model`, and applies the overrides `sets` to its spec.
    ///
    /// # Errors
    /// If there is no such file or run, it has no checkpoint, or its spec cannot be read.
    pub fn find(model: &str, sets: &[String], store: &Path) -> Result<Self> {
        let path = Path::new(model);
        let ends =
            |ending: &str| path.is_file() && path.extension().is_some_and(|extension| extension == ending);
        if ends("toml") {
            return Ok(Self { spec: Spec::read(path, sets)?.into_trusted(), weights: None });
        }
        if ends("safetensors") {
            let spec = path.with_file_name("spec.toml");
            ensure!(spec.exists(), "{model}: no spec.toml beside it; name a checkpoint in a run's folder");
            return Ok(Self { spec: Spec::read(&spec, sets)?, weights: Some(path.to_owned()) });
        }
        Self::run(model, sets, store)
    }

    fn run(model: &str, sets: &[String], store: &Path) -> Result<Self> {
        let reader = Reader::open(store).with_context(|| {
            format!(
                "`{model}` is neither a spec nor a checkpoint, and the store cannot be opened to find a run"
            )
        })?;
        let run = reader.run(model)?;
        let (file, recorded) = (run.dir.join("spec.toml"), reader.spec_text(run.id)?);
        // The run's own file has the secrets, which the store does not hold.
        let beside = clip_lab_spec::read_spec_text(&file).ok().filter(|text| secret::spec(text) == recorded);
        let spec = Spec::parse(&file.display().to_string(), &beside.unwrap_or(recorded), sets)?;
        let weights = weights_in(&run.dir, None).ok();
        ensure!(weights.is_some(), "run {} has no checkpoint in {}", run.uid, run.dir.display());
        Ok(Self { spec, weights })
    }
}

/// The checkpoint in a run's folder: the requested weights, else the best, else the last.
///
/// # Errors
/// If the checkpoint does not exist; the message lists those that do.
pub fn weights_in(folder: &Path, weights: Option<ModelWeights>) -> Result<PathBuf> {
    let names: &[&str] = match weights {
        None => &["best.safetensors", "last.safetensors"],
        Some(ModelWeights::Raw) => &["best.safetensors"],
        Some(ModelWeights::Ema) => &["best_ema.safetensors"],
        Some(ModelWeights::Last) => &["last.safetensors"],
    };
    let found = names.iter().map(|name| folder.join(name)).find(|file| file.exists());
    found.with_context(|| {
        let available: Vec<&str> = ["best", "best_ema", "last"]
            .into_iter()
            .filter(|name| folder.join(format!("{name}.safetensors")).exists())
            .collect();
        let available =
            if available.is_empty() { "no weights".to_owned() } else { available.join(", ") };
        format!(
            "{} has no {}; it has {available} (a run saves its best weights with `select = \"best\"` in [run])",
            folder.display(),
            names[0]
        )
    })
}
