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
/// If the tensor is missing.
pub(super) fn dim(tensors: &dyn Tensors, name: &str, axis: usize) -> Result<i64> {
    tensors
        .dim(name, axis)
        .with_context(|| format!("missing: `{name}` is not in {}", tensors.place().display()))
}

/// The inner width of an MLP as a multiple of the width.
pub(super) fn ratio(inner: i64, width: i64) -> f64 {
    inner as f64 / width.max(1) as f64
}
