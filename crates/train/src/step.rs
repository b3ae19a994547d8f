//! One training step: hooks, forward, loss, backward, hooks, optimizer, hooks.
//!
//! The graph is cut at the embeddings. The towers embed a batch in one or more micro-batches, the loss is computed on the
//! embeddings as leaves, and its gradient is backpropagated through the towers (`embeddings.rs`). Dropout and drop path
//! draw from (seed, step, micro-batch, tower), so no RNG state outlives a step.

use anyhow::{Context as _, Result, bail};
use clip_lab_input::Batch;
use clip_lab_model::{Classifier, Objective, TextTower, unit};
use clip_lab_plan::Plan;
use clip_lab_plugin_api::{ClassLoss, Classes, Loss, Mode, Pair, PairLoss, Report, Scored, Stripe, rng};
use tch::{Device, Kind, Tensor};

use super::{
    components::Components,
    embeddings::{Embeddings, Towers, copies},
    inputs::Inputs,
    loss_scale::LossScale,
    mean::WeightedMean,
    phases::{Phase, Phases},
    random::{Tower, seed_model},
    ranks::Shared,
    scalars::{LossCheck, read},
    sharing::Sharing,
};

/// The settings of a run that a step depends on.
#[derive(Debug, Clone, Copy)]
pub struct StepSettings {
    /// Seed of the run.
    pub seed: u64,
    /// Rows per micro-batch; 0: the whole batch.
    pub micro_batch: usize,
    /// Number of classes; 0 when training on captions.
    pub classes: usize,
    /// When the loss is checked.
    pub loss_check: LossCheck,
}

impl StepSettings {
    /// Those of a plan, for steps on `device`.
    pub fn of(plan: &Plan, inputs: &Inputs, device: Device) -> Self {
        let (run, classes) = (&plan.run, inputs.train.classes().len());
        let loss_check = LossCheck::on(device);
        Self { seed: run.seed, micro_batch: run.micro_batch, classes, loss_check }
    }
}

/// One training step on a model.
pub struct Step<'a> {
    /// Model, loss, optimizer and tricks.
    pub components: &'a mut Components,
    /// The loss scale for backward.
    pub loss_scale: &'a mut LossScale,
    /// The timer of the phases.
    pub phases: &'a Phases,
    /// The run's settings.
    pub settings: StepSettings,
    /// Whether the values that loss and tricks report are needed.
    pub report: bool,
    /// The other processes that make this step; none if there are none. `batch` then holds the rows of this one, and its
    /// groups are those of all rows.
    pub shared: Option<Shared<'a>>,
}

/// The result of a step.
#[derive(Debug)]
pub struct StepOutput {
    /// The loss before the update.
    pub loss: f64,
    /// The values that the loss plugin and the tricks report, by name; empty unless [`Step::report`].
    pub report: Vec<(String, f64)>,
}

/// Differentiates a loss.
type Backward<'a> = &'a dyn Fn(&Tensor) -> Result<()>;

