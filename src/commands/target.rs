//! Resolves the MODEL argument to a planned model and builds it with its weights.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_checkpoint::{Checkpoint, TensorFile};
use clip_lab_cli::{ModelWeights, note};
use clip_lab_plugin_api::Catalog;
use clip_lab_store::Reader;
use tch::{Device, nn};

use super::spec_weights::{SpecWeights, weights_in};
use crate::{
    model::{Classifier, ImageTower, TextTower, WeightsSource},
    plan::{self, ModelPlan, plan_model},
    spec::Spec,
    train::checkpoint,
};

/// A planned model, without tensors.
pub struct Target {
    /// The model's plan.
    pub plan: ModelPlan,
    /// The clip-lab checkpoint of its weights; none if the plan names their origin.
    pub checkpoint: Option<PathBuf>,
    /// The checkpoint's classifier, which replaces a text tower.
    pub classifier: Option<clip_lab_checkpoint::Classifier>,
}

/// A model with its weights.
pub struct Model {
    /// Every variable, `image.*`, `image_projection.*`, `text.*`, `text_projection.*` and `classifier.*`.
    pub vars: nn::VarStore,
    /// The image side.
    pub image: Option<ImageTower>,
    /// The text side.
    pub text: Option<TextTower>,
    /// The classes of a checkpoint without a text tower.
    pub classes: Option<Classes>,
}

/// A classifier and its classes.
pub struct Classes {
    /// Image embeddings to one logit per class.
    pub classifier: Classifier,
    /// The classes, in the order of the logits.
    pub names: Vec<String>,
}

impl Target {
    /// Resolves `model`: a spec file, a folder or file in any layout that `from` reads, or a run of the store with the
    /// requested weights.
    ///
    /// # Errors
    /// If nothing has that name, the run does not have these weights, or no model can be read.
    pub fn find(
        model: &str,
        weights: Option<ModelWeights>,
        sets: &[String],
        store: &Path,
        catalog: &Catalog,
    ) -> Result<Self> {
        note_folder(model, store);
        if let Some(weights) = weights {
            let file = run_weights(model, weights, store)?;
            return Self::find(&file.display().to_string(), None, sets, store, catalog);
        }
        // Folders and hub names have the layouts of other tools; clip-lab checkpoints have a spec.
        if is_checkpoint(model, store) {
            return Self::from_checkpoint(model, sets, catalog);
        }
        let found = SpecWeights::find(model, sets, store)?;
        let mut plan = plan_model(found.spec, catalog)?;
        // A text tower that only initialised a classifier is not in the checkpoint.
        if found.weights.as_deref().is_some_and(has_no_text_tower) {
            plan.text = None;
        }
        let classifier = found.weights.as_deref().map(classifier_in).transpose()?.flatten();
        Ok(Self { plan, checkpoint: found.weights, classifier })
    }

    /// All parts of a checkpoint, as `from` reads them.
    ///
    /// # Errors
    /// If the checkpoint cannot be read or holds no tower.
    pub fn from_checkpoint(from: &str, sets: &[String], catalog: &Catalog) -> Result<Self> {
        let checkpoint = clip_lab_checkpoint::open(from)?;
        let plan = plan_model(Spec::parse(from, &folder_spec(from, &checkpoint)?, sets)?, catalog)?;
        Ok(Self { plan, checkpoint: None, classifier: checkpoint.classifier()? })
    }

    /// Builds the towers with their weights.
    ///
    /// # Errors
    /// If a plugin cannot be built or the weights do not fit.
    pub fn build(&self, device: Device) -> Result<Model> {
        // A fixed seed makes random weights the same at every call, so that cached embeddings stay valid.
        tch::manual_seed(0);
        let vars = nn::VarStore::new(device);
        let source = if self.checkpoint.is_some() { WeightsSource::Checkpoint } else { WeightsSource::Spec };
        let plan = &self.plan;
        let image = plan.image.as_ref().map(|side| ImageTower::build(side, &vars, source)).transpose()?;
        let text = plan.text.as_ref().map(|side| TextTower::build(side, &vars, source)).transpose()?;
        if let Some(path) = &self.checkpoint {
            checkpoint::read_weights(path, &vars)?;
        }
        let classes = self.classes(&vars)?;
        Ok(Model { vars, image, text, classes })
    }

