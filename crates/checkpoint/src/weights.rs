//! The tensors of one part of a checkpoint, and how they become our variables.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use anyhow::{Result, bail};
use tch::{Tensor, nn};

use crate::positions::Positions;
use crate::rename::{Row, Theirs, claims, theirs};
use crate::source::Tensors;

/// More faults than this are counted, not listed.
const LISTED: usize = 12;

/// Names that carry nothing a tower needs, in any layout: indices and counters.
const IDLE: &[&str] = &["position_ids", "num_batches_tracked"];

/// Ends of names of what is counted while training and not learned.
const STATISTICS: &[&str] = &["running_mean", "running_var", "moving_mean", "moving_variance"];

/// The tensors of a part, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many tensors.
    pub tensors: usize,
    /// Numbers in them that are learned.
    pub parameters: i64,
    /// Numbers in them that are not: statistics of batch norms.
    pub buffers: i64,
    /// Their types, such as `float`.
    pub kinds: BTreeSet<String>,
}

/// The weights of a tower, projection or loss, not read yet.
#[derive(Clone)]
pub struct Weights {
    tensors: Arc<dyn Tensors>,
    /// What stands before the names of this part.
    prefix: String,
    /// Our names and theirs.
    table: Vec<Row>,
    /// Prefixes of tensors that are no fault when they are not used: heads, and other parts of the model.
    spare: Vec<String>,
    /// Our name of position embeddings that may be of another number, and how they are then computed.
    positions: Option<(&'static str, Positions)>,
}

/// One of our variables and what it is to be filled from.
struct Match {
    ours: String,
    variable: Tensor,
    theirs: Theirs,
    /// How it is computed from one of another number of rows.
    positions: Option<Positions>,
}

impl Weights {
    /// The tensors whose names begin with `prefix`, to be found by `table`; `spare` ones may be left over.
    pub(crate) fn new(tensors: &Arc<dyn Tensors>, prefix: &str, table: &[Row], spare: &[&str]) -> Self {
        let spare = spare.iter().map(|name| (*name).to_owned()).collect();
        let (prefix, table) = (prefix.to_owned(), table.to_vec());
        Self { tensors: tensors.clone(), prefix, table, spare, positions: None }
    }

    /// The same, with more tensors that may be left over.
    pub(crate) fn sparing(mut self, more: &[&str]) -> Self {
        self.spare.extend(more.iter().map(|name| (*name).to_owned()));
        self
    }

    /// The same, with the position embeddings `name` resampled where the model has another number of them.
    pub(crate) fn resampling(self, name: &'static str, positions: Positions) -> Self {
        Self { positions: Some((name, positions)), ..self }
    }

    /// What stands before the names of this part.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Copies every tensor into the variables below `under` (such as `image`; empty for all of them).
    ///
    /// # Errors
    /// When the file is damaged, or a tensor is missing, left over or of another shape; each is named, ours and theirs. No variable was
    /// changed then. Position embeddings may be of another number: they are resampled as the checkpoint's tool does.
    pub fn load(&self, vars: &nn::VarStore, under: &str) -> Result<()> {
        self.tensors.verify()?;
        let mut faults = Vec::new();
        let matches = self.matches(vars, under, &mut faults);
        faults.extend(matches.iter().filter_map(|one| self.misfit(one)));
        faults.extend(self.leftovers(&matches));
        if !faults.is_empty() {
            bail!(self.refusal(under, &faults));
        }
        matches.into_iter().try_for_each(|one| self.copy(one))
    }

