//! Image and text towers, each with its projection into the shared space.

use anyhow::{Context as _, Result};
use clip_lab_plan::{Head, ImageSide, TextSide, Weights};
use clip_lab_plugin_api::{ImageEncoder, Mode, Projection, ProjectionContext, TextEncoder, Tokens};
use tch::{Tensor, nn};

use crate::numerics::Numerics;

/// The source of a model's initial weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsSource {
    /// The spec: random, or loaded as `from` says.
    Spec,
    /// A checkpoint that the caller loads afterwards.
    Checkpoint,
}

/// A tower with its projection.
pub struct Side<E: ?Sized> {
    encoder: Box<E>,
    projection: Box<dyn Projection>,
    numerics: Numerics,
}

/// Image tower: images to embeddings.
pub type ImageTower = Side<dyn ImageEncoder>;
/// Text tower: captions to embeddings.
pub type TextTower = Side<dyn TextEncoder>;

impl ImageTower {
    /// Creates tower and projection as `image.*` and `image_projection.*` below `vars`.
    ///
    /// # Errors
    /// If a plugin fails, or weights cannot be loaded.
    pub fn build(plan: &ImageSide, vars: &nn::VarStore, source: WeightsSource) -> Result<Self> {
        let encoder = plan.encoder.build(vars.root() / "image")?;
        load(&plan.weights, vars, "image", source).context("[model.image]")?;
        let projection = build_projection(&plan.head, vars, "image_projection", source)
            .context("[model.image_projection]")?;
        Ok(Self { encoder, projection, numerics: Numerics::default() })
    }

    /// Images `[B, 3, H, W]` to features `[B, width]`.
    ///
    /// # Errors
    /// If the tower fails.
    pub fn features(&self, images: &Tensor, mode: Mode) -> Result<Tensor> {
        let images = self.numerics.to_memory_format(images)?;
        self.numerics.compute(|| self.encoder.encode(&images, mode))
    }
}

impl TextTower {
    /// Creates tower and projection as `text.*` and `text_projection.*` below `vars`.
    ///
    /// # Errors
    /// If a plugin fails, or weights cannot be loaded.
    pub fn build(plan: &TextSide, vars: &nn::VarStore, source: WeightsSource) -> Result<Self> {
        let encoder = plan.encoder.build(vars.root() / "text")?;
        load(&plan.weights, vars, "text", source).context("[model.text]")?;
        let projection = build_projection(&plan.head, vars, "text_projection", source)
            .context("[model.text_projection]")?;
        Ok(Self { encoder, projection, numerics: Numerics::default() })
    }

    /// Token ids `[B, L]` to features `[B, width]`.
    ///
    /// # Errors
    /// If the tower fails.
    pub fn features(&self, tokens: &Tokens, mode: Mode) -> Result<Tensor> {
        self.numerics.compute(|| self.encoder.encode(tokens, mode))
    }
}

impl<E: ?Sized> Side<E> {
    /// The tower without its projection.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }

    /// Sets precision and memory format; the default is f32.
    pub fn set_numerics(&mut self, numerics: Numerics) {
        self.numerics = numerics;
    }

    /// Features `[B, width]` to embeddings `[B, dim]` in the shared space, not normalised.
    ///
    /// # Errors
    /// If the projection fails.
    pub fn project(&self, features: &Tensor, mode: Mode) -> Result<Tensor> {
        self.numerics.compute(|| self.projection.project(features, mode))
    }
}

fn load(weights: &Option<Weights>, vars: &nn::VarStore, prefix: &str, source: WeightsSource) -> Result<()> {
    match weights {
        Some(weights) if source == WeightsSource::Spec => weights.load(vars, prefix),
        _ => Ok(()),
    }
}

fn build_projection(
    head: &Head,
    vars: &nn::VarStore,
    prefix: &str,
    source: WeightsSource,
) -> Result<Box<dyn Projection>> {
    let context = ProjectionContext { vars: vars.root() / prefix, input: head.input };
    let projection = head.projection.build(context)?;
    load(&head.weights, vars, prefix, source)?;
    Ok(projection)
}
