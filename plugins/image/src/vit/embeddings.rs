//! From pixels to tokens.

use clip_lab_nn::{Conv, ConvConfig, LayerNorm, LinearInit, as_tokens, drop_patches, dropout, normal};
use clip_lab_plugin_api::prelude::*;

use super::{Vit, VitInit};

/// Patches, class token and positions. Variables: `patch` (a convolution), `cls` `[W]`, `position` `[N, W]`, and `norm`
/// (CLIP's `ln_pre`).
#[derive(Debug)]
pub(super) struct Embeddings {
    patch: Conv,
    cls: Option<Tensor>,
    position: Tensor,
    norm: Option<LayerNorm>,
    settings: Vit,
}

impl Embeddings {
    pub(super) fn new(vars: &nn::Path<'_>, settings: &Vit) -> Result<Self> {
        let Vit { width, patch_size, .. } = *settings;
        let conv = ConvConfig {
            input: 3,
            output: width,
            kernel: patch_size,
            stride: patch_size,
            padding: 0,
            groups: 1,
            bias: settings.patch_bias,
        };
        let scale = (width as f64).powf(-0.5);
        let (patch, cls, position) = match settings.init {
            VitInit::Normal => (LinearInit::normal(0.02), normal(0.02), normal(0.02)),
            VitInit::Timm => (LinearInit::torch(conv.fan_in()), normal(1e-6), normal(0.02)),
            VitInit::Clip => (LinearInit::torch(conv.fan_in()), normal(scale), normal(scale)),
        };
        let norm = || LayerNorm::new(&(vars / "norm"), width, settings.norm_eps());
        Ok(Self {
            patch: Conv::new(&(vars / "patch"), conv, patch)?,
            cls: settings.cls_token.then(|| vars.f_var("cls", &[width], cls)).transpose()?,
            position: vars.f_var("position", &[settings.positions(), width], position)?,
            norm: settings.pre_norm.then(norm).transpose()?,
            settings: settings.clone(),
        })
    }

    /// `[B, 3, S, S]` to `[B, cls + patches, W]`; fewer patches during training with patch dropout.
    pub(super) fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        self.check(images)?;
        let x = self.patch.forward(images)?.f_flatten(2, 3)?.f_transpose(1, 2)?; // [B, patches, W]
        let position = as_tokens(&self.position, &x)?;
        let x = if self.settings.cls_position {
            self.with_cls(x)?.f_add(&position)?
        } else {
            self.with_cls(x.f_add(&position)?)?
        };
        let x = dropout(x, self.settings.dropout, train)?;
        let x = drop_patches(x, self.settings.patch_dropout, i64::from(self.cls.is_some()), train)?;
        self.norm.as_ref().map_or(Ok(x.shallow_clone()), |norm| norm.forward(&x))
    }

    fn with_cls(&self, x: Tensor) -> Result<Tensor> {
        let Some(cls) = &self.cls else { return Ok(x) };
        let cls = as_tokens(cls, &x)?.f_expand_as(&x.f_narrow(1, 0, 1)?)?; // [B, 1, W]
        Ok(Tensor::f_cat(&[cls, x], 1)?)
    }

    fn check(&self, images: &Tensor) -> Result<()> {
        let (size, side) = (images.size(), self.settings.image_size);
        ensure!(
            matches!(size[..], [_, 3, height, width] if height == side && width == side),
            "this vit expects images of [B, 3, {side}, {side}], got {size:?}: resize them, or set image_size"
        );
        Ok(())
    }
}
