//! Uniting lists to which both stores may have added.

use std::cmp::Ordering;

/// The list of `target` after it took everything of `source`, duplicates included; none if nothing is missing. The order
/// of the longer list is kept if it contains the other; else the elements are sorted, so that merging in both directions
/// gives the same list.
pub fn merged<T: Ord + Clone>(target: &[T], source: &[T]) -> Option<Vec<T>> {
    if contains(target, source) {
        return None;
    }
    if contains(source, target) {
        return Some(source.to_vec());
    }
    let (mut left, mut right) = (target.to_vec(), source.to_vec());
    left.sort();
    right.sort();
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut all = Vec::new();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let order = a.cmp(b);
        let next = if order == Ordering::Greater { right.next() } else { left.next() };
        if order == Ordering::Equal {
            right.next();
        }
        all.extend(next);
    }
    all.extend(left.chain(right));
    // The target may hold the same elements in another order.
    (all.len() > target.len()).then_some(all)
}

/// Whether `whole` has every element of `part`, in order.
fn contains<T: PartialEq>(whole: &[T], part: &[T]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|element| rest.any(|other| other == element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_or_doubled() {
        assert_eq!(merged(&[3, 1], &[3, 1]), None);
        assert_eq!(merged(&[3, 1, 2], &[3, 2]), None);
        assert_eq!(merged(&[3, 1], &[3, 1, 1]), Some(vec![3, 1, 1]));
        assert_eq!(merged(&[], &[2, 1]), Some(vec![2, 1]));
        assert_eq!(merged(&[1, 2, 5], &[1, 2, 4, 4]), Some(vec![1, 2, 4, 4, 5]));
        assert_eq!(merged(&[2, 1], &[1, 2]), None);
    }

    #[test]
    fn both_directions_give_the_same_list() {
        let (left, right) = (vec![1, 2, 7, 7], vec![1, 3, 7]);
        let right_after = merged(&right, &left).unwrap();
        let left_after = merged(&left, &right_after).unwrap();
        assert_eq!(left_after, right_after);
        assert_eq!(merged(&right_after, &left_after), None);
    }
}
