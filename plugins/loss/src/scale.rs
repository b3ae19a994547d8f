//! The learned logit scale (inverse temperature) of the contrastive losses.

use clip_lab_plugin_api::prelude::*;

/// A scalar variable of any precision; a buffer if it is not learned. (tch's own initialisers round to f32.)
pub fn scalar(vars: &nn::Path, name: &str, value: f64, learned: bool) -> Result<Tensor> {
    let tensor = Tensor::f_full([0i64; 0], value, (vars.kind(), vars.device()))?;
    Ok(vars.add(name, tensor, learned))
}

/// The precision in which sums over a batch are accumulated: f32 for half precision.
pub fn wide(kind: DType) -> DType {
    if matches!(kind, DType::Half | DType::BFloat16) { DType::Float } else { kind }
}

/// `exp(logit_scale)`: always positive, whatever value the optimizer gives the variable `logit_scale`.
pub struct Scale {
    log: Tensor,
    max: f64,
    learned: bool,
}

impl Scale {
    pub fn new(vars: &nn::Path, start: f64, max: f64, learned: bool) -> Result<Self> {
        Ok(Self { log: scalar(vars, "logit_scale", start.ln(), learned)?, max, learned })
    }

    pub fn check(problems: &mut Problems, start: f64, max: f64, learned: bool) {
        problems.require(max.is_finite() && max >= 1.0, "max_scale", "must be at least 1");
        if learned {
            let message = "must be from 1 to `max_scale`, the range that a learned scale is clamped to";
            problems.require((1.0..=max).contains(&start), "scale", message);
        } else {
            problems.require(start.is_finite() && start > 0.0, "scale", "must be positive");
        }
    }

    /// The scale itself, a scalar.
    pub fn value(&self) -> Result<Tensor> {
        Ok(self.log.f_exp()?)
    }

    /// Checks that there are as many captions as images, of equal width.
    pub fn fits(pair: &Pair) -> Result<()> {
        let (image, text) = (pair.image.size(), pair.text.size());
        ensure!(
            image.len() == 2 && image == text,
            "the loss needs as many captions as images, of equal width; images are {image:?}, captions {text:?}"
        );
        Ok(())
    }

    /// `[H, W]`: similarity of images (rows) and captions (columns), in f32 at least, since sums of exponentials over a
    /// row lose too much precision below that.
    pub fn cosine(image: &Tensor, text: &Tensor) -> Result<Tensor> {
        let cosine = image.f_matmul(&text.f_tr()?)?;
        Ok(cosine.f_to_kind(wide(cosine.kind()))?)
    }

    /// `[B, B]`: the similarity of every image and every caption, times the scale.
    pub fn logits(pair: &Pair, scale: &Tensor) -> Result<Tensor> {
        Self::fits(pair)?;
        Ok(Self::cosine(pair.image, pair.text)?.f_mul(scale)?)
    }

    /// Clamps the parameter to [0, ln max] after every update, as open_clip does.
    pub fn clamp(&self) {
        if self.learned {
            let _ = tch::no_grad(|| self.log.shallow_clone().clamp_(0.0, self.max.ln()));
        }
    }
}
