//! A model to compute with: what a user names, planned, and then built with its weights.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_api::Catalog;
use clip_lab_checkpoint::{Checkpoint, TensorFile};
use clip_lab_cli::ModelWeights;
use clip_lab_store::Reader;
use tch::{Device, nn};

use super::named::{Named, weights_in};
use crate::{
    model::{Classifier, ImageTower, Start, TextTower},
    plan::{self, ModelPlan, plan_model},
    spec::Spec,
    train::checkpoint,
};

/// A model, planned; no tensor made.
pub struct Target {
    /// Its sides.
    pub plan: ModelPlan,
    /// The checkpoint of ours with its weights; none where the plan says where they come from.
    pub checkpoint: Option<PathBuf>,
    /// The classifier of a checkpoint that has one, in place of a text tower.
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
    /// What a checkpoint without a text tower tells apart.
    pub classes: Option<Classes>,
}

/// A classifier and what it tells apart.
pub struct Classes {
    /// Image embeddings to one number for each class.
    pub classifier: Classifier,
    /// The classes, in the order of these numbers.
    pub names: Vec<String>,
}

impl Target {
    /// A spec file, a folder or file in any layout that `from` reads, or a run of the store with the weights that are
    /// asked for.
    ///
    /// # Errors
    /// When there is nothing of that name, the run has no such weights, or no model can be read there.
    pub fn find(
        model: &str,
        weights: Option<ModelWeights>,
        sets: &[String],
        store: &Path,
        catalog: &Catalog,
    ) -> Result<Self> {
        if let Some(weights) = weights {
            let file = chosen(model, weights, store)?;
            return Self::find(&file.display().to_string(), None, sets, store, catalog);
        }
        // Folders and hub names in layouts of other tools; what is ours has a spec.
        if is_checkpoint(model) {
            return Self::from_checkpoint(model, sets, catalog);
        }
        let named = Named::find(model, sets, store)?;
        let mut plan = plan_model(named.spec, catalog)?;
        // The text tower that only began a classifier is not in the checkpoint.
        if named.weights.as_deref().is_some_and(lacks_texts) {
            plan.text = None;
        }
        let classifier = named.weights.as_deref().map(classifier_in).transpose()?.flatten();
        Ok(Self { plan, checkpoint: named.weights, classifier })
    }

    /// All that a checkpoint holds which `from` can name.
    ///
    /// # Errors
    /// When it cannot be read, or holds no tower.
    pub fn from_checkpoint(from: &str, sets: &[String], catalog: &Catalog) -> Result<Self> {
        let checkpoint = clip_lab_checkpoint::open(from)?;
        let plan = plan_model(Spec::parse(from, &folder_spec(from, &checkpoint)?, sets)?, catalog)?;
        Ok(Self { plan, checkpoint: None, classifier: checkpoint.classifier()? })
    }

    /// The towers with their weights.
    ///
    /// # Errors
    /// When a plugin cannot be built or the weights do not fit.
    pub fn build(&self, device: Device) -> Result<Model> {
        // What is random without a checkpoint is the same at every call, so that what is kept of it serves again.
        tch::manual_seed(0);
        let vars = nn::VarStore::new(device);
        let start = if self.checkpoint.is_some() { Start::ToBeLoaded } else { Start::FromSpec };
        let plan = &self.plan;
        let image = plan.image.as_ref().map(|side| ImageTower::build(side, &vars, start)).transpose()?;
        let text = plan.text.as_ref().map(|side| TextTower::build(side, &vars, start)).transpose()?;
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
            settings.try_into().context("the settings of the checkpoint's classifier cannot be read")?;
        let classes = stated.classes.len() as i64;
        let classifier = Classifier::build(&settings, vars, image.head.dim, classes)?;
        stated.weights.load(vars, "classifier")?;
        Ok(Some(Classes { classifier, names: stated.classes.clone() }))
    }
}

/// Checkpoints of earlier versions do not say which model they are of, and name no classes: none.
fn classifier_in(file: &Path) -> Result<Option<clip_lab_checkpoint::Classifier>> {
    if checkpoint::peek(file)?.model.is_empty() {
        return Ok(None);
    }
    clip_lab_checkpoint::open(&file.to_string_lossy())?.classifier()
}

/// The file of a run's weights.
fn chosen(model: &str, weights: ModelWeights, store: &Path) -> Result<PathBuf> {
    ensure!(!Path::new(model).exists(), "--weights chooses among the weights of a run, and {model} is none");
    let reader = Reader::open(store)
        .with_context(|| format!("--weights is for runs, and `{model}` cannot be looked up"))?;
    weights_in(&reader.run(model)?.dir, Some(weights))
}

fn lacks_texts(checkpoint: &Path) -> bool {
    let named = |file: TensorFile| file.names().iter().any(|name| name.starts_with("model/text."));
    TensorFile::open(checkpoint).is_ok_and(|file| !named(file))
}

/// Whether `model` is what `from` takes: a folder, a name of the hub, or a file that is neither a spec nor a checkpoint
/// in the folder of a run.
pub fn is_checkpoint(model: &str) -> bool {
    let path = Path::new(model);
    let spec = path.extension().is_some_and(|ending| ending == "toml");
    let foreign = path.is_file() && !spec && !path.with_file_name("spec.toml").exists();
    path.is_dir() || model.starts_with("hf:") || foreign
}

/// A spec whose model is all that the checkpoint at `from` holds.
///
/// # Errors
/// When it cannot be read, or holds no tower.
pub fn folder_spec(from: &str, checkpoint: &Checkpoint) -> Result<String> {
    let parts = [
        ("image", checkpoint.image()?.is_some()),
        ("text", checkpoint.text()?.is_some()),
        ("image_projection", checkpoint.image_projection()?.is_some()),
        ("text_projection", checkpoint.text_projection()?.is_some()),
    ];
    if !parts.iter().any(|(_, there)| *there) {
        bail!("{from} holds neither an image nor a text tower that clip-lab knows");
    }
    let from = toml::Value::from(from);
    let table = |(part, _): &(&str, bool)| format!("[model.{part}]\nfrom = {from}\n");
    Ok(parts.iter().filter(|(_, there)| *there).map(table).collect())
}
