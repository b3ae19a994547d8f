//! Builds the HNSW graph with usearch.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};
use usearch::{IndexOptions, MetricKind, ScalarKind};

use crate::Index;

/// Candidate list sizes of HNSW (`ef`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expansion {
    /// Candidates while building (`ef_construction`).
    pub build: usize,
    /// Candidates of a search (`ef`), all rescored exactly.
    pub search: usize,
}

/// Neighbours per row (`M`): usearch's default for embeddings of a few hundred dimensions.
const CONNECTIVITY: usize = 16;
/// Rows that a single thread adds first. With concurrent insertion into an empty graph, a row is unreachable in every third
/// graph of 56 rows; into a larger graph, in one of a thousand at most.
const SEQUENTIAL: usize = 1000;
/// Interval of progress reports.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Creates an empty graph.
pub fn empty(index: &Index, expansion: Expansion) -> Result<usearch::Index> {
    let options = IndexOptions {
        dimensions: index.dim(),
        metric: MetricKind::IP,
        quantization: ScalarKind::BF16,
        connectivity: CONNECTIVITY,
        expansion_add: expansion.build,
        expansion_search: expansion.search,
        multi: false,
    };
    usearch::Index::new(&options).map_err(|error| anyhow!("usearch: {error}"))
}

/// Adds all rows; false if stopped.
pub fn fill(
    graph: &usearch::Index,
    index: &Index,
    threads: usize,
    progress: &mut dyn FnMut(usize),
    stop: &dyn Fn() -> bool,
) -> Result<bool> {
    let reserved = graph.reserve_capacity_and_threads(index.len(), threads.max(1));
    reserved.map_err(|error| anyhow!("not enough memory for a graph of {} rows: {error}", index.len()))?;
    let first = index.len().min(SEQUENTIAL);
    Ok(add(graph, index, 0..first, 1, progress, stop)?
        && add(graph, index, first..index.len(), threads, progress, stop)?)
}

/// Adds `rows` with `threads` threads; false if stopped.
fn add(
    graph: &usearch::Index,
    index: &Index,
    rows: Range<usize>,
    threads: usize,
    progress: &mut dyn FnMut(usize),
    stop: &dyn Fn() -> bool,
) -> Result<bool> {
    let (next, done, stopped) =
        (AtomicUsize::new(rows.start), AtomicUsize::new(rows.start), AtomicBool::new(false));
    let work = || -> Result<()> {
        while !stopped.load(Ordering::Relaxed) {
            let row = next.fetch_add(1, Ordering::Relaxed);
            if row >= rows.end {
                break;
            }
            graph.add(row as u64, &index.row(row)).map_err(|error| anyhow!("usearch: {error}"))?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::sleep(PROGRESS_INTERVAL.min(Duration::from_millis(5 + index.len() as u64 / 100)));
            progress(done.load(Ordering::Relaxed));
            stopped.fetch_or(stop(), Ordering::Relaxed);
        }
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| anyhow!("a thread panicked while building the graph"))?
        })
    })?;
    let done = done.into_inner();
    progress(done);
    Ok(done == rows.end)
}
