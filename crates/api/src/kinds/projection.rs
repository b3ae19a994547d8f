//! Projections: from a tower's features to the shared space.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::{Kind, Mode};

/// Maps features into the space that both towers share.
pub trait Projection: Send {
    /// `[B, input]` to `[B, dim]`, not unit length.
    ///
    /// # Errors
    /// When the width does not fit.
    fn project(&self, features: &Tensor, mode: Mode) -> Result<Tensor>;
}

/// What a projection's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct ProjectionFacts {
    /// Width of what comes out; none when it is the width of what goes in.
    pub dim: Option<i64>,
    /// Whether it has parameters, which are random until trained or loaded.
    pub learned: bool,
}

/// Where a projection is built.
pub struct ProjectionScope<'a> {
    /// Where its variables go.
    pub vars: nn::Path<'a>,
    /// Width of the features that go in.
    pub input: i64,
}

impl Kind for dyn Projection {
    const NAME: &'static str = "projection";
    type Facts = ProjectionFacts;
    type Scope<'a> = ProjectionScope<'a>;
}
