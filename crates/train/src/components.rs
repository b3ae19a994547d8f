//! Everything a run works with, built from its plan.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_model::{Classifier, ImageTower, Numerics, Objective, Start, TextTower, zero_shot_start};
use clip_lab_plugin_api::{
    Captions, Dataset, Evaluator, Loss, LossContext, Optimizer, Params, Report, Schedule, Task, Tokenizer,
    Trick,
};
use tch::{Device, nn};

use clip_lab_input::{Order, Prepare};
use clip_lab_plan::{Plan, Split};

/// Images, captions and the order in which they come.
pub struct Inputs {
    /// Trained on.
    pub train: Arc<dyn Dataset>,
    /// Evaluated: `val` while training, `test` at the end.
    pub splits: Vec<(Split, Arc<dyn Dataset>)>,
    /// Texts to ids; none when classes are trained on.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// The order of every epoch.
    pub order: Arc<Order>,
    /// Updates in the whole run.
    pub total: u64,
}

impl Inputs {
    /// Opens the data sets and the tokenizer. Lists are read, images are not.
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
        let classes = plan.task() == Task::Classification;
        let tokenizer = if classes { None } else { tokenizer(plan)? };
        if classes {
            same_classes(train.as_ref(), &splits)?;
        }
        let run = &plan.run;
        // A image has one class however many captions it has.
        let captions = if classes { Captions::One } else { run.captions };
        let order = Order::new(train.as_ref(), captions, run.seed, run.shuffle, run.batch);
        let enough = order.batches() > 0;
        let order = if run.distinct { order.distinct(train.as_ref()) } else { order };
        if enough && order.batches() == 0 {
            bail!(
                "[run].distinct: [data.train] has too few different images and captions for a batch of {}: lower \
                 run.batch, or set distinct = false",
                run.batch
            );
        }
        if order.batches() == 0 {
            bail!(
                "[data.train] has {} pairs, fewer than a batch of {}: lower run.batch",
                order.len(),
                run.batch
            );
        }
        let total = run.total_steps(order.batches());
        Ok(Self { train, splits, tokenizer, order: Arc::new(order), total })
    }
}

fn tokenizer(plan: &Plan) -> Result<Option<Arc<dyn Tokenizer>>> {
    let Some(text) = &plan.text else { return Ok(None) };
    let tokenizer: Arc<dyn Tokenizer> = text.tokenizer.build(()).context("[tokenizer]")?.into();
    let (ids, rows) = (tokenizer.vocab(), text.encoder.properties.vocab);
    ensure!(ids <= rows, "[tokenizer] has {ids} ids, and [model.text] embeddings for {rows} only");
    Ok(Some(tokenizer))
}

/// A classifier learns the classes of the training data, and the other splits must mean the same by them.
fn same_classes(train: &dyn Dataset, splits: &[(Split, Arc<dyn Dataset>)]) -> Result<()> {
    let classes = train.classes();
    ensure!(
        classes.len() > 1,
        "[data.train] has {} classes and [model.classifier] needs two at least: take a data set with classes, such as \
         `image_folder`",
        classes.len()
    );
    for (split, data) in splits {
        let other = data.classes();
        ensure!(
            other == classes,
            "[data.{}] has the classes {other:?} and [data.train] {classes:?}: they must be the same",
            split.as_str()
        );
    }
    Ok(())
}

/// Evaluators and the splits that each runs on.
pub type Evaluators = Vec<(Vec<Split>, Box<dyn Evaluator>)>;

/// The model and what trains it.
pub struct Components {
    /// Every variable of model and loss.
    pub vars: nn::VarStore,
    /// Images to embeddings.
    pub image: ImageTower,
    /// What it is trained against.
    pub objective: Objective,
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
    /// Images to numbers.
    pub prepare: Arc<Prepare>,
}

impl Components {
    /// Builds it on `device`, random where the spec names no weights; the seed is set first.
    ///
    /// # Errors
    /// Those of the plugins and of the weights.
    pub fn build(plan: &Plan, inputs: &Inputs, device: Device, start: Start) -> Result<Self> {
        tch::manual_seed(plan.run.seed as i64);
        let vars = nn::VarStore::new(device);
        let numerics = Numerics::of(&plan.run, device)?;
        let mut image = ImageTower::build(&plan.image, &vars, start)?;
        image.compute_in(numerics);
        let mut objective = objective(plan, inputs.train.classes(), &vars, start)?;
        if let Objective::Texts(text) = &mut objective {
            text.compute_in(numerics);
        }
        let loss =
            plan.loss.build(LossContext { vars: vars.root() / "loss", batch: plan.run.batch as i64 })?;
        if let (Some(weights), Start::FromSpec) = (&plan.loss_weights, start) {
            weights.load(&vars, "loss").context("[loss]")?;
        }
        let mut layers = vec![("image".to_owned(), named("image", image.encoder().layers()))];
        if let Some(text) = objective.texts() {
            layers.push(("text".to_owned(), named("text", text.encoder().layers())));
        }
        let mut params = Params::new(&vars, layers);
        let mut tricks = plan.tricks.iter().map(|trick| trick.build(())).collect::<Result<Vec<_>>>()?;
        for trick in &mut tricks {
            trick.prepare(&mut params)?;
        }
        ensure!(params.trained().next().is_some(), "every parameter is frozen: there is nothing to train");
        Ok(Self {
            image,
            objective,
            loss,
            params,
            tricks,
            optimizer: plan.optimizer.build(())?,
            lr: plan.optimizer.properties.lr,
            schedule: plan.schedule.build(())?,
            evals: evaluators(plan)?,
            prepare: Arc::new(prepare(plan)?),
            vars,
        })
    }

    /// Changes the weights by the gradients that they have: tricks, optimizer, tricks.
    ///
    /// # Errors
    /// Those of tricks and optimizer.
    pub fn update(&mut self, step: u64, lr: f64, report: &mut Report) -> Result<()> {
        for trick in &mut self.tricks {
            trick.before_update(&self.params, step, report)?;
        }
        self.optimizer.step(&self.params, lr)?;
        self.loss.clamp();
        for trick in &mut self.tricks {
            trick.after_update(&self.params, step)?;
        }
        Ok(())
    }

    /// Clears the gradients of what is trained.
    pub fn zero_grad(&self) {
        for param in self.params.trained() {
            param.tensor.shallow_clone().zero_grad();
        }
    }
}

fn objective(plan: &Plan, classes: &[String], vars: &nn::VarStore, start: Start) -> Result<Objective> {
    let Some(classifier) = &plan.classifier else {
        let text = plan.text.as_ref().context("the plan has neither a text tower nor a classifier")?;
        return Ok(Objective::Texts(TextTower::build(text, vars, start)?));
    };
    let built = Classifier::build(classifier, vars, plan.image.head.dim, classes.len() as i64)?;
    if start == Start::FromSpec {
        zero_shot_start(classifier, plan.text.as_ref(), vars, classes)?;
    }
    Ok(Objective::Classes(built))
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
    let build = |eval: &clip_lab_plan::EvalPlan| Ok((eval.on.clone(), eval.evaluator.build(())?));
    plan.evals.iter().map(build).collect()
}

fn prepare(plan: &Plan) -> Result<Prepare> {
    let preprocess = plan.image.preprocess.clone();
    let scope = clip_lab_plugin_api::AugmentContext { image_size: preprocess.size as u32 };
    let augment = plan.augment.iter().map(|augment| augment.build(scope)).collect::<Result<Vec<_>>>()?;
    Ok(Prepare { preprocess, augment })
}
