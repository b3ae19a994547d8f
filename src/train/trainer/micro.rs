//! A batch that goes through the towers in parts.

use anyhow::Result;
use clip_lab_api::{Classes, Mode, Pair, Scored};
use tch::Tensor;

use super::{Trainer, phases::Phase};
use crate::{
    data::Batch,
    train::{
        classifier::Classifier,
        gradcache::GradCache,
        model::{Against, TextTower},
    },
};

impl Trainer<'_> {
    /// As `gradients`, of a batch that goes through the towers `size` rows at a time.
    pub(super) fn gradients_in_parts(&self, batch: &Batch, size: i64) -> Result<(f64, Scored)> {
        match &self.rig.against {
            Against::Texts(tower) => self.pairs_in_parts(batch, size, tower),
            Against::Classes(classifier) => self.classes_in_parts(batch, size, classifier),
        }
    }

    fn pairs_in_parts(&self, batch: &Batch, size: i64, tower: &TextTower) -> Result<(f64, Scored)> {
        let parts = batch.parts(size)?;
        let images = self.locked_features(&parts, "image", &|part| self.image_features(part))?;
        let texts = self.locked_features(&parts, "text", &|part| self.text_features(part, tower))?;
        let image = |part: usize| match &images {
            Some(features) => self.image_embeddings(&features[part]),
            None => self.image_embeddings(&self.image_features(&parts[part])?),
        };
        let text = |part: usize| match &texts {
            Some(features) => self.text_embeddings(&features[part], tower),
            None => self.text_embeddings(&self.text_features(&parts[part], tower)?, tower),
        };
        let image = |part: usize| self.clock.phases.during(Phase::Forward, || image(part));
        let text = |part: usize| self.clock.phases.during(Phase::Forward, || text(part));
        let score = |image: &Tensor, text: &Tensor| {
            self.rig.loss.score(&Pair { image, text, group: Some(&batch.group) })
        };
        let backward = |loss: &Tensor| {
            self.clock.phases.enter(Phase::Backward);
            Ok(self.progress.scale.apply(loss)?.f_backward()?)
        };
        let towers = GradCache { image: &image, text: &text, parts: parts.len() };
        towers.gradients(&score, &backward, self.rig.params.buffers(), self.device)
    }

    /// What a locked tower says of each part: the same both times, so it is asked once.
    fn locked_features(
        &self,
        parts: &[Batch],
        tower: &str,
        features: &dyn Fn(&Batch) -> Result<Tensor>,
    ) -> Result<Option<Vec<Tensor>>> {
        if self.mode(tower) == Mode::Train {
            return Ok(None);
        }
        Ok(Some(tch::no_grad(|| parts.iter().map(features).collect::<Result<_>>())?))
    }

    /// Losses over classes are means over pictures, so a part counts as much as it has of them.
    fn classes_in_parts(&self, batch: &Batch, size: i64, classifier: &Classifier) -> Result<(f64, Scored)> {
        let (mixed, targets) = self.mixed(batch)?;
        let mut sum = Sum::default();
        let mut start = 0;
        for part in mixed.parts(size)? {
            self.clock.phases.enter(Phase::Forward);
            let logits =
                classifier.logits(&self.rig.image.project(&self.image_features(&part)?, Mode::Train)?)?;
            let targets = targets.f_narrow(0, start, part.len())?;
            let scored = self.rig.loss.score_classes(&Classes { logits: &logits, targets: &targets })?;
            let share = part.len() as f64 / batch.len() as f64;
            let loss = scored.loss.f_mul_scalar(share)?;
            if !loss.double_value(&[]).is_finite() {
                return Ok((loss.double_value(&[]), scored));
            }
            self.clock.phases.enter(Phase::Backward);
            self.progress.scale.apply(&loss)?.f_backward()?;
            sum.add(&scored, share)?;
            start += part.len();
        }
        let scored = sum.0.ok_or_else(|| anyhow::anyhow!("a batch came without pictures"))?;
        Ok((scored.loss.double_value(&[]), scored))
    }
}

/// Shares of what parts score.
#[derive(Default)]
struct Sum(Option<Scored>);

impl Sum {
    fn add(&mut self, scored: &Scored, share: f64) -> Result<()> {
        let part = |tensor: &Tensor| tensor.f_detach()?.f_mul_scalar(share);
        let Some(sum) = &mut self.0 else {
            let report = scored.report.iter().map(|(name, value)| Ok((*name, part(value)?)));
            self.0 = Some(Scored { loss: part(&scored.loss)?, report: report.collect::<Result<_>>()? });
            return Ok(());
        };
        let _ = sum.loss.f_add_(&part(&scored.loss)?)?;
        for ((_, sum), (_, value)) in sum.report.iter_mut().zip(&scored.report) {
            let _ = sum.f_add_(&part(value)?)?;
        }
        Ok(())
    }
}
