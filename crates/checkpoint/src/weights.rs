//! The tensors of one part of a checkpoint, and how they are loaded into variables.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use anyhow::{Result, bail};
use tch::{Tensor, nn};

use crate::positions::Positions;
use crate::rename::{Row, Theirs, covers, theirs};
use crate::source::Tensors;

/// Number of faults listed in a message; more are counted.
const MAX_LISTED: usize = 12;

/// Indices and counters, which no tower needs in any layout.
const IGNORED: &[&str] = &["position_ids", "num_batches_tracked"];

/// Suffixes of batch statistics, which are not parameters.
const STATISTICS: &[&str] = &["running_mean", "running_var", "moving_mean", "moving_variance"];

/// Sizes of the tensors of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of tensors.
    pub tensors: usize,
    /// Number of parameters.
    pub parameters: i64,
    /// Number of values in buffers: batch statistics.
    pub buffers: i64,
    /// Data types, such as `float`.
    pub kinds: BTreeSet<String>,
}

/// The weights of a tower, projection or loss, read on demand.
#[derive(Clone)]
pub struct Weights {
    tensors: Arc<dyn Tensors>,
    /// Prefix of the tensor names of this part.
    prefix: String,
    /// Maps our names to theirs.
    table: Vec<Row>,
    /// Prefixes of tensors that may stay unused: heads, and other parts of the model.
    optional: Vec<String>,
    /// Our name of position embeddings that may be resampled, and how.
    positions: Option<(&'static str, Positions)>,
}

/// A variable and its source tensors.
struct Match {
    ours: String,
    variable: Tensor,
    theirs: Theirs,
    /// How to resample it from another number of rows.
    positions: Option<Positions>,
}

impl Weights {
    /// The tensors whose names begin with `prefix`, mapped by `table`; `optional` ones may stay unused.
    pub(crate) fn new(tensors: &Arc<dyn Tensors>, prefix: &str, table: &[Row], optional: &[&str]) -> Self {
        let optional = optional.iter().map(|name| (*name).to_owned()).collect();
        let (prefix, table) = (prefix.to_owned(), table.to_vec());
        Self { tensors: tensors.clone(), prefix, table, optional, positions: None }
    }

    /// Adds tensors that may stay unused.
    pub(crate) fn with_optional(mut self, more: &[&str]) -> Self {
        self.optional.extend(more.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Resamples the position embeddings `name` if the model has another number of positions.
    pub(crate) fn resampling(self, name: &'static str, positions: Positions) -> Self {
        Self { positions: Some((name, positions)), ..self }
    }

    /// Prefix of the tensor names of this part.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Loads every tensor into the variables below `under` (such as `image`; empty for all). Position embeddings are
    /// resampled to another number of positions as the checkpoint's tool does.
    ///
    /// # Errors
    /// If the file is damaged, or a tensor is missing, unexpected or of another shape; each is listed. No variable is
    /// changed then.
    pub fn load(&self, vars: &nn::VarStore, under: &str) -> Result<()> {
        self.tensors.verify()?;
        let mut faults = Vec::new();
        let matches = self.matches(vars, under, &mut faults);
        faults.extend(matches.iter().filter_map(|one| self.mismatch(one)));
        faults.extend(self.unexpected(&matches));
        if !faults.is_empty() {
            bail!(self.error_message(under, &faults));
        }
        matches.into_iter().try_for_each(|one| self.copy(one))
    }

    /// A hash (BLAKE3, hex) of the names, types, shapes and bytes of the tensors.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn fingerprint(&self) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for name in self.tensors.names() {
            if name.strip_prefix(&self.prefix).is_some_and(|name| covers(&self.table, name)) {
                self.tensors.hash(&name, &mut hasher)?;
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// Counts tensors and parameters, without reading them.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for name in self.tensors.names() {
            let mine = name.strip_prefix(&self.prefix).is_some_and(|name| covers(&self.table, name));
            if !mine || self.is_other_part(&name) || is_ignored(&name) {
                continue;
            }
            let count: i64 = self.tensors.shape(&name).unwrap_or_default().iter().product();
            let statistics = STATISTICS.iter().any(|end| name.ends_with(end));
            *(if statistics { &mut summary.buffers } else { &mut summary.parameters }) += count;
            summary.tensors += 1;
            if let Some(kind) = self.tensors.kind(&name) {
                summary.kinds.insert(format!("{kind:?}").to_lowercase());
            }
        }
        summary
    }

    /// Reads a tensor by its name in the file, such as a classifier that no tower uses.
    ///
    /// # Errors
    /// If no tensor has that name.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        self.tensors.tensor(name)
    }

    fn matches(&self, vars: &nn::VarStore, under: &str, faults: &mut Vec<String>) -> Vec<Match> {
        let prefix = if under.is_empty() { String::new() } else { format!("{under}.") };
        let mut variables: Vec<_> = vars.variables().into_iter().collect();
        variables.retain(|(name, _)| name.starts_with(&prefix));
        variables.sort_by(|a, b| a.0.cmp(&b.0));
        let mut matches = Vec::new();
        for (ours, variable) in variables {
            let short = &ours[prefix.len()..];
            let positions = self.positions.filter(|(name, _)| *name == short).map(|(_, positions)| positions);
            match theirs(&self.table, short) {
                Some(theirs) => {
                    matches.push(Match { ours, variable, theirs: self.resolved(theirs), positions });
                }
                None => faults.push(format!("missing: `{ours}` {:?} has no counterpart", variable.size())),
            }
        }
        matches
    }

