//! Projections: from a tower's features to the shared embedding space.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::{Kind, Mode};

/// Projects features into the shared embedding space.
pub trait Projection: Send {
    /// `[B, input]` to `[B, dim]`, not L2-normalised.
    ///
    /// # Errors
    /// If the width does not fit.
    fn project(&self, features: &Tensor, mode: Mode) -> Result<Tensor>;
}

/// Properties of a projection.
#[derive(Debug, Clone, Default)]
pub struct ProjectionProperties {
    /// Output width; none if it is the input width.
    pub dim: Option<i64>,
    /// Whether it has parameters, which are random until trained or loaded.
    pub learned: bool,
}

/// Build context of a projection.
pub struct ProjectionContext<'a> {
    /// The path for its variables.
    pub vars: nn::Path<'a>,
    /// Input width.
    pub input: i64,
}

impl Kind for dyn Projection {
    const NAME: &'static str = "projection";
    type Properties = ProjectionProperties;
    type BuildContext<'a> = ProjectionContext<'a>;
}
