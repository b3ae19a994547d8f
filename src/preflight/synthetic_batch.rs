//! Synthetic batches: random pixels with the run's shapes.

use anyhow::Result;
use clip_lab_plugin_api::{Mode, Tokens};
use tch::{Device, Kind, Tensor};

use crate::{
    input::Batch,
    model::Objective,
    plan::Plan,
    train::{Components, Inputs, LossScale, Phases, Step, StepSettings},
};

/// A batch of random items.
pub(super) struct SyntheticBatch {
    pub(super) batch: Batch,
    /// Whether the features of a locked image tower are cached for the whole run.
    pub(super) cached: bool,
    images: Tensor,
    settings: StepSettings,
}

impl SyntheticBatch {
    pub(super) fn new(
        plan: &Plan,
        inputs: &Inputs,
        components: &Components,
        length: i64,
        rows: i64,
    ) -> Result<Self> {
        let (float, int) = ((Kind::Float, Device::Cpu), (Kind::Int64, Device::Cpu));
        let size = plan.image.preprocess.size;
        let ids = Tensor::f_ones([rows, length.max(1)], int)?;
        let classes = inputs.train.classes().len();
        let fixed = plan.augment.iter().all(|augment| !augment.properties.random);
        let cached = fixed && plan.run.cache_features && components.params.is_frozen("image");
        let images = Tensor::f_rand([rows, 3, size, size], float)?;
        let features = Tensor::f_rand([rows, components.image.encoder().width()], float)?;
        let batch = Batch {
            images: (!cached).then(|| images.shallow_clone()),
            features: cached.then_some(features),
            indices: Tensor::f_arange(rows, int)?,
            tokens: Tokens { mask: ids.f_ones_like()?.f_to_kind(Kind::Bool)?, ids },
            group: Tensor::f_arange(rows, int)?,
            classes: Tensor::f_arange(rows, int)?.f_remainder(classes.max(1) as i64)?,
            slots: (0..rows).collect(),
            captions: vec![[0; 2]; rows as usize],
            unreadable: Vec::new(),
        };
        let settings = StepSettings { micro_batch: 0, ..StepSettings::of(plan, inputs, Device::Cpu) };
        Ok(Self { batch, cached, images, settings })
    }

    /// Pixels, `[rows, 3, H, W]`, also where a step uses cached features instead.
    pub(super) fn images(&self) -> &Tensor {
        &self.images
    }

    /// Forward and backward of a training step.
    pub(super) fn forward_backward(&self, plan: &Plan, components: &mut Components) -> Result<()> {
        self.step(plan, components, |step| step.forward_backward(&self.batch, 0).map(drop))
    }

    /// The forward pass alone, with the graph of both towers.
    pub(super) fn forward(&self, plan: &Plan, components: &mut Components) -> Result<()> {
        self.step(plan, components, |step| step.forward(&self.batch, 0).map(drop))
    }

    fn step(
        &self,
        plan: &Plan,
        components: &mut Components,
        compute: impl FnOnce(&Step) -> Result<()>,
    ) -> Result<()> {
        let (phases, mut loss_scale) = (Phases::default(), LossScale::new(plan.run.precision));
        let settings = self.settings;
        let (loss_scale, phases) = (&mut loss_scale, &phases);
        compute(&Step { components, loss_scale, phases, settings, report: false, shared: None })
    }

    /// The forward pass of an evaluation: image features if `images`, else text features.
    pub(super) fn evaluate(&self, components: &Components, images: bool) -> Result<()> {
        tch::no_grad(|| {
            if images {
                drop(components.image.features(&self.images, Mode::Eval)?);
            } else if let Objective::Texts(tower) = &components.objective {
                drop(tower.features(&self.batch.tokens, Mode::Eval)?);
            }
            Ok(())
        })
    }
}
