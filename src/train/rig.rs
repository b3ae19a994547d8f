//! Everything a run works with, built from its plan.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_api::{Dataset, Evaluator, Loss, LossScope, Optimizer, Params, Schedule, Tokenizer, Trick};
use tch::{Device, nn};

use super::model::{ImageTower, Start, TextTower};
use crate::{
    data::{Order, Prepare},
    plan::{Plan, Split},
};

/// Pictures, captions and the order in which they come.
pub struct Feed {
    /// Trained on.
    pub train: Arc<dyn Dataset>,
    /// Evaluated: `val` while training, `test` at the end.
    pub splits: Vec<(Split, Arc<dyn Dataset>)>,
    /// Texts to ids.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// The order of every epoch.
    pub order: Arc<Order>,
    /// Updates in the whole run.
    pub total: u64,
}

impl Feed {
    /// Opens the data sets and the tokenizer. Lists are read, pictures are not.
    ///
    /// # Errors
    /// Those of the plugins, or a batch larger than the data set.
    pub fn open(plan: &Plan) -> Result<Self> {
        let train: Arc<dyn Dataset> = plan.data.train.build(()).context("[data.train]")?.into();
        let mut splits = Vec::new();
        for split in [Split::Val, Split::Test] {
            if let Some(planned) = plan.data.split(split) {
                let context = || format!("[data.{}]", split.as_str());
                splits.push((split, Arc::from(planned.build(()).with_context(context)?)));
            }
        }
        let tokenizer: Arc<dyn Tokenizer> = plan.text.tokenizer.build(()).context("[tokenizer]")?.into();
        let (ids, rows) = (tokenizer.vocab(), plan.text.encoder.facts.vocab);
        ensure!(ids <= rows, "[tokenizer] has {ids} ids, and [model.text] embeddings for {rows} only");
        let run = &plan.run;
        let order = Order::new(train.as_ref(), run.captions, run.seed, run.shuffle, run.batch);
        if order.batches() == 0 {
            bail!(
                "[data.train] has {} pairs, fewer than a batch of {}: lower run.batch",
                order.len(),
                run.batch
            );
        }
        let total = run.total_steps(order.len());
        Ok(Self { train, splits, tokenizer, order: Arc::new(order), total })
    }
}

/// Evaluators and the splits that each runs on.
pub type Evaluators = Vec<(Vec<Split>, Box<dyn Evaluator>)>;

/// The model and what trains it.
pub struct Rig {
    /// Every variable of model and loss.
    pub vars: nn::VarStore,
    /// Pictures to embeddings.
    pub image: ImageTower,
    /// Captions to embeddings.
    pub text: TextTower,
    /// What is minimised.
    pub loss: Box<dyn Loss>,
    /// The trainable tensors.
    pub params: Params,
    /// Hooks around the update, in the order of the spec.
    pub tricks: Vec<Box<dyn Trick>>,
    /// The update.
    pub optimizer: Box<dyn Optimizer>,
    /// Base learning rate.
    pub lr: f64,
    /// Factor on the learning rate by step.
    pub schedule: Box<dyn Schedule>,
    /// Evaluators and the splits that each runs on.
    pub evals: Evaluators,
    /// Pictures to numbers.
    pub prepare: Arc<Prepare>,
}

impl Rig {
    /// Builds it on `device`, random where the spec names no weights; the seed is set first.
    ///
    /// # Errors
    /// Those of the plugins and of the weights.
    pub fn build(plan: &Plan, device: Device, start: Start) -> Result<Self> {
        tch::manual_seed(plan.run.seed as i64);
        let vars = nn::VarStore::new(device);
        let image = ImageTower::build(&plan.image, &vars, start)?;
        let text = TextTower::build(&plan.text, &vars, start)?;
        let loss = plan.loss.build(LossScope { vars: vars.root() / "loss", batch: plan.run.batch as i64 })?;
        if let (Some(weights), Start::FromSpec) = (&plan.loss_weights, start) {
            weights.load(&vars, "loss").context("[loss]")?;
        }
        let layers = vec![
            ("image".to_owned(), named("image", image.encoder().layers())),
            ("text".to_owned(), named("text", text.encoder().layers())),
        ];
        let mut params = Params::new(&vars, layers);
        let mut tricks = plan.tricks.iter().map(|trick| trick.build(())).collect::<Result<Vec<_>>>()?;
        for trick in &mut tricks {
            trick.prepare(&mut params)?;
        }
        ensure!(params.trained().next().is_some(), "every parameter is frozen: there is nothing to train");
        Ok(Self {
            image,
            text,
            loss,
            params,
            tricks,
            optimizer: plan.optimizer.build(())?,
            lr: plan.optimizer.facts.lr,
            schedule: plan.schedule.build(())?,
            evals: evaluators(plan)?,
            prepare: Arc::new(prepare(plan)?),
            vars,
        })
    }
}

/// How many trainable values and how many in all, below `prefix`.
pub fn count(params: &Params, prefix: &str) -> (usize, usize) {
    let below = params.iter().filter(|param| param.name.starts_with(prefix));
    below.fold((0, 0), |(trained, all), param| {
        let size = param.tensor.numel();
        (trained + if param.frozen { 0 } else { size }, all + size)
    })
}

fn named(tower: &str, layers: Vec<String>) -> Vec<String> {
    layers.into_iter().map(|layer| format!("{tower}.{layer}")).collect()
}

fn evaluators(plan: &Plan) -> Result<Evaluators> {
    let build = |eval: &crate::plan::EvalPlan| Ok((eval.on.clone(), eval.evaluator.build(())?));
    plan.evals.iter().map(build).collect()
}

fn prepare(plan: &Plan) -> Result<Prepare> {
    let preprocess = plan.image.preprocess.clone();
    let scope = clip_lab_api::AugmentScope { image_size: preprocess.size as u32 };
    let augment = plan.augment.iter().map(|augment| augment.build(scope)).collect::<Result<Vec<_>>>()?;
    Ok(Prepare { preprocess, augment })
}

/// The device that `[run].device` asks for.
///
/// # Errors
/// When it asks for a GPU that is not there.
pub fn device(wanted: &str) -> Result<Device> {
    if wanted == "cpu" {
        return Ok(Device::Cpu);
    }
    let opened = clip_lab_torch::open_cuda();
    let devices = if opened.is_ok() { tch::Cuda::device_count() } else { 0 };
    let number = match wanted.strip_prefix("cuda:") {
        Some(number) => number.parse::<usize>().context("[run].device")?,
        None if wanted == "auto" && devices == 0 => return Ok(Device::Cpu),
        None => 0,
    };
    if number as i64 >= devices {
        let why = opened.err().unwrap_or_else(|| format!("{devices} found"));
        bail!("[run].device = \"{wanted}\": there is no such GPU ({why}); use \"auto\" or \"cpu\"");
    }
    Ok(Device::Cuda(number))
}
