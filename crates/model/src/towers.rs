//! The model: an image tower and what it is trained against, each tower with its projection into the shared space.

use anyhow::{Context as _, Result};
use clip_lab_plan::{Head, ImageSide, TextSide, Weights};
use clip_lab_plugin_api::{ImageEncoder, Mode, Projection, ProjectionContext, TextEncoder, Tokens};
use tch::{Tensor, nn};

use crate::{classifier::Classifier, numerics::Numerics};

/// Whether a model begins with the weights that `from` names, or will get all its weights from a checkpoint of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// As the spec says.
    FromSpec,
    /// Left as they are; the caller loads a checkpoint.
    ToBeLoaded,
}

/// What the image tower is trained against.
pub enum Objective {
    /// Captions, through a text tower.
    Texts(TextTower),
    /// Classes.
    Classes(Classifier),
}

impl Objective {
    /// The text tower, if there is one.
    pub fn texts(&self) -> Option<&TextTower> {
        match self {
            Self::Texts(tower) => Some(tower),
            Self::Classes(_) => None,
        }
    }
}

/// A tower and its projection.
pub struct Side<E: ?Sized> {
    encoder: Box<E>,
    projection: Box<dyn Projection>,
    numerics: Numerics,
}

/// Images to embeddings.
pub type ImageTower = Side<dyn ImageEncoder>;
/// Captions to embeddings.
pub type TextTower = Side<dyn TextEncoder>;

impl ImageTower {
    /// Builds tower and projection as `image.*` and `image_projection.*` below `vars`.
    ///
    /// # Errors
    /// When a plugin or its weights cannot be had.
    pub fn build(plan: &ImageSide, vars: &nn::VarStore, start: Start) -> Result<Self> {
        let encoder = plan.encoder.build(vars.root() / "image")?;
        load(&plan.weights, vars, "image", start).context("[model.image]")?;
        let projection =
            project(&plan.head, vars, "image_projection", start).context("[model.image_projection]")?;
        Ok(Self { encoder, projection, numerics: Numerics::default() })
    }

    /// `[B, 3, H, W]` to `[B, width]`.
    ///
    /// # Errors
    /// Those of the tower.
    pub fn features(&self, images: &Tensor, mode: Mode) -> Result<Tensor> {
        let images = self.numerics.arrange(images)?;
        self.numerics.compute(|| self.encoder.encode(&images, mode))
    }
}

impl TextTower {
    /// Builds tower and projection as `text.*` and `text_projection.*` below `vars`.
    ///
    /// # Errors
    /// When a plugin or its weights cannot be had.
    pub fn build(plan: &TextSide, vars: &nn::VarStore, start: Start) -> Result<Self> {
        let encoder = plan.encoder.build(vars.root() / "text")?;
        load(&plan.weights, vars, "text", start).context("[model.text]")?;
        let projection =
            project(&plan.head, vars, "text_projection", start).context("[model.text_projection]")?;
        Ok(Self { encoder, projection, numerics: Numerics::default() })
    }

    /// `[B, L]` ids to `[B, width]`.
    ///
    /// # Errors
    /// Those of the tower.
    pub fn features(&self, tokens: &Tokens, mode: Mode) -> Result<Tensor> {
        self.numerics.compute(|| self.encoder.encode(tokens, mode))
    }
}

impl<E: ?Sized> Side<E> {
    /// The tower.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }

    /// Computes from now on as `numerics` say instead of plainly in f32.
    pub fn compute_in(&mut self, numerics: Numerics) {
        self.numerics = numerics;
    }

    /// Features `[B, width]` to embeddings `[B, dim]` in the shared space, not unit length.
    ///
    /// # Errors
    /// Those of the projection.
    pub fn project(&self, features: &Tensor, mode: Mode) -> Result<Tensor> {
        self.numerics.compute(|| self.projection.project(features, mode))
    }
}

/// Rows of unit length, `[B, D]`, as CLIP normalises them.
///
/// # Errors
/// Those of libtorch.
pub fn unit(rows: &Tensor) -> Result<Tensor> {
    Ok(rows.f_div(&rows.f_norm_scalaropt_dim(2, [-1], true)?)?)
}

fn load(weights: &Option<Weights>, vars: &nn::VarStore, prefix: &str, start: Start) -> Result<()> {
    match weights {
        Some(weights) if start == Start::FromSpec => weights.load(vars, prefix),
        _ => Ok(()),
    }
}

fn project(head: &Head, vars: &nn::VarStore, prefix: &str, start: Start) -> Result<Box<dyn Projection>> {
    let scope = ProjectionContext { vars: vars.root() / prefix, input: head.input };
    let projection = head.projection.build(scope)?;
    load(&head.weights, vars, prefix, start)?;
    Ok(projection)
}
