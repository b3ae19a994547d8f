//! Forward, loss and backward of one batch.

use anyhow::{Context as _, Result};
use clip_lab_api::{Classes, Mode, Pair, Scored, rng};
use tch::{Kind, Tensor};

use super::Trainer;
use crate::{
    data::Batch,
    train::model::{Against, unit},
};

impl Trainer<'_> {
    /// Leaves the gradients of a batch in the parameters and gives its loss, with what is recorded beside it. A loss
    /// that is not finite is given back without gradients: they would only spoil the weights.
    pub(super) fn gradients(&mut self, batch: &Batch) -> Result<(f64, Scored)> {
        let scored = self.score(batch)?;
        // A wait for the device.
        let loss = scored.loss.double_value(&[]);
        if loss.is_finite() {
            scored.loss.f_backward()?;
        }
        Ok((loss, scored))
    }

    /// The loss of a batch.
    fn score(&self, batch: &Batch) -> Result<Scored> {
        let rig = &self.rig;
        match &rig.against {
            Against::Texts(tower) => {
                let image =
                    unit(&rig.image.project(&self.features(batch, batch.images.as_ref())?, Mode::Train)?)?; // [B, D]
                let features = tower.features(&batch.tokens, self.mode("text"))?;
                let text = unit(&tower.project(&features, Mode::Train)?)?; // [B, D]
                rig.loss.score(&Pair { image: &image, text: &text, group: None })
            }
            Against::Classes(classifier) => {
                let (images, targets) = self.mixed(batch)?;
                let features = self.features(batch, images.as_ref())?;
                let logits = classifier.logits(&rig.image.project(&features, Mode::Train)?)?; // [B, C]
                rig.loss.score_classes(&Classes { logits: &logits, targets: &targets })
            }
        }
    }

    /// The image tower's features of a batch, `[B, width]`, from the cache if they are there.
    fn features(&self, batch: &Batch, images: Option<&Tensor>) -> Result<Tensor> {
        match (&self.features, images) {
            (Some(rows), _) => Ok(rows.f_index_select(0, &batch.pictures)?),
            (None, Some(images)) => self.rig.image.features(images, self.mode("image")),
            (None, None) => anyhow::bail!("a batch came without pictures"),
        }
    }

    /// The pictures of a batch and their targets, `[B, C]`, after everything that mixes them with each other.
    fn mixed(&self, batch: &Batch) -> Result<(Option<Tensor>, Tensor)> {
        let classes = self.feed.train.classes().len() as i64;
        let mut images = batch.images.as_ref().map(Tensor::shallow_clone);
        let mut targets = batch.classes.f_one_hot(classes)?.f_to_kind(Kind::Float)?;
        // No epoch has this number, so mixing shares its randomness with no item.
        let mut rng = rng(self.plan.run.seed, u64::MAX, self.progress.step);
        for augment in &self.rig.prepare.augment {
            let Some(pictures) = &images else { break };
            if let Some((mixed, soft)) = augment.mix(pictures, &targets, &mut rng).context("[[augment]]")? {
                (images, targets) = (Some(mixed), soft);
            }
        }
        Ok((images, targets))
    }

    /// A locked tower only computes: no dropout, no batch statistics.
    fn mode(&self, tower: &str) -> Mode {
        if self.rig.params.is_frozen(tower) { Mode::Eval } else { Mode::Train }
    }
}
