//! Duplicates: pairs of a batch with the same image or caption, which are not negatives of each other, and captions that
//! only repeat the class.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

use clip_lab_plugin_api::Dataset;

/// A caption in lower case with single spaces, for comparisons.
pub fn folded(caption: &str) -> String {
    caption.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether captions are determined by classes, for example created from folder names: all images of a class have the
/// same captions, and some class has several images.
pub fn captions_follow_classes(data: &dyn Dataset) -> bool {
    let (mut of_class, mut repeats) = (HashMap::new(), false);
    let follows = |index: usize| {
        let captions = data.captions(index);
        let Some(class) = data.class(index) else { return captions.is_empty() };
        match of_class.insert(class, captions) {
            Some(others) if others == captions => repeats = true,
            Some(_) => return false,
            None => {}
        }
        true
    };
    (0..data.len()).all(follows) && repeats
}

/// The duplicate group of each row: connected components of rows with equal images or captions. If a and b share an
/// image, and b and c a caption, all three are one group. Rows without a caption are compared by image only. A group is
/// named by its first row.
pub fn groups<K: Hash + Eq>(images: &[usize], captions: &[Option<K>]) -> Vec<i64> {
    let mut parents: Vec<usize> = (0..images.len()).collect();
    merge_equal(&mut parents, images.iter().map(Some));
    merge_equal(&mut parents, captions.iter().map(Option::as_ref));
    (0..parents.len()).map(|row| root(&parents, row) as i64).collect()
}

/// Merges the groups of rows with equal keys (union-find).
fn merge_equal<K: Hash + Eq>(parents: &mut [usize], keys: impl Iterator<Item = Option<K>>) {
    let mut first = HashMap::new();
    for (row, key) in keys.enumerate() {
        match key.map(|key| first.entry(key)) {
            Some(Entry::Occupied(seen)) => {
                let (a, b) = (root(parents, *seen.get()), root(parents, row));
                parents[a.max(b)] = a.min(b);
            }
            Some(Entry::Vacant(empty)) => {
                empty.insert(row);
            }
            None => {}
        }
    }
}

fn root(parents: &[usize], row: usize) -> usize {
    let mut row = row;
    while parents[row] != row {
        row = parents[row];
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_do_not_matter() {
        assert_eq!(folded("  A Dog\tand\n a CAT "), "a dog and a cat");
        assert_ne!(folded("a dog."), folded("a dog"));
    }

    #[test]
    fn rows_are_grouped_by_image_by_caption_and_transitively() {
        let group = |images: &[usize], captions: &[&str]| {
            groups(images, &captions.iter().map(|caption| Some(*caption)).collect::<Vec<_>>())
        };
        assert_eq!(group(&[4, 5, 6], &["a", "b", "c"]), [0, 1, 2]);
        assert_eq!(group(&[4, 5, 4], &["a", "b", "c"]), [0, 1, 0]);
        assert_eq!(group(&[4, 5, 6], &["a", "b", "b"]), [0, 1, 1]);
        // 0 and 2 share an image, 2 and 3 a caption, 3 and 1 an image.
        assert_eq!(group(&[4, 5, 4, 5, 9], &["a", "b", "c", "c", "z"]), [0, 0, 0, 0, 4]);
        assert_eq!(
            groups(&[1, 2, 1], &[None::<&str>, None, None]),
            [0, 1, 0],
            "no caption is not an equal caption"
        );
    }
}
