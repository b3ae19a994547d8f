//! Checks of projections.

use anyhow::{Result, ensure};
use tch::{Tensor, nn};

use super::tools::{features, gradients, independent, sorted, wave};
use crate::{Mode, Projection, ProjectionProperties};

/// Checks a projection built at the root of `vars` for features of width `input`: the declared width, reproducible and
/// independent rows, a finite gradient for every parameter, and parameters exactly if declared.
///
/// # Errors
/// Names the failed check.
pub fn projection(
    projection: &dyn Projection,
    vars: &nn::VarStore,
    properties: &ProjectionProperties,
    input: i64,
) -> Result<()> {
    let dim = properties.dim.unwrap_or(input);
    let rows = wave(&[3, input], vars.device());
    let project = |rows: &Tensor, mode: Mode| projection.project(rows, mode);
    features(&project, &rows, dim, dim)?;
    let others = Tensor::cat(&[rows.narrow(0, 0, 1), rows.narrow(0, 1, 2) * 0.5 + 0.1], 0);
    independent(&project, &rows, &others)?;
    let learned = sorted(vars).iter().any(|(_, tensor)| tensor.requires_grad());
    ensure!(
        learned == properties.learned,
        "properties() declares learned = {}, but it is {learned}",
        properties.learned
    );
    if learned {
        gradients(&project, &rows, vars)?;
        let wide = wave(&[3, input + 1], vars.device());
        ensure!(project(&wide, Mode::Eval).is_err(), "features of another width must be an error");
    }
    Ok(())
}
