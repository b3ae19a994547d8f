//! Parameters, floating-point operations and memory.

use anyhow::Result;
use clip_lab_api::{Classes, Mode, Pair, Params, Report, Scored, State, Tokens};
use clip_lab_torch::{count_flops, watch_memory};
use serde::Serialize;
use tch::{Device, Kind, Tensor};

use crate::{
    plan::Plan,
    train::{Against, Feed, Rig, count, unit},
};

/// Items of the made-up batch that is counted: batch norm needs more than one.
const ROWS: i64 = 2;
/// Batches whose captions tell how long texts are.
const LOOKED_AT: usize = 8;

/// What a run costs.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// Towers, projections, classifier and loss.
    pub parts: Vec<Part>,
    /// Tokens of a text: the longest of a typical batch, to which the others are padded; 0 without texts.
    pub tokens: i64,
    /// Floating-point operations of one item, forward and backward, as the run computes it.
    pub train_flops_per_sample: u64,
    /// Memory while training.
    pub memory: Memory,
}

/// A part of the model.
#[derive(Debug, Serialize)]
pub struct Part {
    /// Its name in the spec.
    pub name: &'static str,
    /// The plugin.
    pub plugin: String,
    /// Numbers that are learnt or locked.
    pub parameters: usize,
    /// Those that are learnt.
    pub trained: usize,
    /// Floating-point operations of one item in the forward pass.
    pub forward_flops: u64,
}

/// Bytes.
#[derive(Debug, Serialize)]
pub struct Memory {
    /// Weights and buffers.
    pub weights: u64,
    /// Gradients.
    pub gradients: u64,
    /// State of the optimizer.
    pub optimizer: u64,
    /// State of the tricks, such as an average of the weights.
    pub tricks: u64,
    /// What one item leaves in memory until its gradients are there: measured on the processor, in the run's precision.
    pub activations_per_sample: u64,
    /// The same for all items that go through the towers together.
    pub activations: u64,
}

impl Memory {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.weights + self.gradients + self.optimizer + self.tricks + self.activations
    }
}

impl Cost {
    /// Counts and measures. The rig has made an update afterwards: it is used up.
    ///
    /// # Errors
    /// Those of towers, loss and optimizer.
    pub fn of(plan: &Plan, feed: &Feed, rig: &mut Rig) -> Result<Self> {
        let tokens = typical_length(plan, feed)?;
        let made_up = MadeUp::new(plan, feed, rig, tokens)?;
        let parts = parts(plan, rig, &made_up)?;
        // What the forward pass leaves is most at its end; the backward pass gives it back bit by bit.
        let (forward, peak) = watch_memory(|| made_up.forward(rig))?;
        drop(forward?);
        let (step, flops) = count_flops(|| anyhow::Ok(made_up.forward(rig)?.loss.f_backward()?))?;
        step?;
        let gradients = trained_bytes(&rig.params);
        rig.update(0, rig.lr, &mut Report::default())?;
        let run = &plan.run;
        let together = if run.micro_batch > 0 { run.micro_batch.min(run.batch) } else { run.batch } as u64;
        let each = peak / ROWS as u64;
        let variables: State = rig.vars.variables().into_iter().collect();
        let memory = Memory {
            weights: bytes(&variables),
            gradients,
            optimizer: bytes(&rig.optimizer.state()),
            tricks: rig.tricks.iter().map(|trick| bytes(&trick.state())).sum(),
            activations_per_sample: each,
            activations: each * together,
        };
        Ok(Self { parts, tokens, train_flops_per_sample: flops / ROWS as u64, memory })
    }
}

/// Items with random pixels and the right shapes.
struct MadeUp {
    images: Tensor,
    tokens: Tokens,
    targets: Tensor,
    /// Whether the features of a locked image tower are computed once for the whole run.
    cached: bool,
}

impl MadeUp {
    fn new(plan: &Plan, feed: &Feed, rig: &Rig, length: i64) -> Result<Self> {
        let size = plan.image.preprocess.size;
        let ids = Tensor::f_ones([ROWS, length.max(1)], (Kind::Int64, Device::Cpu))?;
        let classes = (feed.train.classes().len() as i64).max(1);
        let fixed = plan.augment.iter().all(|augment| !augment.facts.random);
        Ok(Self {
            images: Tensor::f_rand([ROWS, 3, size, size], (Kind::Float, Device::Cpu))?,
            tokens: Tokens { mask: ids.f_ones_like()?.f_to_kind(Kind::Bool)?, ids },
            targets: Tensor::f_full([ROWS, classes], 1.0 / classes as f64, (Kind::Float, Device::Cpu))?,
            cached: fixed && plan.run.cache_features && rig.params.is_frozen("image"),
        })
    }

