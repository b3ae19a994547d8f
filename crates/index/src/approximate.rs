//! Approximate search: a graph of near neighbours (HNSW, <https://arxiv.org/abs/1603.09320>) by the library usearch.
//!
//! The graph holds rows in bfloat16 and is mapped, as the index is, so that neither needs to be in memory. What a walk
//! through it finds is compared again with the exact rows: scores are exact, and only a row that the walk missed is missed.
//! Walks wait for memory, not for sums: comparing rows with wider registers gained a tenth.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::{
    Expansion, Index, Near, dot,
    file::replace,
    graph::{empty, fill},
};

/// A graph over the rows of an index.
pub struct Approximate {
    graph: usearch::Index,
    expansion: Expansion,
}

/// What an approximate search is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recall {
    /// The share of the exact nearest rows that it finds.
    pub recall: f64,
    /// How many nearest ones were compared, and over how many rows that asked.
    pub at: usize,
    /// Rows that asked.
    pub queries: usize,
    /// Mean time of an approximate search.
    pub seconds: f64,
    /// Mean time of an exact one.
    pub exact_seconds: f64,
}

impl Approximate {
    /// The graph beside `path`, the file of the index; built, with all of `threads`, where there is none of this index
    /// and these settings. `told` hears how many rows are in. None when `stop` says so on the way.
    ///
    /// # Errors
    /// When there is no memory for it while it is built, or the disk does not take it.
    pub fn of(
        index: &Index,
        path: &Path,
        expansion: Expansion,
        threads: usize,
        told: &mut dyn FnMut(usize),
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        let file = beside(path, index, expansion);
        if let Ok(found) = Self::read(index, &file, expansion) {
            return Ok(Some(found));
        }
        let graph = empty(index, expansion)?;
        if !fill(&graph, index, threads, told, stop)? {
            return Ok(None);
        }
        forget(path);
        let save = |aside: &Path| {
            graph.save(text(aside)?).map_err(|error| anyhow!("usearch: {error}"))?;
            Ok(File::open(aside)?.sync_all()?)
        };
        replace(&file, save).with_context(|| format!("the graph {} cannot be written", file.display()))?;
        drop(graph);
        Self::read(index, &file, expansion).map(Some)
    }

    /// Maps a graph that was written whole: it is on the disk before it has this name, and its own length is compared.
    fn read(index: &Index, file: &Path, expansion: Expansion) -> Result<Self> {
        let length = fs::metadata(file)?.len();
        let graph = empty(index, expansion)?;
        graph.view(text(file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        let whole = graph.size() == index.len() && graph.dimensions() == index.dim();
        ensure!(whole && graph.serialized_length() as u64 == length, "{} is another graph", file.display());
        Ok(Self { graph, expansion })
    }

    /// The `top` rows with the highest scores among those that a walk finds, the highest first; scores are exact.
    ///
    /// # Errors
    /// Those of usearch.
    pub fn nearest(&self, index: &Index, query: &[f32], top: usize) -> Result<Vec<Near>> {
        let count = self.expansion.search.max(top);
        let found = self.graph.search(query, count).map_err(|error| anyhow!("usearch: {error}"))?;
        let rows = found.keys.into_iter().filter_map(|key| usize::try_from(key).ok());
        let rows = rows.filter(|&row| row < index.len());
        let mut near: Vec<Near> =
            rows.map(|row| Near { row, score: dot(index.row_bytes(row), query) }).collect();
        near.sort_unstable();
        near.truncate(top);
        Ok(near)
    }

    /// Compares with exact search, over at most `queries` rows spread evenly, each asking for its `at` nearest others.
    ///
    /// # Errors
    /// Those of usearch.
    pub fn recall(&self, index: &Index, queries: usize, at: usize, threads: usize) -> Result<Recall> {
        let queries = queries.min(index.len());
        let at = at.min(index.len().saturating_sub(1)).max(1);
        let asked = queries.max(1) as f64;
        let (mut recall, mut seconds, mut exact_seconds) = (0.0, 0.0, 0.0);
        for place in 0..queries {
            let own = place * index.len() / queries;
            let row = index.row(own);
            let others = |near: Vec<Near>| {
                near.into_iter().filter(|near| near.row != own).take(at).collect::<Vec<_>>()
            };
            let started = Instant::now();
            let found = others(self.nearest(index, &row, at + 1)?);
            seconds += started.elapsed().as_secs_f64() / asked;
            let started = Instant::now();
            let right = others(index.nearest(&row, at + 1, threads));
            exact_seconds += started.elapsed().as_secs_f64() / asked;
            recall += share(&found, &right);
        }
        Ok(Recall { recall: recall / asked, at, queries, seconds, exact_seconds })
    }
}

/// How much of `exact` is in `found`; all of none is.
pub fn share(found: &[Near], exact: &[Near]) -> f64 {
    let same = exact.iter().filter(|one| found.iter().any(|other| other.row == one.row)).count();
    if exact.is_empty() { 1.0 } else { same as f64 / exact.len() as f64 }
}

/// The file of the graph: named by the index it is of and by how it was built.
fn beside(path: &Path, index: &Index, expansion: Expansion) -> PathBuf {
    path.with_extension(format!("{}-{}.usearch", &index.digest()[..16], expansion.build))
}

/// Removes graphs of what the index was before.
fn forget(path: &Path) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned() + ".";
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&stem) && name.ends_with(".usearch") {
            // What cannot be removed costs space, nothing else.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8, which usearch needs", path.display()))
}
