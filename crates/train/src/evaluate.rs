//! Evaluation of a model on a data set.

use std::{cell::OnceCell, sync::Arc};

use anyhow::{Context as _, Result};
use clip_lab_model::{ImageTower, Objective, embed_texts, unit};
use clip_lab_plugin_api::{Dataset, Embedded, Evaluation, Evaluator, Mode, Tokenizer};
use tch::{Device, Kind, Tensor};

use super::{
    components::Components,
    features::{Features, Filtered},
    inputs::Inputs,
};
use clip_lab_plan::{Plan, Split};

/// A trained model for evaluation.
pub struct Towers<'a> {
    /// Images to embeddings.
    pub image: &'a ImageTower,
    /// The objective: captions or classes.
    pub objective: &'a Objective,
    /// Text to token ids; none after training on classes.
    pub tokenizer: Option<&'a dyn Tokenizer>,
    /// Maximum number of tokens of a text.
    pub max_tokens: usize,
    /// The device of the towers.
    pub device: Device,
}

impl<'a> Towers<'a> {
    /// The towers of `components`.
    pub fn of(components: &'a Components, inputs: &'a Inputs, plan: &Plan, device: Device) -> Self {
        let max_tokens = plan.text.as_ref().map_or(0, |text| text.max_tokens);
        let (image, objective) = (&components.image, &components.objective);
        Self { image, objective, tokenizer: inputs.tokenizer.as_deref(), max_tokens, device }
    }

    /// L2-normalised embeddings of texts, `[T, D]`.
    ///
    /// # Errors
    /// If there is no text tower, or tokenizer or tower fail.
    pub fn embed_texts(&self, texts: &[&str]) -> Result<Tensor> {
        let (tower, tokenizer) =
            self.objective.texts().zip(self.tokenizer).context("the model has no text tower")?;
        embed_texts(tower, tokenizer, self.max_tokens, self.device, texts, true)
    }
}

/// Runs the evaluators of a split.
///
/// # Errors
/// If an evaluator fails.
pub fn evaluate_split(
    components: &Components,
    embedded: &EmbeddedData<'_>,
    split: Split,
) -> Result<Vec<Evaluation>> {
    let evals = components.evals.iter().filter(|(on, _)| on.contains(&split));
    evals
        .map(|(_, evaluator)| {
            embedded
                .evaluate(evaluator.as_ref())
                .with_context(|| format!("evaluating on [data.{}]", split.as_str()))
        })
        .collect()
}

/// A data set embedded by the towers. Embeddings are computed once and shared by the evaluators.
pub struct EmbeddedData<'a> {
    towers: &'a Towers<'a>,
    data: Filtered,
    features: Tensor,
    images: OnceCell<Tensor>,
    captions: OnceCell<(Tensor, Tensor)>,
}

impl<'a> EmbeddedData<'a> {
    /// Takes the image tower's `features` of `data`; unreadable images are excluded.
    ///
    /// # Errors
    /// If the features belong to another data set.
    pub fn new(towers: &'a Towers<'a>, data: Arc<dyn Dataset>, features: &Features) -> Result<Self> {
        let excluded: Vec<usize> = features.unreadable.iter().map(|image| image.image).collect();
        let data = Filtered::new(data, &excluded);
        let indices: Vec<i64> = data.indices().iter().map(|&index| index as i64).collect();
        let rows = features.rows.f_index_select(0, &Tensor::from_slice(&indices).to_device(towers.device))?;
        Ok(Self { towers, data, features: rows, images: OnceCell::new(), captions: OnceCell::new() })
    }

    /// The index in the whole data set of the readable image `index`.
    pub fn dataset_index(&self, index: usize) -> usize {
        self.data.indices()[index]
    }

    /// L2-normalised embeddings of the first captions of `images`, each of which has at least one. Reuses the embeddings
    /// of all captions if an evaluator has computed them.
    ///
    /// # Errors
    /// If tokenizer or tower fail.
    pub fn first_captions(&self, images: &[usize]) -> Result<Tensor> {
        let Some((rows, _)) = self.captions.get() else {
            let texts: Vec<&str> =
                images.iter().map(|&image| self.data.captions(image)[0].as_str()).collect();
            return self.towers.embed_texts(&texts);
        };
        let starts = (0..self.data.len()).scan(0, |next, image| {
            let start = *next;
            *next += self.data.captions(image).len();
            Some(start)
        });
        let starts: Vec<usize> = starts.collect();
        let rows_of: Vec<i64> = images.iter().map(|&image| starts[image] as i64).collect();
        Ok(rows.f_index_select(0, &Tensor::from_slice(&rows_of).to_device(self.towers.device))?)
    }

    /// Runs an evaluator without gradients.
    ///
    /// # Errors
    /// If the evaluator fails.
    pub fn evaluate(&self, evaluator: &dyn Evaluator) -> Result<Evaluation> {
        tch::no_grad(|| evaluator.evaluate(self))
    }

    fn embed_captions(&self) -> Result<(Tensor, Tensor)> {
        let images = 0..self.data.len();
        let (mut texts, mut owners) = (Vec::new(), Vec::new());
        for image in images {
            for caption in self.data.captions(image) {
                texts.push(caption.as_str());
                owners.push(image as i64);
            }
        }
        anyhow::ensure!(!texts.is_empty(), "the data set has no captions to evaluate with");
        let embeddings = self.towers.embed_texts(&texts)?;
        Ok((embeddings, Tensor::from_slice(&owners).to_device(self.towers.device)))
    }
}

/// The value of a cell, computed at the first call.
fn get_or_compute<T>(cell: &OnceCell<T>, compute: impl FnOnce() -> Result<T>) -> Result<&T> {
    if cell.get().is_none() {
        let _ = cell.set(compute()?);
    }
    cell.get().context("just set")
}

impl Embedded for EmbeddedData<'_> {
    fn data(&self) -> &dyn Dataset {
        &self.data
    }

    fn images(&self) -> Result<Tensor> {
        let rows = get_or_compute(&self.images, || {
            let features = self.features.to_kind(Kind::Float);
            tch::no_grad(|| unit(&self.towers.image.project(&features, Mode::Eval)?))
        })?;
        Ok(rows.shallow_clone())
    }

    fn captions(&self) -> Result<(Tensor, Tensor)> {
        let (rows, owners) = get_or_compute(&self.captions, || self.embed_captions())?;
        Ok((rows.shallow_clone(), owners.shallow_clone()))
    }

    fn logits(&self) -> Result<Tensor> {
        let Objective::Classes(classifier) = self.towers.objective else {
            anyhow::bail!("the model has no classifier")
        };
        let features = self.features.to_kind(Kind::Float);
        tch::no_grad(|| classifier.logits(&self.towers.image.project(&features, Mode::Eval)?))
    }

    fn texts(&self, texts: &[String]) -> Result<Tensor> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.towers.embed_texts(&texts)
    }
}