    /// The classifier with its weights.
    fn classes(&self, vars: &nn::VarStore) -> Result<Option<Classes>> {
        let (Some(stated), Some(image)) = (&self.classifier, &self.plan.image) else { return Ok(None) };
        let settings = toml::Value::Table(stated.settings.clone());
        let settings: plan::Classifier =
            settings.try_into().context("the settings of the checkpoint's classifier are invalid")?;
        let classes = stated.classes.len() as i64;
        let classifier = Classifier::build(&settings, vars, image.head.dim, classes)?;
        stated.weights.load(vars, "classifier")?;
        Ok(Some(Classes { classifier, names: stated.classes.clone() }))
    }
}

/// The classifier of a checkpoint. Checkpoints of earlier versions have neither model metadata nor classes: none.
fn classifier_in(file: &Path) -> Result<Option<clip_lab_checkpoint::Classifier>> {
    if checkpoint::read_metadata(file)?.model.is_empty() {
        return Ok(None);
    }
    clip_lab_checkpoint::open(&file.to_string_lossy())?.classifier()
}

/// The file of a run's weights.
fn run_weights(model: &str, weights: ModelWeights, store: &Path) -> Result<PathBuf> {
    let other = Path::new(model).exists() && !hides_folder(model, store);
    ensure!(!other, "--weights selects weights of a run, but {model} is not a run");
    let reader = Reader::open(store)
        .with_context(|| format!("--weights is for runs, and `{model}` cannot be found"))?;
    weights_in(&reader.run(model)?.dir, Some(weights))
}

fn has_no_text_tower(checkpoint: &Path) -> bool {
    let has_text = |file: TensorFile| file.names().iter().any(|name| name.starts_with("model/text."));
    TensorFile::open(checkpoint).is_ok_and(|file| !has_text(file))
}

/// Whether `model` names a run and also a folder: a name without `/` means the run.
pub fn hides_folder(model: &str, store: &Path) -> bool {
    let runs = || Reader::open(store).and_then(|reader| reader.runs()).unwrap_or_default();
    !model.contains('/')
        && Path::new(model).is_dir()
        && runs().iter().any(|run| run.name == model || run.uid == model)
}

/// Tells the user if `model` is a run that hides a folder.
pub fn note_folder(model: &str, store: &Path) {
    if hides_folder(model, store) {
        note!("`{model}` is both a run and a folder: using the run; `./{model}` is the folder");
    }
}

/// Whether `from` can read `model`: a folder, a hub name, or a file that is neither a spec nor a checkpoint in a run's
/// folder. A run hides the folder of its name.
pub fn is_checkpoint(model: &str, store: &Path) -> bool {
    let path = Path::new(model);
    let spec = path.extension().is_some_and(|ending| ending == "toml");
    let foreign = path.is_file() && !spec && !path.with_file_name("spec.toml").exists();
    (path.is_dir() && !hides_folder(model, store)) || model.starts_with("hf:") || foreign
}

/// A spec with every part of the checkpoint at `from`.
///
/// # Errors
/// If the checkpoint cannot be read or holds no tower.
pub fn folder_spec(from: &str, checkpoint: &Checkpoint) -> Result<String> {
    let parts = [
        ("image", checkpoint.image()?.is_some()),
        ("text", checkpoint.text()?.is_some()),
        ("image_projection", checkpoint.image_projection()?.is_some()),
        ("text_projection", checkpoint.text_projection()?.is_some()),
    ];
    if !parts.iter().any(|(_, present)| *present) {
        bail!("{from} holds no image or text tower in a supported layout");
    }
    let from = toml::Value::from(from);
    let table = |(part, _): &(&str, bool)| format!("[model.{part}]\nfrom = {from}\n");
    Ok(parts.iter().filter(|(_, present)| *present).map(table).collect())
}

#[cfg(test)]
mod tests {
    use clip_lab_store::{NewRun, Recorder, Status};

    use super::*;

    #[test]
    fn a_run_hides_the_folder_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("lab.db");
        assert!(is_checkpoint("src", &store), "there is no store");
        let run = NewRun { name: "src".to_owned(), uid: clip_lab_store::new_uid(), ..NewRun::default() };
        Recorder::start(&store, run).unwrap().finish(Status::Finished, None);
        assert!(!is_checkpoint("src", &store) && hides_folder("src", &store));
        for other in ["./src", "src/", "docs"] {
            assert!(is_checkpoint(other, &store) && !hides_folder(other, &store), "{other}");
        }
    }
}
