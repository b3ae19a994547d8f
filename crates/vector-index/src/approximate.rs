//! Approximate nearest-neighbour search: an HNSW graph (<https://arxiv.org/abs/1603.09320>), built with usearch.
//!
//! The graph stores rows in bfloat16 and is memory-mapped, as the index is, so neither has to fit into memory. Candidates are
//! rescored with the float32 rows: scores are exact, only recall is approximate. Search is bound by memory latency, not
//! arithmetic: wider SIMD gains 10%.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::{
    Expansion, Index, Neighbour, dot,
    file::replace,
    graph::{empty, fill},
};

/// A graph over the rows of an index.
pub struct Approximate {
    graph: usearch::Index,
    expansion: Expansion,
}

/// Recall and speed of approximate search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recall {
    /// recall@`at`: the share of the exact nearest rows that it finds.
    pub recall: f64,
    /// The k of recall@k.
    pub at: usize,
    /// Number of queries, rows of the index.
    pub queries: usize,
    /// Mean seconds of an approximate search.
    pub seconds: f64,
    /// Mean seconds of an exact search.
    pub exact_seconds: f64,
}

impl Approximate {
    /// Opens the graph next to the index file `path`, or builds it with `threads` threads if there is none for this index
    /// and these settings. Calls `progress` with the number of rows added. None if `stop` returns true meanwhile.
    ///
    /// # Errors
    /// If the graph does not fit into memory, or cannot be written.
    pub fn of(
        index: &Index,
        path: &Path,
        expansion: Expansion,
        threads: usize,
        progress: &mut dyn FnMut(usize),
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        let file = graph_path(path, index, expansion);
        if let Ok(found) = Self::read(index, &file, expansion) {
            return Ok(Some(found));
        }
        let graph = empty(index, expansion)?;
        if !fill(&graph, index, threads, progress, stop)? {
            return Ok(None);
        }
        remove_stale_graphs(path);
        let save = |aside: &Path| {
            graph.save(utf8(aside)?).map_err(|error| anyhow!("usearch: {error}"))?;
            Ok(File::open(aside)?.sync_all()?)
        };
        replace(&file, save).with_context(|| format!("the graph {} cannot be written", file.display()))?;
        drop(graph);
        Self::read(index, &file, expansion).map(Some)
    }

    /// Maps a complete graph: it is synced before it is renamed, and its length is checked.
    fn read(index: &Index, file: &Path, expansion: Expansion) -> Result<Self> {
        let length = fs::metadata(file)?.len();
        let graph = empty(index, expansion)?;
        graph.view(utf8(file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        let whole = graph.size() == index.len() && graph.dimensions() == index.dim();
        ensure!(
            whole && graph.serialized_length() as u64 == length,
            "{} does not match the index",
            file.display()
        );
        Ok(Self { graph, expansion })
    }

    /// The `top` rows with the highest scores among the candidates, highest first; scores are exact.
    ///
    /// # Errors
    /// If usearch fails.
    pub fn nearest(&self, index: &Index, query: &[f32], top: usize) -> Result<Vec<Neighbour>> {
        let count = self.expansion.search.max(top);
        let found = self.graph.search(query, count).map_err(|error| anyhow!("usearch: {error}"))?;
        let rows = found.keys.into_iter().filter_map(|key| usize::try_from(key).ok());
        let rows = rows.filter(|&row| row < index.len());
        let mut near: Vec<Neighbour> =
            rows.map(|row| Neighbour { row, score: dot(index.row_bytes(row), query) }).collect();
        near.sort_unstable();
        near.truncate(top);
        Ok(near)
    }

    /// Measures recall@`at` against exact search, with at most `queries` evenly spaced rows as queries, each excluding itself.
    ///
    /// # Errors
    /// If usearch fails.
    pub fn recall(&self, index: &Index, queries: usize, at: usize, threads: usize) -> Result<Recall> {
        let queries = queries.min(index.len());
        let at = at.min(index.len().saturating_sub(1)).max(1);
        let divisor = queries.max(1) as f64;
        let (mut recall, mut seconds, mut exact_seconds) = (0.0, 0.0, 0.0);
        for place in 0..queries {
            let own = place * index.len() / queries;
            let row = index.row(own);
            let others = |near: Vec<Neighbour>| {
                near.into_iter().filter(|near| near.row != own).take(at).collect::<Vec<_>>()
            };
            let started = Instant::now();
            let found = others(self.nearest(index, &row, at + 1)?);
            seconds += started.elapsed().as_secs_f64() / divisor;
            let started = Instant::now();
            let right = others(index.nearest(&row, at + 1, threads));
            exact_seconds += started.elapsed().as_secs_f64() / divisor;
            recall += share(&found, &right);
        }
        Ok(Recall { recall: recall / divisor, at, queries, seconds, exact_seconds })
    }
}

/// The share of `exact` that is in `found`; 1 if `exact` is empty.
pub fn share(found: &[Neighbour], exact: &[Neighbour]) -> f64 {
    let same = exact.iter().filter(|one| found.iter().any(|other| other.row == one.row)).count();
    if exact.is_empty() { 1.0 } else { same as f64 / exact.len() as f64 }
}

/// The file of the graph, named by the digest of the index and the build settings.
fn graph_path(path: &Path, index: &Index, expansion: Expansion) -> PathBuf {
    path.with_extension(format!("{}-{}.usearch", &index.digest()[..16], expansion.build))
}

/// Removes graphs of earlier versions of the index.
fn remove_stale_graphs(path: &Path) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned() + ".";
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&stem) && name.ends_with(".usearch") {
            // A file that stays only costs space.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8, which usearch needs", path.display()))
}
