//! A graph beside the index, and what it is worth.

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{ApproximateArgs, say};
use clip_lab_index::{Approximate, Expansion, Index};
use clip_lab_search::Approximate as Worth;

use super::progress::Progress;
use crate::data::cores;

/// Rows that ask when the graph is compared with exact search: as many as a few seconds allow, but some.
const QUERIES: usize = 200;
const LEAST: usize = 10;
/// Numbers that are compared in a few seconds on two cores.
const NUMBERS: usize = 10_000_000_000;

/// The graph beside the index at `path`, and how much of the `top` nearest it finds. None when `stop` said so while it was
/// built.
///
/// # Errors
/// When there is no memory for it, or the disk does not take it.
pub fn approximate(
    args: &ApproximateArgs,
    index: &Index,
    path: &Path,
    top: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Approximate, Worth)>> {
    let expansion = Expansion { build: args.build_expansion.get(), search: args.expansion.get() };
    let mut progress = None;
    let mut told = |done| {
        progress.get_or_insert_with(|| Progress::new("put", "rows into a graph", index.len())).done(done);
    };
    let graph = Approximate::of(index, path, expansion, cores(), &mut told, stop)?;
    let Some(graph) = graph else {
        say!("stopped: a graph that is not whole is not kept; the index is");
        return Ok(None);
    };
    if let Some(progress) = progress {
        progress.finish(index.len());
    }
    let queries = (NUMBERS / (index.len() * index.dim()).max(1)).clamp(LEAST, QUERIES);
    let found = graph.recall(index, queries, top, cores())?;
    let worth = Worth {
        recall: found.recall,
        at: found.at,
        queries: found.queries,
        expansion: expansion.search,
        seconds: found.seconds,
        exact_seconds: found.exact_seconds,
    };
    Ok(Some((graph, worth)))
}
