//! What is alike: pairs of a batch that are no negatives of each other, since they show the same image or say the
//! same words, and captions that say no more than a class.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

use clip_lab_plugin_api::Dataset;

/// A caption without what does not change its meaning: capitals, and how wide its spaces are.
pub fn folded(caption: &str) -> String {
    caption.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether the captions of a image follow from its class, as where they are made from the names of folders: all
/// images of a class have the same, and some class has several images.
pub fn captions_follow_classes(data: &dyn Dataset) -> bool {
    let (mut of_class, mut again) = (HashMap::new(), false);
    let follows = |index: usize| {
        let captions = data.captions(index);
        let Some(class) = data.class(index) else { return captions.is_empty() };
        match of_class.insert(class, captions) {
            Some(others) if others == captions => again = true,
            Some(_) => return false,
            None => {}
        }
        true
    };
    (0..data.len()).all(follows) && again
}

/// One number for each row; rows have the same when their images or their captions are equal, also by way of others:
/// where a and b share a image, and b and c a caption, all three are one group. A row without a caption is alike in
/// its image only. The number is that of the group's first row.
pub(super) fn groups(images: &[usize], captions: &[Option<&str>]) -> Vec<i64> {
    let mut leader: Vec<usize> = (0..images.len()).collect();
    unite(&mut leader, images.iter().map(Some));
    unite(&mut leader, captions.iter().map(Option::as_ref));
    (0..leader.len()).map(|row| root(&leader, row) as i64).collect()
}

/// Puts rows of equal marks together.
fn unite<K: Hash + Eq>(leader: &mut [usize], marks: impl Iterator<Item = Option<K>>) {
    let mut first = HashMap::new();
    for (row, mark) in marks.enumerate() {
        match mark.map(|mark| first.entry(mark)) {
            Some(Entry::Occupied(known)) => {
                let (a, b) = (root(leader, *known.get()), root(leader, row));
                leader[a.max(b)] = a.min(b);
            }
            Some(Entry::Vacant(empty)) => {
                empty.insert(row);
            }
            None => {}
        }
    }
}

fn root(leader: &[usize], row: usize) -> usize {
    let mut row = row;
    while leader[row] != row {
        row = leader[row];
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_spaces_do_not_matter() {
        assert_eq!(folded("  A Dog\tand\n a CAT "), "a dog and a cat");
        assert_ne!(folded("a dog."), folded("a dog"));
    }

    #[test]
    fn rows_are_alike_by_image_by_caption_and_by_way_of_others() {
        let group = |images: &[usize], captions: &[&str]| {
            groups(images, &captions.iter().map(|caption| Some(*caption)).collect::<Vec<_>>())
        };
        assert_eq!(group(&[4, 5, 6], &["a", "b", "c"]), [0, 1, 2]);
        assert_eq!(group(&[4, 5, 4], &["a", "b", "c"]), [0, 1, 0]);
        assert_eq!(group(&[4, 5, 6], &["a", "b", "b"]), [0, 1, 1]);
        // 0 and 2 share a image, 2 and 3 a caption, 3 and 1 a image again.
        assert_eq!(group(&[4, 5, 4, 5, 9], &["a", "b", "c", "c", "z"]), [0, 0, 0, 0, 4]);
        assert_eq!(groups(&[1, 2, 1], &[None, None, None]), [0, 1, 0], "no caption is not an equal caption");
    }
}
