//! Checks of evaluators.

use anyhow::{Result, bail, ensure};
use image::RgbImage;
use tch::{Device, Kind as DType, Tensor};

use crate::{Dataset, Direction, Embedded, EvalProperties, Evaluation, Evaluator, Image};

/// Images of the test data set, with two captions each; an image's class is its index modulo [`CLASSES`].
const IMAGES: usize = 8;
const CLASSES: usize = 4;

/// Checks an evaluator with a perfect model and with one that is always wrong: valid, declared metric names, finite and
/// reproducible values, a rank for each query, and a better result for the perfect model.
///
/// # Errors
/// Names the failed check.
pub fn evaluator(evaluator: &dyn Evaluator, properties: &EvalProperties) -> Result<()> {
    let (perfect, wrong) = (Model::new(0), Model::new(1));
    let (best, worst) = (evaluator.evaluate(&perfect)?, evaluator.evaluate(&wrong)?);
    for evaluation in [&best, &worst] {
        well_formed(evaluation)?;
        declared(evaluation, properties)?;
    }
    ensure!(
        best.metrics == evaluator.evaluate(&perfect)?.metrics,
        "evaluating twice gives different results"
    );
    ensure!(best.metrics != worst.metrics, "a perfect model scores the same as one that is always wrong");
    for (ranks, others) in best.ranks.iter().zip(&worst.ranks) {
        let queries = if ranks.direction == Direction::TextToImage { 2 * IMAGES } else { IMAGES };
        let what = format!("{}/{}", ranks.suite, ranks.direction.short());
        ensure!(ranks.ranks.len() == queries, "{what}: {} ranks for {queries} queries", ranks.ranks.len());
        ensure!(
            ranks.ranks.iter().all(|&rank| rank == 0),
            "{what}: right answers of the perfect model are not ranked first"
        );
        ensure!(others.ranks.iter().all(|&rank| rank > 0), "{what}: wrong answers are ranked first");
    }
    Ok(())
}

fn declared(evaluation: &Evaluation, properties: &EvalProperties) -> Result<()> {
    let names: Vec<&str> = properties.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let undeclared = evaluation.metrics.iter().find(|(name, _)| !names.contains(&name.as_str()));
    match undeclared {
        Some((name, _)) if !names.is_empty() => {
            bail!("it reports `{name}`, which properties() does not declare")
        }
        _ => Ok(()),
    }
}

fn well_formed(evaluation: &Evaluation) -> Result<()> {
    ensure!(!evaluation.metrics.is_empty(), "it reports nothing");
    for (index, (name, value)) in evaluation.metrics.iter().enumerate() {
        ensure!(value.is_finite(), "`{name}` is {value}");
        let named = name.contains('/') && !name.contains(char::is_whitespace);
        ensure!(named, "`{name}` must be SUITE/NAME or SUITE/DIRECTION/NAME, without white space");
        let twice = evaluation.metrics[..index].iter().any(|(other, _)| other == name);
        ensure!(!twice, "`{name}` is reported twice");
    }
    Ok(())
}

/// A model that takes each image for the one `shift` indices further on.
struct Model {
    data: Numbers,
    shift: i64,
}

impl Model {
    fn new(shift: i64) -> Self {
        let captions = |index: usize| vec![format!("number {index}"), format!("the number {index}")];
        let classes = (0..CLASSES).map(|class| format!("class{class}")).collect();
        Self { data: Numbers { captions: (0..IMAGES).map(captions).collect(), classes }, shift }
    }

    /// L2-normalised rows: a component for the image and a smaller one for its class, `[N, D]`.
    fn rows(&self, numbers: &[i64]) -> Result<Tensor> {
        let numbers = Tensor::from_slice(numbers);
        let own = numbers.f_one_hot(IMAGES as i64)?.f_to_kind(DType::Float)?;
        let class =
            numbers.f_remainder(CLASSES as i64)?.f_one_hot(CLASSES as i64)?.f_to_kind(DType::Float)?;
        let rows = Tensor::f_cat(&[own, class * 0.5], 1)?;
        Ok(&rows / rows.f_norm_scalaropt_dim(2, [-1], true)?)
    }

    fn shifted(&self) -> Vec<i64> {
        (0..IMAGES as i64).map(|index| (index + self.shift) % IMAGES as i64).collect()
    }
}

impl Embedded for Model {
    fn data(&self) -> &dyn Dataset {
        &self.data
    }

    fn images(&self) -> Result<Tensor> {
        self.rows(&self.shifted())
    }

    fn captions(&self) -> Result<(Tensor, Tensor)> {
        let owners: Vec<i64> = (0..2 * IMAGES as i64).map(|caption| caption / 2).collect();
        Ok((self.rows(&owners)?, Tensor::from_slice(&owners)))
    }

    /// A text that names a class has the embedding of that class.
    fn texts(&self, texts: &[String]) -> Result<Tensor> {
        let named = |text: &String| (0..CLASSES).find(|class| text.contains(&format!("class{class}")));
        let rows =
            Tensor::f_zeros([texts.len() as i64, (IMAGES + CLASSES) as i64], (DType::Float, Device::Cpu))?;
        for (row, text) in texts.iter().enumerate() {
            let place = named(text).map_or(0, |class| IMAGES + class);
            let _ = rows.f_get(row as i64)?.f_get(place as i64)?.f_fill_(1.0)?;
        }
        Ok(rows)
    }

    fn logits(&self) -> Result<Tensor> {
        let classes: Vec<i64> = self.shifted().into_iter().map(|number| number % CLASSES as i64).collect();
        Ok(Tensor::from_slice(&classes).f_one_hot(CLASSES as i64)?.f_to_kind(DType::Float)? * 3.0)
    }
}

/// Numbered images.
struct Numbers {
    captions: Vec<Vec<String>>,
    classes: Vec<String>,
}

impl Dataset for Numbers {
    fn len(&self) -> usize {
        IMAGES
    }

    fn image(&self, _index: usize) -> Result<Image> {
        Ok(RgbImage::new(4, 4).into())
    }

    fn captions(&self, index: usize) -> &[String] {
        &self.captions[index]
    }

    fn name(&self, index: usize) -> String {
        format!("number {index}")
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn class(&self, index: usize) -> Option<usize> {
        Some(index % CLASSES)
    }

    fn fingerprint(&self) -> String {
        "eight numbers".to_owned()
    }
}
