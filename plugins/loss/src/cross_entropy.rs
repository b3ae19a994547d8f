//! Cross-entropy over classes.

use clip_lab_api::prelude::*;

use crate::smoothing;

/// Cross-entropy of a classifier, averaged over the batch: minus the sum over classes of target times log-probability.
/// Targets may be soft, as `mixup` and `cutmix` make them. An untrained model scores about ln(classes).
///
/// With `label_smoothing` e the targets t of C classes become (1 - e) t + e/C, <https://arxiv.org/abs/1512.00567>;
/// torch's and timm's losses are defined alike.
///
/// Records `train/accuracy`: the share of images whose likeliest class is that of the largest target.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {
    /// Share of the target that is spread evenly over all classes; 0 is off, ImageNet recipes take 0.1.
    pub label_smoothing: f64,
}

impl Settings for CrossEntropy {
    fn check(&self, faults: &mut Faults) {
        smoothing::check(faults, self.label_smoothing);
    }
}

impl Plugin<dyn Loss> for CrossEntropy {
    fn facts(&self) -> LossFacts {
        LossFacts { task: Task::Classification }
    }

    fn build(&self, _scope: LossScope<'_>) -> Result<Box<dyn Loss>> {
        Ok(Box::new(self.clone()))
    }
}

impl Loss for CrossEntropy {
    fn score_classes(&self, classes: &Classes) -> Result<Scored> {
        let (said, right) = (classes.logits.size(), classes.targets.size());
        ensure!(
            said.len() == 2 && said == right,
            "a loss wants a target for every class of every picture; logits are {said:?}, targets {right:?}"
        );
        let half = matches!(classes.logits.kind(), DType::Half | DType::BFloat16);
        let logits =
            if half { classes.logits.f_to_kind(DType::Float)? } else { classes.logits.shallow_clone() };
        let targets = classes.targets.f_to_kind(logits.kind())?; // [B, C]
        // No class is ignored: soft targets know of none, and libtorch wants a negative number for that.
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

/// Share of rows whose largest logit stands where the largest target does.
fn accuracy(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let agree = logits.f_argmax(1, false)?.f_eq_tensor(&targets.f_argmax(1, false)?)?;
    Ok(agree.f_to_kind(DType::Float)?.f_mean(None)?)
}