    /// The loss, with all that its gradients need.
    fn forward(&self, rig: &Rig) -> Result<Scored> {
        let mode = |tower| if rig.params.is_frozen(tower) { Mode::Eval } else { Mode::Train };
        let features = if self.cached {
            Tensor::f_rand([ROWS, rig.image.encoder().width()], (Kind::Float, Device::Cpu))?
        } else {
            rig.image.features(&self.images, mode("image"))?
        };
        let image = rig.image.project(&features, Mode::Train)?;
        match &rig.against {
            Against::Texts(tower) => {
                let text = tower.project(&tower.features(&self.tokens, mode("text"))?, Mode::Train)?;
                rig.loss.score(&Pair::new(&unit(&image)?, &unit(&text)?))
            }
            Against::Classes(classifier) => {
                let logits = classifier.logits(&image)?;
                rig.loss.score_classes(&Classes { logits: &logits, targets: &self.targets })
            }
        }
    }
}

fn parts(plan: &Plan, rig: &Rig, made_up: &MadeUp) -> Result<Vec<Part>> {
    let part = |name: &'static str, plugin: &str, forward: &dyn Fn() -> Result<Tensor>| -> Result<Part> {
        let (result, flops) = count_flops(|| tch::no_grad(forward))?;
        drop(result?);
        let (trained, parameters) = count(&rig.params, &format!("{name}."));
        Ok(Part { name, plugin: plugin.to_owned(), parameters, trained, forward_flops: flops / ROWS as u64 })
    };
    let features = |width: i64| Tensor::f_rand([ROWS, width], (Kind::Float, Device::Cpu));
    let image = || rig.image.features(&made_up.images, Mode::Eval);
    let head = &plan.image.head;
    let projected = || rig.image.project(&features(head.input)?, Mode::Eval);
    let mut parts = vec![
        part("image", plan.image.encoder.name, &image)?,
        part("image_projection", head.projection.name, &projected)?,
    ];
    match (&rig.against, &plan.text) {
        (Against::Texts(tower), Some(side)) => {
            let text = || tower.features(&made_up.tokens, Mode::Eval);
            let projected = || tower.project(&features(side.head.input)?, Mode::Eval);
            parts.push(part("text", side.encoder.name, &text)?);
            parts.push(part("text_projection", side.head.projection.name, &projected)?);
        }
        (Against::Classes(classifier), _) => {
            let logits = || classifier.logits(&features(head.dim)?);
            parts.push(part("classifier", "linear", &logits)?);
        }
        (Against::Texts(_), None) => {}
    }
    Ok(parts)
}

/// The longest text of a typical batch, in tokens: the mean over a few batches of their longest.
fn typical_length(plan: &Plan, feed: &Feed) -> Result<i64> {
    let (Some(tokenizer), Some(side)) = (&feed.tokenizer, &plan.text) else { return Ok(0) };
    let pictures = feed.train.len().min(LOOKED_AT * plan.run.batch.min(1024));
    let texts = (0..pictures).filter_map(|picture| feed.train.captions(picture).first());
    let lengths = texts.map(|text| Ok(tokenizer.encode(text, side.max_tokens)?.len() as i64));
    let lengths = lengths.collect::<Result<Vec<_>>>()?;
    let longest: Vec<i64> =
        lengths.chunks(plan.run.batch.max(1)).filter_map(|batch| batch.iter().max().copied()).collect();
    Ok(longest.iter().sum::<i64>() / (longest.len() as i64).max(1))
}

fn bytes(state: &State) -> u64 {
    state.iter().map(|(_, tensor)| size(tensor)).sum()
}

fn trained_bytes(params: &Params) -> u64 {
    params.trained().map(|param| size(&param.tensor)).sum()
}

fn size(tensor: &Tensor) -> u64 {
    (tensor.numel() * tensor.kind().elt_size_in_bytes()) as u64
}
