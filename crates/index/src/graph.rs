//! Building a graph with usearch.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};
use usearch::{IndexOptions, MetricKind, ScalarKind};

use crate::Index;

/// How a graph is built and walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expansion {
    /// Candidates kept while it is built.
    pub build: usize,
    /// Candidates that a search keeps, and compares exactly.
    pub search: usize,
}

/// Neighbours of a row in the graph: 16 is what usearch takes for embeddings of a few hundred numbers.
const CONNECTIVITY: usize = 16;
/// Rows that one thread adds first. Where several add to a small graph at once, walks miss a row in every third graph of 56
/// rows; added to a larger one, they miss one in a thousand at most.
const ALONE: usize = 1000;
/// How often progress is told.
const TOLD: Duration = Duration::from_millis(200);

/// A graph without rows.
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

/// Adds every row; false when somebody stopped it.
pub fn fill(
    graph: &usearch::Index,
    index: &Index,
    threads: usize,
    told: &mut dyn FnMut(usize),
    stop: &dyn Fn() -> bool,
) -> Result<bool> {
    let reserved = graph.reserve_capacity_and_threads(index.len(), threads.max(1));
    reserved.map_err(|error| anyhow!("there is no memory for a graph of {} rows: {error}", index.len()))?;
    let alone = index.len().min(ALONE);
    Ok(add(graph, index, 0..alone, 1, told, stop)?
        && add(graph, index, alone..index.len(), threads, told, stop)?)
}

/// Adds some rows with so many threads; false when somebody stopped it.
fn add(
    graph: &usearch::Index,
    index: &Index,
    rows: Range<usize>,
    threads: usize,
    told: &mut dyn FnMut(usize),
    stop: &dyn Fn() -> bool,
) -> Result<bool> {
    let (next, done, ended) =
        (AtomicUsize::new(rows.start), AtomicUsize::new(rows.start), AtomicBool::new(false));
    let work = || -> Result<()> {
        while !ended.load(Ordering::Relaxed) {
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
            thread::sleep(TOLD.min(Duration::from_millis(5 + index.len() as u64 / 100)));
            told(done.load(Ordering::Relaxed));
            ended.fetch_or(stop(), Ordering::Relaxed);
        }
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a thread of the graph died"))?)
    })?;
    let done = done.into_inner();
    told(done);
    Ok(done == rows.end)
}
