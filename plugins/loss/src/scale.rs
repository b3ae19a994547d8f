//! The learned temperature that the losses multiply similarities by.

use clip_lab_api::prelude::*;

/// A scalar variable of any precision, a buffer when it is not learned. (tch's own initialisers round to f32.)
pub fn scalar(vars: &nn::Path, name: &str, value: f64, learned: bool) -> Result<Tensor> {
    let tensor = Tensor::f_full([0i64; 0], value, (vars.kind(), vars.device()))?;
    Ok(vars.add(name, tensor, learned))
}

/// The precision in which sums over a batch are kept: f32 for halves.
pub fn wide(kind: DType) -> DType {
    if matches!(kind, DType::Half | DType::BFloat16) { DType::Float } else { kind }
}

/// `exp(logit_scale)`: positive whatever the optimizer does to the variable `logit_scale`.
pub struct Scale {
    log: Tensor,
    max: f64,
    learned: bool,
}

impl Scale {
    pub fn new(vars: &nn::Path, start: f64, max: f64, learned: bool) -> Result<Self> {
        Ok(Self { log: scalar(vars, "logit_scale", start.ln(), learned)?, max, learned })
    }

    pub fn check(faults: &mut Faults, start: f64, max: f64, learned: bool) {
        faults.require(max.is_finite() && max >= 1.0, "max_scale", "must be at least 1");
        if learned {
            let words = "must lie between 1 and `max_scale`, within which a learned scale is held";
            faults.require((1.0..=max).contains(&start), "scale", words);
        } else {
            faults.require(start.is_finite() && start > 0.0, "scale", "must be positive");
        }
    }

    /// The scale itself, a scalar.
    pub fn value(&self) -> Result<Tensor> {
        Ok(self.log.f_exp()?)
    }

    /// Whether there are as many captions as images, equally wide.
    pub fn fits(pair: &Pair) -> Result<()> {
        let (image, text) = (pair.image.size(), pair.text.size());
        ensure!(
            image.len() == 2 && image == text,
            "a loss wants as many captions as pictures, equally wide; pictures are {image:?}, captions {text:?}"
        );
        Ok(())
    }

    /// `[H, W]`: similarity of images (rows) with captions (columns), in f32 at least, since the sums of
    /// exponentials over a row lose too much in less.
    pub fn cosine(image: &Tensor, text: &Tensor) -> Result<Tensor> {
        let cosine = image.f_matmul(&text.f_tr()?)?;
        Ok(cosine.f_to_kind(wide(cosine.kind()))?)
    }

    /// `[B, B]`: the similarity of every image with every caption, times the scale.
    pub fn logits(pair: &Pair, scale: &Tensor) -> Result<Tensor> {
        Self::fits(pair)?;
        Ok(Self::cosine(pair.image, pair.text)?.f_mul(scale)?)
    }

    /// Holds the parameter within [0, ln max] as open_clip does after every update.
    pub fn clamp(&self) {
        if self.learned {
            let _ = tch::no_grad(|| self.log.shallow_clone().clamp_(0.0, self.max.ln()));
        }
    }
}
