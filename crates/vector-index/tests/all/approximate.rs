//! The graph has high recall with exact scores, and a truncated file is rebuilt.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use clip_lab_vector_index::{Approximate, EmbedResult, Expansion, Index, Stamp, Update};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tempfile::TempDir;

const DIM: usize = 24;
const EXPANSION: Expansion = Expansion { build: 64, search: 64 };

fn index(rows: usize, seed: u64) -> (Index, PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gallery.safetensors");
    (filled(&path, "m", rows, seed), path, folder)
}

/// An index of the same images whatever the model and the seed are.
fn filled(path: &Path, model: &str, rows: usize, seed: u64) -> Index {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut row = || {
        let row: Vec<f32> = (0..DIM).map(|_| rng.random_range(-1.0..1.0)).collect();
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        EmbedResult::Row(row.into_iter().map(|x| x / length).collect())
    };
    let fresh: HashMap<usize, EmbedResult> = (0..rows).map(|number| (number, row())).collect();
    let stamps = (0..rows).map(|number| Stamp { name: number.to_string(), mark: [1, 0] }).collect();
    Update::between(None, stamps).apply(None, &fresh, (path, model, DIM)).unwrap()
}

/// The graph, and whether it was built now. One thread is deterministic; two may leave one of thousands of rows
/// unreachable.
fn graph(index: &Index, path: &Path, expansion: Expansion, threads: usize) -> (Approximate, bool) {
    let mut built = false;
    let graph = Approximate::of(index, path, expansion, threads, &mut |_| built = true, &|| false).unwrap();
    (graph.unwrap(), built)
}

fn files(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.parent().unwrap()).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|file| file != path).collect()
}

#[test]
fn nearly_all_is_found_with_exact_scores() {
    let (index, path, _folder) = index(3000, 1);
    let (approximate, built) = graph(&index, &path, EXPANSION, 1);
    assert!(built);
    let recall = approximate.recall(&index, 100, 10, 2).unwrap();
    assert!((0.9..=1.0).contains(&recall.recall) && recall.queries == 100 && recall.at == 10, "{recall:?}");
    let query = index.row(17);
    let exact = index.nearest(&query, 3000, 1);
    for near in approximate.nearest(&index, &query, 10).unwrap() {
        assert_eq!(exact.iter().find(|other| other.row == near.row).unwrap().score, near.score);
    }
    // A small candidate list finds less, a large one finds all.
    let (poor, built) = graph(&index, &path, Expansion { search: 1, ..EXPANSION }, 1);
    assert!(!built, "the same graph");
    let (all, _) = graph(&index, &path, Expansion { search: 3000, ..EXPANSION }, 1);
    let of = |graph: &Approximate| graph.recall(&index, 50, 10, 2).unwrap().recall;
    assert!(of(&poor) < of(&all) && of(&all) > 0.999, "{} {}", of(&poor), of(&all));
}

#[test]
fn a_graph_is_cached_and_rebuilt_when_truncated_or_stale() {
    let (one, path, _folder) = index(300, 1);
    assert!(graph(&one, &path, EXPANSION, 2).1);
    assert!(!graph(&one, &path, EXPANSION, 2).1, "kept");
    let [file] = &files(&path)[..] else { panic!("{:?}", files(&path)) };
    let whole = fs::read(file).unwrap();
    for length in [0, 10, 70, whole.len() / 3, whole.len() - 1] {
        fs::write(file, &whole[..length]).unwrap();
        let (made, built) = graph(&one, &path, EXPANSION, 2);
        assert!(built, "{length} of {} bytes", whole.len());
        assert_eq!(made.nearest(&one, &one.row(5), 1).unwrap()[0].row, 5);
    }
    assert!(graph(&one, &path, Expansion { build: 32, ..EXPANSION }, 2).1, "another way of building");
    assert_eq!(files(&path).len(), 1, "stale graphs are removed");
    let other = filled(&path, "another", 300, 2);
    assert!(graph(&other, &path, EXPANSION, 2).1, "another model on the same images");
}

#[test]
fn a_single_row_has_full_recall() {
    let (index, path, _folder) = index(1, 1);
    let (alone, _) = graph(&index, &path, EXPANSION, 2);
    assert_eq!(alone.recall(&index, 200, 10, 1).unwrap().recall, 1.0);
    assert_eq!(alone.nearest(&index, &index.row(0), 10).unwrap().len(), 1);
}

#[test]
fn in_a_small_gallery_every_row_is_reached() {
    for seed in 0..20 {
        let (index, path, _folder) = index(56, seed);
        let (graph, _) = graph(&index, &path, EXPANSION, 2);
        assert_eq!(graph.recall(&index, 56, 10, 1).unwrap().recall, 1.0, "seed {seed}");
    }
}

#[test]
fn a_stopped_build_saves_no_graph() {
    let (index, path, _folder) = index(3000, 1);
    let stopped = Approximate::of(&index, &path, EXPANSION, 1, &mut |_| (), &|| true).unwrap();
    assert!(stopped.is_none() && files(&path).is_empty(), "{:?}", files(&path));
}
