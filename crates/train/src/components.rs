//! The model and everything that trains it, built from a plan.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clip_lab_model::{Classifier, ImageTower, Numerics, Objective, TextTower, WeightsSource, init_zero_shot};
use clip_lab_plugin_api::{Evaluator, Loss, LossContext, Optimizer, Params, Report, Schedule, Trick};
use clip_lab_torch_ext::drop_gradients;
use tch::{Device, nn};

use super::inputs::Inputs;
use clip_lab_input::Prepare;
use clip_lab_plan::{Plan, Split};

/// Evaluators and the splits that each runs on.
pub type Evaluators = Vec<(Vec<Split>, Box<dyn Evaluator>)>;

/// The model, its loss and what updates it.
pub struct Components {
    /// All variables of model and loss.
    pub vars: nn::VarStore,
    /// Images to embeddings.
    pub image: ImageTower,
    /// The objective: captions or classes.
    pub objective: Objective,
    /// The loss function.
    pub loss: Box<Loss>,
    /// The trainable tensors.
    pub params: Params,
    /// Hooks around the update, in spec order.
    pub tricks: Vec<Box<dyn Trick>>,
    /// The optimizer.
    pub optimizer: Box<dyn Optimizer>,
    /// Base learning rate.
    pub lr: f64,
    /// Factor on the learning rate at each step.
    pub schedule: Box<dyn Schedule>,
    /// Evaluators and the splits that each runs on.
    pub evals: Evaluators,
    /// Augmentation and preprocessing.
    pub prepare: Arc<Prepare>,
}

impl Components {
    /// Builds the components on `device`, seeded, with random weights where the spec names none.
    ///
    /// # Errors
    /// If a plugin fails, weights cannot be loaded, or every parameter is frozen.
    pub fn build(plan: &Plan, inputs: &Inputs, device: Device, source: WeightsSource) -> Result<Self> {
        tch::manual_seed(plan.run.seed as i64);
        let vars = nn::VarStore::new(device);
        let numerics = Numerics::of(&plan.run, device)?;
        let mut image = ImageTower::build(&plan.image, &vars, source)?;
        image.set_numerics(numerics);
        let mut objective = objective(plan, inputs.train.classes(), &vars, source)?;
        if let Objective::Texts(text) = &mut objective {
            text.set_numerics(numerics);
        }
        let loss =
            plan.loss.build(LossContext { vars: vars.root() / "loss", batch: plan.run.batch as i64 })?;
        if let (Some(weights), WeightsSource::Spec) = (&plan.loss_weights, source) {
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

    /// Runs the hooks of the tricks on the gradients, before [`Components::apply_update`].
    ///
    /// # Errors
    /// If a trick fails.
    pub fn before_update(&mut self, step: u64, report: &mut Report) -> Result<()> {
        for trick in &mut self.tricks {
            trick.before_update(&self.params, step, report)?;
        }
        Ok(())
    }

    /// Updates the weights from their gradients: optimizer, then tricks.
    ///
    /// # Errors
    /// If the optimizer or a trick fails.
    pub fn apply_update(&mut self, step: u64, lr: f64) -> Result<()> {
        self.optimizer.step(&self.params, lr)?;
        self.loss.clamp();
        for trick in &mut self.tricks {
            trick.after_update(&self.params, step)?;
        }
        Ok(())
    }

    /// Frees the gradients of the trained parameters.
    pub fn drop_gradients(&self) {
        let trained: Vec<_> = self.params.trained().map(|param| param.tensor.shallow_clone()).collect();
        drop_gradients(&trained);
    }
}

fn objective(
    plan: &Plan,
    classes: &[String],
    vars: &nn::VarStore,
    source: WeightsSource,
) -> Result<Objective> {
    let Some(classifier) = &plan.classifier else {
        let text = plan.text.as_ref().context("the plan has neither a text tower nor a classifier")?;
        return Ok(Objective::Texts(TextTower::build(text, vars, source)?));
    };
    let built = Classifier::build(classifier, vars, plan.image.head.dim, classes.len() as i64)?;
    if source == WeightsSource::Spec {
        init_zero_shot(classifier, plan.text.as_ref(), vars, classes)?;
    }
    Ok(Objective::Classes(built))
}

/// The number of trained values and of all values in the parameters below `prefix`.
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
    let context = clip_lab_plugin_api::AugmentContext { image_size: preprocess.size as u32 };
    let augment = plan.augment.iter().map(|augment| augment.build(context)).collect::<Result<Vec<_>>>()?;
    Ok(Prepare { preprocess, augment })
}
