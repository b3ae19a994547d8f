//! OpenAI's attention pooling (CLIP, `AttentionPool2d`).

use clip_lab_nn::{Linear, LinearInit, Mask, attend, normal};
use clip_lab_plugin_api::prelude::*;

use super::ResNet;

/// Multi-head attention whose query is the mean of the feature map. Variables: `position` `[1 + H W, C]` (the mean's
/// row first), `q`, `k`, `v` and `out`.
#[derive(Debug)]
pub(super) struct AttentionPool {
    position: Tensor,
    q: Linear,
    k: Linear,
    v: Linear,
    out: Linear,
    heads: i64,
}

impl AttentionPool {
    pub(super) fn new(vars: &nn::Path<'_>, settings: &ResNet) -> Result<Self> {
        let width = settings.widths.last().copied().unwrap_or(0);
        let positions = (settings.image_size / settings.reduction()).pow(2);
        let stdev = (width as f64).powf(-0.5);
        let init = LinearInit { weight: normal(stdev), ..LinearInit::torch(width) };
        let linear = |name, output| Linear::new(&(vars / name), width, output, true, init);
        Ok(Self {
            position: vars.f_var("position", &[positions + 1, width], normal(stdev))?,
            q: linear("q", width)?,
            k: linear("k", width)?,
            v: linear("v", width)?,
            out: linear("out", settings.output)?,
            heads: settings.pool_heads,
        })
    }

    /// `[B, C, H, W]` to `[B, output]`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let features = x.f_flatten(2, 3)?.f_transpose(1, 2)?; // [B, H W, C]
        let mean = features.f_mean_dim(1, true, None)?; // [B, 1, C]
        let tokens = Tensor::f_cat(&[mean, features], 1)?.f_add(&self.position)?;
        let q = self.q.forward(&tokens.f_narrow(1, 0, 1)?)?;
        let (k, v) = (self.k.forward(&tokens)?, self.v.forward(&tokens)?);
        let mixed = attend((&q, &k, &v), self.heads, Mask::None, 0.0)?; // [B, 1, C]
        Ok(self.out.forward(&mixed)?.f_select(1, 0)?)
    }
}
