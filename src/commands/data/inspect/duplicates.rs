//! Finds duplicates within and across splits.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use serde::Serialize;

/// The position of an image: the index of its split, and its index there.
pub(super) type Position = (usize, usize);

/// A group of duplicates.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Group {
    /// Their value; only for captions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Number of duplicates.
    pub count: usize,
    /// `SPLIT/NAME` of the first ones.
    pub of: Vec<String>,
    /// Indices of the splits, ascending and unique.
    #[serde(skip)]
    pub splits: Vec<usize>,
}

/// Groups of images with the same key, in the order of their first member.
pub(super) fn groups<K: Hash + Eq>(keys: impl Iterator<Item = (K, Position)>) -> Vec<(K, Vec<Position>)> {
    let mut found = HashMap::<K, Vec<Position>>::new();
    for (key, position) in keys {
        let positions = found.entry(key).or_default();
        // The same key twice on one image is not a duplicate.
        if positions.last() != Some(&position) {
            positions.push(position);
        }
    }
    let mut groups: Vec<_> = found.into_iter().filter(|(_, positions)| positions.len() > 1).collect();
    groups.sort_by_key(|(_, positions)| positions[0]);
    groups
}

/// The number of duplicates within each split: all but the first of each group.
pub(super) fn within(groups: &[Vec<Position>], splits: usize) -> Vec<usize> {
    let mut duplicates = vec![0; splits];
    for positions in groups {
        for (split, count) in counts(positions) {
            duplicates[split] += count - 1;
        }
    }
    duplicates
}

/// The number of groups shared by each pair of splits, without pairs that share none.
pub(super) fn across(groups: &[Vec<Position>]) -> BTreeMap<(usize, usize), usize> {
    let mut shared = BTreeMap::new();
    for positions in groups {
        let splits: Vec<usize> = counts(positions).into_keys().collect();
        for (index, first) in splits.iter().enumerate() {
            for second in &splits[index + 1..] {
                *shared.entry((*first, *second)).or_default() += 1;
            }
        }
    }
    shared
}

fn counts(positions: &[Position]) -> BTreeMap<usize, usize> {
    positions.iter().fold(BTreeMap::new(), |mut counts, (split, _)| {
        *counts.entry(*split).or_default() += 1;
        counts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_within_and_across_splits() {
        let keys = [
            ("a", (0, 0)),
            ("b", (0, 1)),
            ("a", (0, 2)),
            ("a", (1, 0)),
            ("c", (1, 1)),
            ("c", (1, 1)),
            ("b", (2, 0)),
        ];
        let (names, positions): (Vec<_>, Vec<_>) = groups(keys.into_iter()).into_iter().unzip();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(positions, [vec![(0, 0), (0, 2), (1, 0)], vec![(0, 1), (2, 0)]]);
        assert_eq!(within(&positions, 3), [1, 0, 0]);
        assert_eq!(across(&positions), BTreeMap::from([((0, 1), 1), ((0, 2), 1)]));
    }
}