impl Step<'_> {
    /// Performs update `step` (from 0) on `batch` with learning rate `lr`. A non-finite loss is returned without an update;
    /// in fp16 it halves the loss scale.
    /// Waits for a GPU once, before the update, where loss and reported values are read together; in fp16 twice in a row.
    ///
    /// # Errors
    /// When a tower, the loss, a trick or the optimizer fails.
    pub fn run(&mut self, batch: &Batch, step: u64, lr: f64) -> Result<StepOutput> {
        for trick in &mut self.components.tricks {
            trick.before_step(&self.components.params, step)?;
        }
        let scored = self.score(batch, step)?;
        let output = if self.settings.loss_check.stops(&scored.loss)? {
            self.loss_scale.overflow();
            StepOutput { loss: scored.loss.f_double_value(&[])?, report: Vec::new() }
        } else {
            self.update(&scored, step, lr)?
        };
        self.components.drop_gradients();
        self.phases.leave();
        Ok(output)
    }

    /// Adds the gradients of `batch` to the parameters, and returns the loss of all processes.
    fn score(&self, batch: &Batch, step: u64) -> Result<Scored> {
        let Some(shared) = &self.shared else { return self.forward_backward(batch, step) };
        let params = &self.components.params;
        let before = copies(params.buffers());
        let mut scored = self.forward_backward(batch, step)?;
        shared.combine_buffers(params, &before)?;
        // Pairs have the same loss everywhere: that of all pairs.
        if !self.has_pairs() {
            shared.sum_scored(&mut scored)?;
        }
        Ok(scored)
    }

    /// Updates the weights from their gradients, unless the loss is not finite.
    fn update(&mut self, scored: &Scored, step: u64, lr: f64) -> Result<StepOutput> {
        if let Some(shared) = &self.shared {
            self.phases.enter(Phase::Backward);
            shared.sum_gradients(&self.components.params, self.has_gathered_pairs())?;
        }
        self.phases.enter(Phase::Optimizer);
        let mut report = Report::default();
        // False if fp16 gradients overflowed: the update is skipped.
        let fits = self.loss_scale.unscale(&self.components.params)?;
        if fits {
            self.components.before_update(step, &mut report)?;
        }
        let output = self.read(scored, &report)?;
        if fits && output.loss.is_finite() {
            self.components.apply_update(step, lr)?;
        }
        Ok(output)
    }

    fn read(&self, scored: &Scored, report: &Report) -> Result<StepOutput> {
        let mut names = Vec::new();
        let mut scalars = vec![&scored.loss];
        if self.report {
            let tricks = report.0.iter().map(|(name, value)| (name.as_str(), value));
            for (name, value) in scored.report.iter().map(|(name, value)| (*name, value)).chain(tricks) {
                names.push(name.to_owned());
                scalars.push(value);
            }
        }
        // On a GPU most of this time is spent waiting for the backward pass.
        let mut values = self.phases.during(Phase::Backward, || read(&scalars))?.into_iter();
        let loss = values.next().context("the loss has no value")?;
        Ok(StepOutput { loss, report: names.into_iter().zip(values).collect() })
    }

    /// Adds the gradients of `batch` to the parameters and returns its loss. On the CPU a non-finite loss adds none.
    ///
    /// # Errors
    /// When a tower or the loss fails.
    pub fn forward_backward(&self, batch: &Batch, step: u64) -> Result<Scored> {
        self.pass(batch, step, &|loss| self.backward(loss))
    }

    /// Computes the loss with the graph of its gradients, and drops the graph: the first half of a step, to be measured.
    ///
    /// # Errors
    /// When a tower or the loss fails.
    pub fn forward(&self, batch: &Batch, step: u64) -> Result<Scored> {
        self.pass(batch, step, &|_| Ok(()))
    }

    fn pass(&self, batch: &Batch, step: u64, backward: Backward) -> Result<Scored> {
        self.phases.enter(Phase::Forward);
        let mut scored = match (&self.components.objective, &*self.components.loss) {
            (Objective::Texts(text), Loss::Pairs(loss)) => {
                self.pairs(batch, step, (text, &**loss), backward)?
            }
            (Objective::Classes(classifier), Loss::Classes(loss)) => {
                self.classes(batch, step, (classifier, &**loss), backward)?
            }
            // The plan has checked that both are of one task.
            (_, loss) => bail!("{loss:?} does not fit the model"),
        };
        scored.loss = scored.loss.f_detach()?;
        Ok(scored)
    }

    /// Image-text pairs: the loss needs the embeddings of the whole batch at once.
    fn pairs(
        &self,
        batch: &Batch,
        step: u64,
        (tower, loss): (&TextTower, &dyn PairLoss),
        backward: Backward,
    ) -> Result<Scored> {
        let parts = batch.micro_batches(self.micro_batch_rows())?;
        let image_features = self.locked_features(&parts, Tower::Image, &|part| self.image_features(part))?;
        let text_features =
            self.locked_features(&parts, Tower::Text, &|part| self.text_features(part, tower))?;
        let image = |k: usize| {
            let (number, part) = &parts[k];
            self.embed(step, *number, Tower::Image, || {
                let features = cached_or(&image_features, k, || self.image_features(part))?;
                self.components.image.project(&features, Mode::Train)
            })
        };
        let text = |k: usize| {
            let (number, part) = &parts[k];
            self.embed(step, *number, Tower::Text, || {
                let features = cached_or(&text_features, k, || self.text_features(part, tower))?;
                tower.project(&features, Mode::Train)
            })
        };
        let (shared, group) = (self.shared.as_ref(), Some(&batch.group));
        let striped = shared.zip(loss.striped());
        let score = |image: &Tensor, text: &Tensor| match striped {
            Some((all, loss)) => loss.score_stripe(&Stripe { image, text, first: all.first(), group }, all),
            None => loss.score(&Pair { image, text, group }),
        };
        let sharing = match (shared, striped) {
            (None, _) => Sharing::Alone,
            (Some(shared), None) => Sharing::Gathered(shared),
            (Some(shared), Some(_)) => Sharing::Striped(shared),
        };
        let loss_check = self.settings.loss_check;
        let towers = Towers { image: &image, text: &text, micro_batches: parts.len(), loss_check, sharing };
        towers.gradients(&score, backward, self.components.params.buffers())
    }

    /// Labelled images: the loss is a mean over images, so each micro-batch has its own forward and backward pass.
    fn classes(
        &self,
        batch: &Batch,
        step: u64,
        (classifier, loss): (&Classifier, &dyn ClassLoss),
        backward: Backward,
    ) -> Result<Scored> {
        let (mixed, targets) = self.mixed(batch, step)?;
        let (mut mean, mut start) = (WeightedMean::default(), 0);
        let all = self.shared.map_or(batch.len(), |shared| shared.rows());
        for (number, part) in &mixed.micro_batches(self.micro_batch_rows())? {
            self.phases.enter(Phase::Forward);
            seed_model(self.settings.seed, step, *number, Tower::Image);
            let project = |_| self.components.image.project(&self.image_features(part)?, Mode::Train);
            let embeddings = Embeddings::forward(&project, 1)?;
            let logits = classifier.logits(embeddings.leaves())?; // [b, C]
            let targets = targets.f_narrow(0, start, part.len())?;
            let scored = loss.score(&Classes { logits: &logits, targets: &targets })?;
            let weight = part.len() as f64 / all as f64;
            let weighted = scored.loss.f_mul_scalar(weight)?;
            if self.settings.loss_check.stops(&weighted)? {
                return Ok(scored);
            }
            backward(&weighted)?;
            embeddings.backward()?;
            mean.add(&scored, weight)?;
            start += part.len();
        }
        match mean.finish() {
            None if self.shared.is_some() => Ok(Scored::new(Tensor::from(0.0))),
            scored => scored.context("the batch has no images"),
        }
    }

    fn has_pairs(&self) -> bool {
        matches!(self.components.objective, Objective::Texts(_))
    }

    /// Whether each process computes the loss of all pairs, and thus the whole gradient of the loss's own parameters.
    fn has_gathered_pairs(&self) -> bool {
        matches!(&*self.components.loss, Loss::Pairs(loss) if loss.striped().is_none())
    }

    fn backward(&self, loss: &Tensor) -> Result<()> {
        self.phases.enter(Phase::Backward);
        Ok(self.loss_scale.apply(loss)?.f_backward()?)
    }

    /// L2-normalised embeddings `[b, D]` of the micro-batch with this number; repeated calls draw the same random numbers.
    fn embed(
        &self,
        step: u64,
        number: usize,
        tower: Tower,
        project: impl FnOnce() -> Result<Tensor>,
    ) -> Result<Tensor> {
        seed_model(self.settings.seed, step, number, tower);
        self.phases.during(Phase::Forward, || unit(&project()?))
    }

    /// The features `[b, width]` of each micro-batch if the tower is locked: computed once instead of in each pass.
    fn locked_features(
        &self,
        parts: &[(usize, Batch)],
        tower: Tower,
        features: &dyn Fn(&Batch) -> Result<Tensor>,
    ) -> Result<Option<Vec<Tensor>>> {
        if self.mode(tower) == Mode::Train {
            return Ok(None);
        }
        Ok(Some(tch::no_grad(|| parts.iter().map(|(_, part)| features(part)).collect::<Result<_>>())?))
    }

    /// `[b, width]`, cached if the batch has them.
    fn image_features(&self, batch: &Batch) -> Result<Tensor> {
        match (&batch.features, &batch.images) {
            (Some(features), _) => Ok(features.shallow_clone()),
            (None, Some(images)) => self.components.image.features(images, self.mode(Tower::Image)),
            (None, None) => anyhow::bail!("the batch has neither images nor features"),
        }
    }

    /// `[b, width]`.
    fn text_features(&self, batch: &Batch, tower: &TextTower) -> Result<Tensor> {
        tower.features(&batch.tokens, self.mode(Tower::Text))
    }

    /// The batch after mixup and cutmix, and its targets `[B, C]`.
    fn mixed(&self, batch: &Batch, step: u64) -> Result<(Batch, Tensor)> {
        let mut mixed = batch.rows(0, batch.len())?;
        let mut targets = batch.classes.f_one_hot(self.settings.classes as i64)?.f_to_kind(Kind::Float)?;
        // No epoch is u64::MAX, so no item draws from this stream.
        let mut rng = rng(self.settings.seed, u64::MAX, step);
        for augment in &self.components.prepare.augment {
            let Some(images) = &mixed.images else { break };
            if let Some((images, soft)) = augment.mix(images, &targets, &mut rng).context("[[augment]]")? {
                (mixed.images, targets) = (Some(images), soft);
            }
        }
        Ok((mixed, targets))
    }

    /// Slots of a micro-batch.
    fn micro_batch_rows(&self) -> i64 {
        match self.settings.micro_batch as i64 {
            0 => i64::MAX,
            rows => rows,
        }
    }

    /// A locked tower runs in evaluation mode: no dropout, running batch statistics.
    fn mode(&self, tower: Tower) -> Mode {
        if self.components.params.is_frozen(tower.prefix()) { Mode::Eval } else { Mode::Train }
    }
}

fn cached_or(
    features: &Option<Vec<Tensor>>,
    k: usize,
    compute: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    features.as_ref().map_or_else(compute, |all| Ok(all[k].shallow_clone()))
}
