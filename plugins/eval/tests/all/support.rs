//! A model of fixed embeddings, and evaluators read from a spec's table.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use anyhow::{Result, anyhow};
use clip_lab_plugin_api::{Catalog, Dataset, Embedded, Evaluation, Image, Section, parse};
use tch::{Device, Kind, Tensor};

/// libtorch's random generator is global to the process: this lock is held from seeding to drawing.
static GENERATOR: Mutex<()> = Mutex::new(());

/// Normal random numbers `[rows, width]`, deterministic in the seed.
pub fn random(rows: i64, width: i64, seed: i64) -> Tensor {
    let _turn = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed);
    Tensor::randn([rows, width], (Kind::Float, Device::Cpu))
}

/// Images that are never read, with classes.
#[derive(Default)]
pub struct Data {
    pub classes: Vec<String>,
    pub labels: Vec<Option<usize>>,
}

impl Dataset for Data {
    fn len(&self) -> usize {
        self.labels.len()
    }
    fn image(&self, index: usize) -> Result<Image> {
        Err(anyhow!("image {index} is not needed"))
    }
    fn captions(&self, _index: usize) -> &[String] {
        &[]
    }
    fn name(&self, index: usize) -> String {
        index.to_string()
    }
    fn classes(&self) -> &[String] {
        &self.classes
    }
    fn class(&self, index: usize) -> Option<usize> {
        self.labels[index]
    }
    fn fingerprint(&self) -> String {
        String::new()
    }
}

/// Fixed embeddings; those of texts by text.
pub struct Model {
    pub data: Data,
    pub images: Tensor,
    pub captions: Tensor,
    pub owner: Tensor,
    pub texts: HashMap<&'static str, Vec<f64>>,
}

impl Model {
    pub fn of(images: Tensor, captions: Tensor, owner: &[i64]) -> Self {
        let owner = Tensor::from_slice(owner);
        Self { data: Data::default(), images, captions, owner, texts: HashMap::new() }
    }
}

impl Embedded for Model {
    fn data(&self) -> &dyn Dataset {
        &self.data
    }
    fn images(&self) -> Result<Tensor> {
        Ok(self.images.shallow_clone())
    }
    fn captions(&self) -> Result<(Tensor, Tensor)> {
        Ok((self.captions.shallow_clone(), self.owner.shallow_clone()))
    }
    fn texts(&self, texts: &[String]) -> Result<Tensor> {
        let row =
            |text: &String| self.texts.get(text.as_str()).ok_or_else(|| anyhow!("unexpected text {text}"));
        let rows = texts.iter().map(|text| Ok(Tensor::from_slice(row(text)?))).collect::<Result<Vec<_>>>()?;
        Ok(Tensor::stack(&rows, 0))
    }
    /// A classifier whose logits are the embeddings.
    fn logits(&self) -> Result<Tensor> {
        self.images()
    }
}

pub fn evaluate(text: &str, model: &Model) -> Result<Evaluation> {
    let mut catalog = Catalog::default();
    plugins_eval::register(&mut catalog);
    let section = Section::new("eval.0", 0..0, parse(text.to_owned()).unwrap());
    catalog.eval.plan(section).unwrap().build(())?.evaluate(model)
}

pub fn metric(evaluation: &Evaluation, name: &str) -> f64 {
    let found = evaluation.metrics.iter().find(|(other, _)| other == name);
    found.unwrap_or_else(|| panic!("no metric {name} in {:?}", evaluation.metrics)).1
}