    /// A hash (BLAKE3, hex) of the names, types, shapes and bytes of the tensors: the same weights, the same hash.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fingerprint(&self) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for name in self.tensors.names() {
            if name.strip_prefix(&self.prefix).is_some_and(|name| claims(&self.table, name)) {
                self.tensors.hash(&name, &mut hasher)?;
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// What there is to load, counted; tensors are not read.
    pub fn summary(&self) -> Summary {
        let mut found = Summary::default();
        for name in self.tensors.names() {
            let mine = name.strip_prefix(&self.prefix).is_some_and(|name| claims(&self.table, name));
            if !mine || self.is_others(&name) || is_idle(&name) {
                continue;
            }
            let count: i64 = self.tensors.shape(&name).unwrap_or_default().iter().product();
            let statistics = STATISTICS.iter().any(|end| name.ends_with(end));
            *(if statistics { &mut found.buffers } else { &mut found.parameters }) += count;
            found.tensors += 1;
            if let Some(kind) = self.tensors.kind(&name) {
                found.kinds.insert(format!("{kind:?}").to_lowercase());
            }
        }
        found
    }

    /// Reads a tensor by the name it has in the file, such as a classifier that no tower uses.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        self.tensors.tensor(name)
    }

    fn matches(&self, vars: &nn::VarStore, under: &str, faults: &mut Vec<String>) -> Vec<Match> {
        let before = if under.is_empty() { String::new() } else { format!("{under}.") };
        let mut variables: Vec<_> = vars.variables().into_iter().collect();
        variables.retain(|(name, _)| name.starts_with(&before));
        variables.sort_by(|a, b| a.0.cmp(&b.0));
        let mut matches = Vec::new();
        for (ours, variable) in variables {
            let short = &ours[before.len()..];
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

    /// Their names as they stand in the file: with the prefix, and perhaps as old files spell them.
    fn resolved(&self, theirs: Theirs) -> Theirs {
        let names = theirs.names.iter().map(|name| format!("{}{name}", self.prefix));
        let names = names.map(|name| if self.tensors.has(&name) { name } else { self.old_or(name) });
        Theirs { names: names.collect(), ..theirs }
    }

    fn old_or(&self, name: String) -> String {
        Some(old(&name)).filter(|old| self.tensors.has(old)).unwrap_or(name)
    }

    /// What keeps a variable from being filled.
    fn misfit(&self, one: &Match) -> Option<String> {
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
            format!("misshapen: `{names}` is {shape:?}, `{}` is {ours:?}", one.ours)
        })
    }

    /// The shape of what comes out of their tensors.
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

    /// Tensors of the file that nothing was filled from.
    fn leftovers(&self, matches: &[Match]) -> Vec<String> {
        let used: BTreeSet<&String> = matches.iter().flat_map(|one| &one.theirs.names).collect();
        let names = self.tensors.names();
        let left = names.iter().filter(|name| !used.contains(name) && !is_idle(name) && !self.is_spare(name));
        left.map(|name| format!("extra: `{name}` {:?}", self.tensors.shape(name).unwrap_or_default()))
            .collect()
    }

    /// Whether a tensor of the file may be left over.
    fn is_spare(&self, name: &str) -> bool {
        let inner = name.strip_prefix(&self.prefix).unwrap_or(name);
        self.spare.iter().any(|spare| name.starts_with(spare) || inner.starts_with(spare))
    }

    /// Whether a tensor is of another part: one that may be left over, where not everything may.
    fn is_others(&self, name: &str) -> bool {
        !self.spare.iter().any(String::is_empty) && self.is_spare(name)
    }

    fn refusal(&self, under: &str, faults: &[String]) -> String {
        let more = faults.len().saturating_sub(LISTED);
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
        let turned = if one.theirs.transposed { joined.f_transpose(0, 1)? } else { joined };
        let size = variable.size();
        let (here, there) = (squeezed(&size), squeezed(&turned.size()));
        let fitted = match one.positions {
            Some(positions) if here != there => positions.resample(&turned, size[0])?,
            _ => turned,
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

fn is_idle(name: &str) -> bool {
    IDLE.iter().any(|idle| name.ends_with(idle))
}

/// A shape without its ones: `[1, 1, D]` and `[D]` hold the same numbers in the same order.
fn squeezed(shape: &[i64]) -> Vec<i64> {
    shape.iter().copied().filter(|size| *size != 1).collect()
}

/// As files converted from TensorFlow spell it: `gamma` and `beta` for the weight and bias of a norm.
fn old(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((before, "weight")) => format!("{before}.gamma"),
        Some((before, "bias")) => format!("{before}.beta"),
        _ => name.to_owned(),
    }
}
