//! What comes more than once.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use serde::Serialize;

/// Where something is: a split by its number, and a picture in it.
pub(super) type Place = (usize, usize);

/// Things that are the same.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Group {
    /// What they are, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// How many there are.
    pub count: usize,
    /// `SPLIT/NAME` of the first of them.
    pub of: Vec<String>,
    /// Numbers of the splits, ascending, each once.
    #[serde(skip)]
    pub splits: Vec<usize>,
}

/// Groups of places with one key on more than one picture, in the order of their first.
pub(super) fn groups<K: Hash + Eq>(keys: impl Iterator<Item = (K, Place)>) -> Vec<(K, Vec<Place>)> {
    let mut found = HashMap::<K, Vec<Place>>::new();
    for (key, place) in keys {
        let places = found.entry(key).or_default();
        // A picture that says the same twice is no second picture.
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
    let mut several: Vec<_> = found.into_iter().filter(|(_, places)| places.len() > 1).collect();
    several.sort_by_key(|(_, places)| places[0]);
    several
}

/// How many of each split are repetitions: all but the first of a group within it.
pub(super) fn within(groups: &[Vec<Place>], splits: usize) -> Vec<usize> {
    let mut again = vec![0; splits];
    for places in groups {
        for (split, count) in counts(places) {
            again[split] += count - 1;
        }
    }
    again
}

/// How many groups two splits share, for every two that share some.
pub(super) fn across(groups: &[Vec<Place>]) -> BTreeMap<(usize, usize), usize> {
    let mut shared = BTreeMap::new();
    for places in groups {
        let splits: Vec<usize> = counts(places).into_keys().collect();
        for (place, first) in splits.iter().enumerate() {
            for second in &splits[place + 1..] {
                *shared.entry((*first, *second)).or_default() += 1;
            }
        }
    }
    shared
}

fn counts(places: &[Place]) -> BTreeMap<usize, usize> {
    places.iter().fold(BTreeMap::new(), |mut counts, (split, _)| {
        *counts.entry(*split).or_default() += 1;
        counts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_within_and_across_splits() {
        let keys = [
            ("a", (0, 0)),
            ("b", (0, 1)),
            ("a", (0, 2)),
            ("a", (1, 0)),
            ("c", (1, 1)),
            ("c", (1, 1)),
            ("b", (2, 0)),
        ];
        let (names, places): (Vec<_>, Vec<_>) = groups(keys.into_iter()).into_iter().unzip();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(places, [vec![(0, 0), (0, 2), (1, 0)], vec![(0, 1), (2, 0)]]);
        assert_eq!(within(&places, 3), [1, 0, 0]);
        assert_eq!(across(&places), BTreeMap::from([((0, 1), 1), ((0, 2), 1)]));
    }
}
