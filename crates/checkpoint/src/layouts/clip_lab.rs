//! clip-lab's own checkpoints: `last`, `best` and `best_ema.safetensors` in the folder of a run. Their metadata says
//! under `model` which plugins with which settings the tensors belong to: `{"image": {"plugin", "settings"}, ...}`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Layout;
use super::stated::{Stated, table};
use crate::positions::Positions;
use crate::source::{TensorFile, Tensors};
use crate::{Classifier, Import, Preprocess, Weights};
use anyhow::{Context as _, Result, bail};

/// What the folder of a run is opened by, as `clip-lab embed RUN` does.
const FILES: [&str; 2] = ["best.safetensors", "last.safetensors"];

pub(super) struct ClipLab {
    file: PathBuf,
    model: Stated,
    tensors: Arc<dyn Tensors>,
}

/// The checkpoint in the folder of a run, if it is one.
pub(super) fn checkpoint(folder: &Path) -> Option<PathBuf> {
    FILES.iter().map(|name| folder.join(name)).find(|file| file.exists())
}

/// Whether a file is a checkpoint of ours.
pub(super) fn is_ours(file: &TensorFile) -> bool {
    file.metadata().get("format").is_some_and(|format| format == "clip-lab")
}

impl ClipLab {
    pub fn open(file: TensorFile) -> Result<Self> {
        let path = file.path().to_owned();
        let Some(text) = file.metadata().get("model").filter(|text| !text.is_empty()) else {
            bail!(
                "{}: this checkpoint of clip-lab does not say which model it is of, as those of earlier versions do \
                 not; go on with its run for a step (clip-lab run SPEC --resume RUN), and a new one is written",
                path.display()
            )
        };
        let model = Stated::read(text)
            .with_context(|| format!("{}: its metadata `model` cannot be read", path.display()))?;
        Ok(Self { file: path, model, tensors: Arc::new(file) })
    }

    /// A part with its settings, and its weights where it has any.
    fn part(&self, name: &str) -> Result<Option<Import>> {
        let stated = self.model.part(name).with_context(|| self.file.display().to_string())?;
        let Some((plugin, settings)) = stated else { return Ok(None) };
        let weights = self.weights(name, &plugin);
        Ok(Some(Import { plugin: plugin.into(), settings, needs: Vec::new(), weights }))
    }

    /// A tower is there when its weights are: the text tower that only began a classifier is not.
    fn tower(&self, name: &str) -> Result<Option<Import>> {
        Ok(self.part(name)?.filter(|import| import.weights.is_some()))
    }

    /// The tensors of a part, which have our names.
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
        let Some(stated) = self.model.value("classifier") else { return Ok(None) };
        let classes = serde_json::from_value(stated["classes"].clone()).with_context(|| {
            format!("{}: the classes of its classifier cannot be read", self.file.display())
        })?;
        Ok(Some(Classifier { settings: table(&stated["settings"]), classes, weights }))
    }

    fn loss(&self) -> Result<Option<Import>> {
        self.part("loss")
    }

    fn preprocess(&self) -> Result<Option<Preprocess>> {
        let Some(stated) = self.model.value("preprocess") else { return Ok(None) };
        let read = serde_json::from_value(stated.clone());
        read.map(Some)
            .with_context(|| format!("{}: `preprocess` in its metadata cannot be read", self.file.display()))
    }

    fn describe(&self) -> String {
        format!("clip-lab checkpoint {}", self.file.display())
    }
}
