//! Evaluation: a data set seen through the model.

use std::{cell::OnceCell, sync::Arc};

use anyhow::{Context as _, Result};
use clip_lab_model::{ImageTower, Objective, embed_texts, unit};
use clip_lab_plugin_api::{Dataset, Embedded, Evaluation, Evaluator, Mode, Tokenizer};
use tch::{Device, Kind, Tensor};

use super::{
    components::{Components, Inputs},
    features::{Features, Without},
};
use clip_lab_plan::{Plan, Split};

/// A trained model, as evaluation needs it.
pub struct Towers<'a> {
    /// Images to embeddings.
    pub image: &'a ImageTower,
    /// What it is trained against.
    pub objective: &'a Objective,
    /// Texts to ids; none when classes were trained on.
    pub tokenizer: Option<&'a dyn Tokenizer>,
    /// The most tokens of a text.
    pub max_tokens: usize,
    /// Where the towers are.
    pub device: Device,
}

impl<'a> Towers<'a> {
    /// Those of a rig.
    pub fn of(components: &'a Components, inputs: &'a Inputs, plan: &Plan, device: Device) -> Self {
        let max_tokens = plan.text.as_ref().map_or(0, |text| text.max_tokens);
        let (image, objective) = (&components.image, &components.objective);
        Self { image, objective, tokenizer: inputs.tokenizer.as_deref(), max_tokens, device }
    }

    /// Unit-length embeddings of texts, `[T, D]`.
    ///
    /// # Errors
    /// Those of the tokenizer and the tower.
    pub fn embed_texts(&self, texts: &[&str]) -> Result<Tensor> {
        let (tower, tokenizer) =
            self.objective.texts().zip(self.tokenizer).context("the model has no text tower")?;
        embed_texts(tower, tokenizer, self.max_tokens, self.device, texts, true)
    }
}

/// What the evaluators of a split find, each in turn.
///
/// # Errors
/// Those of the evaluators.
pub fn evaluate_split(components: &Components, view: &View<'_>, split: Split) -> Result<Vec<Evaluation>> {
    let mine = components.evals.iter().filter(|(on, _)| on.contains(&split));
    mine.map(|(_, evaluator)| {
        view.evaluate(evaluator.as_ref()).with_context(|| format!("evaluating on [data.{}]", split.as_str()))
    })
    .collect()
}

/// A data set seen through the towers. Embeddings are computed once, however many evaluators ask.
pub struct View<'a> {
    towers: &'a Towers<'a>,
    data: Without,
    features: Tensor,
    images: OnceCell<Tensor>,
    captions: OnceCell<(Tensor, Tensor)>,
}

impl<'a> View<'a> {
    /// `features` are the image tower's for the images of `data`; those that could not be read are left out.
    ///
    /// # Errors
    /// When the features are of another data set.
    pub fn new(towers: &'a Towers<'a>, data: Arc<dyn Dataset>, features: &Features) -> Result<Self> {
        let out: Vec<usize> = features.broken.iter().map(|broken| broken.image).collect();
        let data = Without::new(data, &out);
        let kept: Vec<i64> = data.kept().iter().map(|&index| index as i64).collect();
        let rows = features.rows.f_index_select(0, &Tensor::from_slice(&kept).to_device(towers.device))?;
        Ok(Self { towers, data, features: rows, images: OnceCell::new(), captions: OnceCell::new() })
    }

    /// The number in the whole data set of the readable image `index`.
    pub fn place(&self, index: usize) -> usize {
        self.data.kept()[index]
    }

    /// Unit-length embeddings of the first captions of `images`, which have some; not computed again if an evaluator
    /// has asked for all captions.
    ///
    /// # Errors
    /// Those of the tokenizer and the tower.
    pub fn first_captions(&self, images: &[usize]) -> Result<Tensor> {
        let Some((rows, _)) = self.captions.get() else {
            let texts: Vec<&str> = images.iter().map(|&p| self.data.captions(p)[0].as_str()).collect();
            return self.towers.embed_texts(&texts);
        };
        let begins = (0..self.data.len()).scan(0, |next, image| {
            let begin = *next;
            *next += self.data.captions(image).len();
            Some(begin)
        });
        let begins: Vec<usize> = begins.collect();
        let wanted: Vec<i64> = images.iter().map(|&image| begins[image] as i64).collect();
        Ok(rows.f_index_select(0, &Tensor::from_slice(&wanted).to_device(self.towers.device))?)
    }

    /// Runs an evaluator.
    ///
    /// # Errors
    /// Those of the evaluator.
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
fn once<T>(cell: &OnceCell<T>, compute: impl FnOnce() -> Result<T>) -> Result<&T> {
    if cell.get().is_none() {
        let _ = cell.set(compute()?);
    }
    cell.get().context("just set")
}

impl Embedded for View<'_> {
    fn data(&self) -> &dyn Dataset {
        &self.data
    }

    fn images(&self) -> Result<Tensor> {
        let rows = once(&self.images, || {
            let features = self.features.to_kind(Kind::Float);
            tch::no_grad(|| unit(&self.towers.image.project(&features, Mode::Eval)?))
        })?;
        Ok(rows.shallow_clone())
    }

    fn captions(&self) -> Result<(Tensor, Tensor)> {
        let (rows, owners) = once(&self.captions, || self.embed_captions())?;
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
