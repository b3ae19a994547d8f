//! clip-lab's own checkpoints: `last`, `best` and `best_ema.safetensors` in the folder of a run. Their metadata `model`
//! holds the plugin and settings of each part: `{"image": {"plugin", "settings"}, ...}`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Layout;
use super::model_metadata::{ModelMetadata, table};
use crate::positions::Positions;
use crate::source::{TensorFile, Tensors};
use crate::{Classifier, Import, Preprocess, Weights};
use anyhow::{Context as _, Result, bail};

/// The checkpoints of a run's folder, by preference; also of `clip-lab embed RUN`.
const FILES: [&str; 2] = ["best.safetensors", "last.safetensors"];

pub(super) struct ClipLab {
    file: PathBuf,
    model: ModelMetadata,
    tensors: Arc<dyn Tensors>,
}

/// The checkpoint in a folder, if it is that of a run.
pub(super) fn checkpoint(folder: &Path) -> Option<PathBuf> {
    FILES.iter().map(|name| folder.join(name)).find(|file| file.exists())
}

/// Whether a file is a clip-lab checkpoint.
pub(super) fn is_clip_lab(file: &TensorFile) -> bool {
    file.metadata().get("format").is_some_and(|format| format == "clip-lab")
}

impl ClipLab {
    pub fn open(file: TensorFile) -> Result<Self> {
        let path = file.path().to_owned();
        let Some(text) = file.metadata().get("model").filter(|text| !text.is_empty()) else {
            bail!(
                "{}: this clip-lab checkpoint has no model metadata, because an earlier version wrote it; resume its run \
                 for one step (clip-lab run SPEC --resume RUN) to write a new one",
                path.display()
            )
        };
        let model = ModelMetadata::read(text)
            .with_context(|| format!("{}: invalid metadata `model`", path.display()))?;
        Ok(Self { file: path, model, tensors: Arc::new(file) })
    }

    /// A part with its settings, and its weights if it has any.
    fn part(&self, name: &str) -> Result<Option<Import>> {
        let part = self.model.part(name).with_context(|| self.file.display().to_string())?;
        let Some((plugin, settings)) = part else { return Ok(None) };
        let weights = self.weights(name, &plugin);
        Ok(Some(Import { plugin: plugin.into(), settings, needs: Vec::new(), weights }))
    }

    /// A tower, if its weights exist: a text tower that only initialised a classifier has none.
    fn tower(&self, name: &str) -> Result<Option<Import>> {
        Ok(self.part(name)?.filter(|import| import.weights.is_some()))
    }

    /// The tensors of a part.
    fn weights(&self, name: &str, plugin: &str) -> Option<Weights> {
        let (prefix, names) = (format!("model/{name}."), self.tensors.names());
        if !names.iter().any(|name| name.starts_with(&prefix)) {
            return None;
        }
        let others = names.iter().filter(|name| !name.starts_with(&prefix));
        let others: BTreeSet<&str> =
            others.map(|name| name.find('.').map_or(name.as_str(), |dot| &name[..=dot])).collect();
        let others: Vec<&str> = others.into_iter().collect();
        let weights = Weights::new(&self.tensors, &prefix, &[], &others);
        Some(match plugin {
            "vit" => weights.resampling("embeddings.position", Positions::Grid { antialias: true }),
            "resnet" => weights.resampling("head.position", Positions::Grid { antialias: true }),
            "clip_transformer" => weights.resampling("embeddings.position", Positions::Line),
            _ => weights,
        })
    }
}

impl Layout for ClipLab {
    fn image(&self) -> Result<Option<Import>> {
        self.tower("image")
    }

    fn text(&self) -> Result<Option<Import>> {
        self.tower("text")
    }

    fn image_projection(&self) -> Result<Option<Import>> {
        self.part("image_projection")
    }

    fn text_projection(&self) -> Result<Option<Import>> {
        if self.text()?.is_some() { self.part("text_projection") } else { Ok(None) }
    }

    fn tokenizer(&self) -> Result<Option<Import>> {
        if self.text()?.is_some() { self.part("tokenizer") } else { Ok(None) }
    }

    fn classifier(&self) -> Result<Option<Classifier>> {
        let Some(weights) = self.weights("classifier", "") else { return Ok(None) };
        let Some(value) = self.model.value("classifier") else { return Ok(None) };
        let classes = serde_json::from_value(value["classes"].clone())
            .with_context(|| format!("{}: invalid classes of the classifier", self.file.display()))?;
        Ok(Some(Classifier { settings: table(&value["settings"]), classes, weights }))
    }

    fn loss(&self) -> Result<Option<Import>> {
        self.part("loss")
    }

    fn preprocess(&self) -> Result<Option<Preprocess>> {
        let Some(value) = self.model.value("preprocess") else { return Ok(None) };
        let read = serde_json::from_value(value.clone());
        read.map(Some).with_context(|| format!("{}: invalid metadata `preprocess`", self.file.display()))
    }

    fn describe(&self) -> String {
        format!("clip-lab checkpoint {}", self.file.display())
    }
}
