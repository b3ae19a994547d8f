//! Approximate search: builds the graph and measures its recall.

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{ApproximateArgs, note};
use clip_lab_search_protocol::Approximate as Quality;
use clip_lab_vector_index::{Approximate, Expansion, Index};

use super::progress::Progress;
use crate::input::cores;

/// Queries for measuring recall against exact search: as many as take a few seconds, between these limits.
const MAX_QUERIES: usize = 200;
const MIN_QUERIES: usize = 10;
/// Multiplications of exact search that take a few seconds on two cores.
const BUDGET: usize = 10_000_000_000;

/// The graph beside the index at `path`, and its recall of the `top` nearest. None when `stop` returned true during the
/// build.
///
/// # Errors
/// If memory is short or the graph cannot be written.
pub fn approximate(
    args: &ApproximateArgs,
    index: &Index,
    path: &Path,
    top: usize,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Approximate, Quality)>> {
    let expansion = Expansion { build: args.build_expansion.get(), search: args.expansion.get() };
    let mut progress = None;
    let mut log = |done| {
        progress.get_or_insert_with(|| Progress::new("added", "rows to the graph", index.len())).done(done);
    };
    let graph = Approximate::of(index, path, expansion, cores(), &mut log, stop)?;
    let Some(graph) = graph else {
        note!("stopped: the index is saved, the incomplete graph is not");
        return Ok(None);
    };
    if let Some(progress) = progress {
        progress.finish(index.len());
    }
    let queries = (BUDGET / (index.len() * index.dim()).max(1)).clamp(MIN_QUERIES, MAX_QUERIES);
    let found = graph.recall(index, queries, top, cores())?;
    let quality = Quality {
        recall: found.recall,
        at: found.at,
        queries: found.queries,
        expansion: expansion.search,
        seconds: found.seconds,
        exact_seconds: found.exact_seconds,
    };
    Ok(Some((graph, quality)))
}
