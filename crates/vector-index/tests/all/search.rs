//! Exact search finds what sorting all scores finds.

use std::collections::HashMap;

use clip_lab_vector_index::{EmbedResult, Index, Stamp, Update};
use proptest::prelude::*;
use tempfile::TempDir;

fn index(rows: &[Vec<f32>]) -> (Index, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let stamps = (0..rows.len() as u64).map(|number| Stamp { name: number.to_string(), mark: [number, 0] });
    let fresh: HashMap<usize, EmbedResult> = (0..).zip(rows.iter().cloned().map(EmbedResult::Row)).collect();
    let update = Update::between(None, stamps.collect());
    let place = folder.path().join("x.safetensors");
    (update.apply(None, &fresh, (&place, "m", rows.first().map_or(1, Vec::len))).unwrap(), folder)
}

/// Whole numbers, so that sums are exact in any order and ties are common.
fn rows() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<f32>)> {
    (1_usize..70).prop_flat_map(|dim| {
        let row = proptest::collection::vec((-3_i8..4).prop_map(f32::from), dim);
        (proptest::collection::vec(row.clone(), 1..40), row)
    })
}

proptest! {
    #[test]
    fn the_best_rows_are_found_and_ties_go_to_the_first((rows, query) in rows(), top in 1_usize..50, threads in 1_usize..4) {
        let (index, _folder) = index(&rows);
        let score = |row: &Vec<f32>| -> f32 { row.iter().zip(&query).map(|(a, b)| a * b).sum() };
        let mut all: Vec<(usize, f32)> = rows.iter().map(|row| score(row) + 0.0).enumerate().collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        all.truncate(top);
        let found: Vec<(usize, f32)> =
            index.nearest(&query, top, threads).iter().map(|near| (near.row, near.score + 0.0)).collect();
        let same = found.len() == all.len() && found.iter().zip(&all).all(|(a, b)| a.0 == b.0 && a.1 == b.1);
        prop_assert!(same, "{found:?} {all:?}");
    }
}

#[test]
fn many_rows_are_shared_among_threads() {
    let rows: Vec<Vec<f32>> = (0..20_000).map(|row| vec![(row * 7919 % 20_011) as f32, 1.0]).collect();
    let (index, _folder) = index(&rows);
    let (one, many) = (index.nearest(&[1.0, 0.0], 25, 1), index.nearest(&[1.0, 0.0], 25, 5));
    assert_eq!(one, many);
    assert_eq!(one.len(), 25);
    assert!(one.windows(2).all(|pair| pair[0].score > pair[1].score));
    assert!(index.nearest(&[1.0, 0.0], 0, 2).is_empty());
}
