//! The items of a batch before they are read.

use std::ops::Range;

use super::Item;

/// The items of a batch and their slots: the rows of the global batch for which they are planned. Items that are left out
/// do not move the others into other micro-batches, nor do those that turn out to be unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBatch(Vec<(i64, Item)>);

impl From<Vec<Item>> for PlannedBatch {
    fn from(items: Vec<Item>) -> Self {
        Self((0..).zip(items).collect())
    }
}

impl PlannedBatch {
    /// Without the items for which `keep` is false.
    pub fn filtered(mut self, keep: impl Fn(&Item) -> bool) -> Self {
        self.0.retain(|(_, item)| keep(item));
        self
    }

    /// The items of some slots.
    pub fn of_slots(mut self, slots: &Range<i64>) -> Self {
        self.0.retain(|(slot, _)| slots.contains(slot));
        self
    }

    /// The images of its items.
    pub fn images(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(_, item)| item.image)
    }

    /// Slots and items.
    pub(super) fn unzip(self) -> (Vec<i64>, Vec<Item>) {
        self.0.into_iter().unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stay_when_items_are_left_out() {
        let item = |image| Item { image, caption: None, index: 0, epoch: 0 };
        let planned = PlannedBatch::from((10..16).map(item).collect::<Vec<_>>());
        let rest = planned.clone().filtered(|item| item.image != 11).of_slots(&(0..3));
        assert_eq!(rest.images().collect::<Vec<_>>(), [10, 12]);
        assert_eq!(rest.unzip().0, [0, 2]);
        assert_eq!(planned.of_slots(&(3..6)).unzip().0, [3, 4, 5]);
    }
}
