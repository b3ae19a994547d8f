//! Synthetic batches: random pixels with the run's shapes.

use anyhow::Result;
use clip_lab_api::{Classes, Mode, Pair, Scored, Tokens};
use tch::{Device, Kind, Tensor};

use crate::{
    plan::Plan,
    train::{Against, Feed, Rig, unit},
};

/// A batch of random items.
pub(super) struct SyntheticBatch {
    pub(super) images: Tensor,
    pub(super) tokens: Tokens,
    targets: Tensor,
    rows: i64,
    /// Whether the features of a locked image tower are cached for the whole run.
    pub(super) cached: bool,
}

impl SyntheticBatch {
    pub(super) fn new(plan: &Plan, feed: &Feed, rig: &Rig, length: i64, rows: i64) -> Result<Self> {
        let size = plan.image.preprocess.size;
        let ids = Tensor::f_ones([rows, length.max(1)], (Kind::Int64, Device::Cpu))?;
        let classes = (feed.train.classes().len() as i64).max(1);
        let fixed = plan.augment.iter().all(|augment| !augment.facts.random);
        Ok(Self {
            images: Tensor::f_rand([rows, 3, size, size], (Kind::Float, Device::Cpu))?,
            tokens: Tokens { mask: ids.f_ones_like()?.f_to_kind(Kind::Bool)?, ids },
            targets: Tensor::f_full([rows, classes], 1.0 / classes as f64, (Kind::Float, Device::Cpu))?,
            rows,
            cached: fixed && plan.run.cache_features && rig.params.is_frozen("image"),
        })
    }

    /// The loss, with the graph for its gradients.
    pub(super) fn forward(&self, rig: &Rig) -> Result<Scored> {
        let mode = |tower| if rig.params.is_frozen(tower) { Mode::Eval } else { Mode::Train };
        let features = if self.cached {
            Tensor::f_rand([self.rows, rig.image.encoder().width()], (Kind::Float, Device::Cpu))?
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

    /// The forward pass of an evaluation: image features if `images`, else text features.
    pub(super) fn evaluate(&self, rig: &Rig, images: bool) -> Result<()> {
        tch::no_grad(|| {
            if images {
                drop(rig.image.features(&self.images, Mode::Eval)?);
            } else if let Against::Texts(tower) = &rig.against {
                drop(tower.features(&self.tokens, Mode::Eval)?);
            }
            Ok(())
        })
    }
}
