//! Forward, loss and backward of one batch.

use anyhow::{Context as _, Result};
use clip_lab_api::{Classes, Mode, Pair, Scored, rng};
use tch::{Kind, Tensor};

use super::{Trainer, phases::Phase};
use crate::{
    data::Batch,
    train::model::{Against, TextTower, unit},
};

impl Trainer<'_> {
    /// Leaves the gradients of a batch in the parameters and gives its loss, with what is recorded beside it. A loss
    /// that is not finite is given back without gradients: they would only spoil the weights.
    pub(super) fn gradients(&mut self, batch: &Batch) -> Result<(f64, Scored)> {
        self.clock.phases.enter(Phase::Forward);
        let size = self.plan.run.micro_batch as i64;
        if 0 < size && size < batch.len() {
            return self.gradients_in_parts(batch, size);
        }
        let scored = self.score(batch)?;
        // A wait for the device.
        let loss = scored.loss.double_value(&[]);
        self.clock.phases.enter(Phase::Backward);
        if loss.is_finite() {
            self.progress.scale.apply(&scored.loss)?.f_backward()?;
        }
        Ok((loss, scored))
    }

    /// The loss of a batch.
    fn score(&self, batch: &Batch) -> Result<Scored> {
        let rig = &self.rig;
        match &rig.against {
            Against::Texts(tower) => {
                let image = self.image_embeddings(&self.image_features(batch)?)?; // [B, D]
                let text = self.text_embeddings(&self.text_features(batch, tower)?, tower)?; // [B, D]
                rig.loss.score(&Pair { image: &image, text: &text, group: Some(&batch.group) })
            }
            Against::Classes(classifier) => {
                let (mixed, targets) = self.mixed(batch)?;
                let features = self.image_features(&mixed)?;
                let logits = classifier.logits(&rig.image.project(&features, Mode::Train)?)?; // [B, C]
                rig.loss.score_classes(&Classes { logits: &logits, targets: &targets })
            }
        }
    }

    /// The image tower's features of a batch, `[B, width]`, from the cache if they are there.
    pub(super) fn image_features(&self, batch: &Batch) -> Result<Tensor> {
        match (&self.features, &batch.images) {
            (Some(rows), _) => Ok(rows.f_index_select(0, &batch.pictures)?),
            (None, Some(images)) => self.rig.image.features(images, self.mode("image")),
            (None, None) => anyhow::bail!("a batch came without pictures"),
        }
    }

    /// The text tower's features of a batch, `[B, width]`.
    pub(super) fn text_features(&self, batch: &Batch, tower: &TextTower) -> Result<Tensor> {
        tower.features(&batch.tokens, self.mode("text"))
    }

    /// Features of pictures in the shared space, `[B, D]`, of unit length.
    pub(super) fn image_embeddings(&self, features: &Tensor) -> Result<Tensor> {
        unit(&self.rig.image.project(features, Mode::Train)?)
    }

    /// Features of captions in the shared space, `[B, D]`, of unit length.
    pub(super) fn text_embeddings(&self, features: &Tensor, tower: &TextTower) -> Result<Tensor> {
        unit(&tower.project(features, Mode::Train)?)
    }

    /// A batch after everything that mixes pictures with each other, and its targets, `[B, C]`.
    pub(super) fn mixed(&self, batch: &Batch) -> Result<(Batch, Tensor)> {
        let classes = self.feed.train.classes().len() as i64;
        let mut mixed = batch.rows(0, batch.len())?;
        let mut targets = batch.classes.f_one_hot(classes)?.f_to_kind(Kind::Float)?;
        // No epoch has this number, so mixing shares its randomness with no item.
        let mut rng = rng(self.plan.run.seed, u64::MAX, self.progress.step);
        for augment in &self.rig.prepare.augment {
            let Some(pictures) = &mixed.images else { break };
            if let Some((images, soft)) = augment.mix(pictures, &targets, &mut rng).context("[[augment]]")? {
                (mixed.images, targets) = (Some(images), soft);
            }
        }
        Ok((mixed, targets))
    }

    /// A locked tower only computes: no dropout, no batch statistics.
    pub(super) fn mode(&self, tower: &str) -> Mode {
        if self.rig.params.is_frozen(tower) { Mode::Eval } else { Mode::Train }
    }
}
