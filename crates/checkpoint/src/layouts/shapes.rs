//! Derives settings from tensor shapes.

use anyhow::{Context as _, Result};

use crate::source::Tensors;

/// The number of tensors `BEFORE0AFTER`, `BEFORE1AFTER`, ...
pub(super) fn count(tensors: &dyn Tensors, before: &str, after: &str) -> i64 {
    (0..).take_while(|i| tensors.has(&format!("{before}{i}{after}"))).count() as i64
}

/// One dimension of a required tensor.
///
/// # Errors
/// When the tensor is missing.
pub(super) fn dim(tensors: &dyn Tensors, name: &str, axis: usize) -> Result<i64> {
    tensors
        .dim(name, axis)
        .with_context(|| format!("missing: `{name}` is not in {}", tensors.place().display()))
}

/// The side of the square grid of `positions` positions, and whether there is one more for the class token.
pub(crate) fn grid(positions: i64) -> Option<(i64, bool)> {
    let side =
        |count: i64| Some((count as f64).sqrt() as i64).filter(|side| *side > 0 && side * side == count);
    side(positions - 1).map(|side| (side, true)).or_else(|| side(positions).map(|side| (side, false)))
}
