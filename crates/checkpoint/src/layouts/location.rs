//! Where a checkpoint holds the tensors of a tower.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::Weights;
use crate::rename::Row;
use crate::source::Tensors;

/// The location of a tower in its checkpoint.
pub(super) struct TowerLocation<'a> {
    /// The tensors of the checkpoint.
    pub tensors: &'a Arc<dyn Tensors>,
    /// Prefix of the tower's tensor names.
    pub within: &'a str,
    /// Prefixes of the other parts of the model.
    pub others: &'a [&'a str],
    /// Whether the pooler's output is the feature, as in `VisionTextDualEncoderModel`.
    pub pooler: bool,
}

impl TowerLocation<'_> {
    /// The weights of a tower, located by a tensor that every such tower has.
    pub fn weights(&self, probe: &str, table: &[Row], optional: &[&str]) -> Result<Weights> {
        let file = self.tensors.place().display();
        let prefix = prefix(&**self.tensors, self.within, probe)
            .with_context(|| format!("missing: no tensor in {file} is called `{}{probe}`", self.within))?;
        Ok(Weights::new(self.tensors, &prefix, table, &[self.others, optional].concat()))
    }
}

/// The prefix of `probe` in the tensor names that begin with `within`; the shortest if there are several.
pub(super) fn prefix(tensors: &dyn Tensors, within: &str, probe: &str) -> Option<String> {
    let names = tensors.names();
    let prefixes =
        names.iter().filter(|name| name.starts_with(within)).filter_map(|name| name.strip_suffix(probe));
    let whole = prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with('.'));
    whole.min_by_key(|prefix| prefix.len()).map(str::to_owned)
}