    /// The names in the file: with the prefix, or with the spelling of old files.
    fn resolved(&self, theirs: Theirs) -> Theirs {
        let names = theirs.names.iter().map(|name| format!("{}{name}", self.prefix));
        let names = names.map(|name| if self.tensors.has(&name) { name } else { self.tf_spelling(name) });
        Theirs { names: names.collect(), ..theirs }
    }

    fn tf_spelling(&self, name: String) -> String {
        Some(tf_name(&name)).filter(|other| self.tensors.has(other)).unwrap_or(name)
    }

    /// Why a variable cannot be loaded.
    fn mismatch(&self, one: &Match) -> Option<String> {
        let ours = one.variable.size();
        let absent: Vec<_> =
            one.theirs.names.iter().filter(|name| !self.tensors.has(name)).cloned().collect();
        if !absent.is_empty() {
            return Some(format!("missing: `{}` for `{}` {ours:?}", absent.join("`, `"), one.ours));
        }
        let shape = self.shape(&one.theirs);
        let fits = squeezed(&shape) == squeezed(&ours)
            || one.positions.is_some_and(|positions| positions.fit(&shape, &ours));
        (!fits).then(|| {
            let names = one.theirs.names.join("`, `");
            format!("size mismatch: `{names}` is {shape:?}, `{}` is {ours:?}", one.ours)
        })
    }

    /// The shape of their tensors after concatenation and transposition.
    fn shape(&self, theirs: &Theirs) -> Vec<i64> {
        let shapes: Vec<_> = theirs.names.iter().filter_map(|name| self.tensors.shape(name)).collect();
        let mut shape = shapes.first().cloned().unwrap_or_default();
        if let (Some(rows), true) = (shape.first_mut(), shapes.len() > 1) {
            *rows = shapes.iter().filter_map(|shape| shape.first()).sum();
        }
        if theirs.transposed {
            shape.reverse();
        }
        shape
    }

    /// Unused tensors of the file that are not optional.
    fn unexpected(&self, matches: &[Match]) -> Vec<String> {
        let used: BTreeSet<&String> = matches.iter().flat_map(|one| &one.theirs.names).collect();
        let names = self.tensors.names();
        let unused =
            names.iter().filter(|name| !used.contains(name) && !is_ignored(name) && !self.is_optional(name));
        unused
            .map(|name| format!("unexpected: `{name}` {:?}", self.tensors.shape(name).unwrap_or_default()))
            .collect()
    }

    /// Whether a tensor of the file may stay unused.
    fn is_optional(&self, name: &str) -> bool {
        let inner = name.strip_prefix(&self.prefix).unwrap_or(name);
        self.optional.iter().any(|prefix| name.starts_with(prefix) || inner.starts_with(prefix))
    }

    /// Whether a tensor belongs to another part: it is optional, and not all tensors are.
    fn is_other_part(&self, name: &str) -> bool {
        !self.optional.iter().any(String::is_empty) && self.is_optional(name)
    }

    fn error_message(&self, under: &str, faults: &[String]) -> String {
        let more = faults.len().saturating_sub(MAX_LISTED);
        let mut lines = faults[..faults.len() - more].join("\n  ");
        if more > 0 {
            lines += &format!("\n  and {more} more");
        }
        let part = if under.is_empty() { "model" } else { under };
        format!(
            "the weights in {} do not fit the {part}; a setting of the spec may differ from the checkpoint's:\n  {lines}",
            self.tensors.place().display()
        )
    }

    fn copy(&self, one: Match) -> Result<()> {
        let parts =
            one.theirs.names.iter().map(|name| self.tensors.tensor(name)).collect::<Result<Vec<_>>>()?;
        let mut variable = one.variable;
        let joined = if parts.len() == 1 { parts[0].shallow_clone() } else { Tensor::f_cat(&parts, 0)? };
        let oriented = if one.theirs.transposed { joined.f_transpose(0, 1)? } else { joined };
        let size = variable.size();
        let (ours, theirs) = (squeezed(&size), squeezed(&oriented.size()));
        let fitted = match one.positions {
            Some(positions) if ours != theirs => positions.resample(&oriented, size[0])?,
            _ => oriented,
        };
        tch::no_grad(|| variable.f_copy_(&fitted.f_reshape(&size)?))?;
        Ok(())
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weights({}, `{}`)", self.tensors.place().display(), self.prefix)
    }
}

fn is_ignored(name: &str) -> bool {
    IGNORED.iter().any(|end| name.ends_with(end))
}

/// A shape without dimensions of 1: `[1, 1, D]` and `[D]` have the same data.
fn squeezed(shape: &[i64]) -> Vec<i64> {
    shape.iter().copied().filter(|size| *size != 1).collect()
}

/// The spelling of files converted from TensorFlow: `gamma` and `beta` for the weight and bias of a norm.
fn tf_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((before, "weight")) => format!("{before}.gamma"),
        Some((before, "bias")) => format!("{before}.beta"),
        _ => name.to_owned(),
    }
}
