//! Cross-entropy over classes.

use clip_lab_plugin_api::prelude::*;

use crate::smoothing;

/// Cross-entropy of a classifier, averaged over the batch: minus the sum over classes of target times log-probability.
/// Targets may be soft, as `mixup` and `cutmix` make them. An untrained model scores about ln(classes).
///
/// With `label_smoothing` e the targets t over C classes become (1 - e) t + e/C, <https://arxiv.org/abs/1512.00567>, as
/// in torch and timm.
///
/// Records `train/accuracy`: the fraction of images whose most likely class is that of the largest target.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {
    /// Label smoothing: fraction of the target spread evenly over all classes. 0 disables it; ImageNet recipes use 0.1.
    pub label_smoothing: f64,
}

impl Settings for CrossEntropy {
    fn check(&self, problems: &mut Problems) {
        smoothing::check(problems, self.label_smoothing);
    }
}

impl Plugin<Loss> for CrossEntropy {
    fn properties(&self) -> LossProperties {
        LossProperties { task: Task::Classification, ..LossProperties::default() }
    }

    fn build(&self, _context: LossContext<'_>) -> Result<Box<Loss>> {
        Ok(Loss::classes(self.clone()))
    }
}

impl ClassLoss for CrossEntropy {
    fn score(&self, classes: &Classes) -> Result<Scored> {
        let (logits, targets) = (classes.logits.size(), classes.targets.size());
        ensure!(
            logits.len() == 2 && logits == targets,
            "the loss needs logits and targets of equal shape [B, C]; logits are {logits:?}, targets {targets:?}"
        );
        let half = matches!(classes.logits.kind(), DType::Half | DType::BFloat16);
        let logits =
            if half { classes.logits.f_to_kind(DType::Float)? } else { classes.logits.shallow_clone() };
        let targets = classes.targets.f_to_kind(logits.kind())?; // [B, C]
        // No class is ignored: soft targets have no ignore index, and libtorch requires a negative one.
        let loss = logits.f_cross_entropy_loss::<&Tensor>(
            &targets,
            None,
            tch::Reduction::Mean,
            -100,
            self.label_smoothing,
        )?;
        Ok(Scored::new(loss).with("accuracy", &accuracy(&logits, &targets)?))
    }
}

/// Fraction of rows in which logits and targets have the same argmax.
fn accuracy(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let agree = logits.f_argmax(1, false)?.f_eq_tensor(&targets.f_argmax(1, false)?)?;
    Ok(agree.f_to_kind(DType::Float)?.f_mean(None)?)
}
