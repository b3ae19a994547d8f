//! The order of an epoch: a pure function of (seed, epoch), so a resumed run needs no state.

use clip_lab_plugin_api::{Captions, Dataset, rng};
use rand::seq::SliceRandom;

use super::{Item, distinct::Distinct, sampled::Sampled};

/// The items of a data set, and how they are shuffled and split into batches.
#[derive(Debug)]
pub struct Order {
    items: Vec<(usize, Option<usize>)>,
    seed: u64,
    shuffle: bool,
    batch: usize,
    batches: usize,
    distinct: Option<Distinct>,
    sampled: Option<Sampled>,
}

impl Order {
    /// The items of `data`: one per image, or one per caption.
    pub fn new(data: &dyn Dataset, captions: Captions, seed: u64, shuffle: bool, batch: usize) -> Self {
        let images = 0..data.len();
        let items: Vec<_> = match captions {
            Captions::One => images.map(|image| (image, None)).collect(),
            Captions::All => images
                .flat_map(|image| (0..data.captions(image).len()).map(move |c| (image, Some(c))))
                .collect(),
        };
        let batches = items.len() / batch;
        let sampled = data.sampling().map(|sampling| Sampled::new(sampling, &items));
        Self { items, seed, shuffle, batch, batches, distinct: None, sampled }
    }

    /// The same items in batches without duplicate images or captions (ignoring case and spaces): duplicates in a batch
    /// are swapped with other items of the shuffle.
    ///
    /// If an image or caption occurs more often than there are batches, an epoch has fewer batches and skips some pairs;
    /// another shuffle uses others.
    pub fn distinct(mut self, data: &dyn Dataset) -> Self {
        let distinct = Distinct::new(data);
        self.batches = distinct.capacity(&self.shuffled(0), self.seed, self.batch, self.batches);
        self.distinct = Some(distinct);
        self
    }

    /// Items in an epoch.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Number of whole batches in an epoch; the remaining items are skipped, others in each shuffled epoch.
    pub fn batches(&self) -> u64 {
        self.batches as u64
    }

    /// The batches of an epoch, in order.
    pub fn epoch(&self, epoch: u64) -> Vec<Vec<Item>> {
        let items = self.shuffled(epoch);
        match &self.distinct {
            Some(distinct) => {
                let mut rng = rng(self.seed, epoch, u64::MAX - 1);
                distinct.arrange(items, self.seed, self.batch, self.batches, &mut rng)
            }
            None => items.chunks_exact(self.batch).map(<[Item]>::to_vec).collect(),
        }
    }

    /// The number of items that an epoch uses.
    pub fn used(&self, epoch: u64) -> usize {
        self.epoch(epoch).iter().map(Vec::len).sum()
    }

    fn shuffled(&self, epoch: u64) -> Vec<Item> {
        if let Some(sampled) = &self.sampled {
            return sampled.epoch(&self.items, self.seed, epoch, self.shuffle);
        }
        let mut indices: Vec<usize> = (0..self.items.len()).collect();
        if self.shuffle {
            // No item has this index, so the shuffle has its own random stream.
            indices.shuffle(&mut rng(self.seed, epoch, u64::MAX));
        }
        let item = |index: usize| {
            let (image, caption) = self.items[index];
            Item { image, caption, index: index as u64, epoch }
        };
        indices.into_iter().map(item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::tests::Toy;

    #[test]
    fn an_epoch_holds_every_item_once_and_is_reproducible() {
        let order = Order::new(&Toy::new(10), Captions::All, 7, true, 5);
        let flat = |epoch| order.epoch(epoch).concat();
        let mut seen: Vec<u64> = flat(3).iter().map(|item| item.index).collect();
        assert_eq!(flat(3), flat(3));
        assert_ne!(flat(3), flat(4));
        seen.sort_unstable();
        assert_eq!(seen, (0..20).collect::<Vec<_>>(), "two captions per image");
    }

    #[test]
    fn incomplete_batches_are_skipped() {
        let order = Order::new(&Toy::new(11), Captions::One, 0, false, 4);
        assert_eq!(order.batches(), 2);
        let images: Vec<usize> = order.epoch(0).concat().iter().map(|item| item.image).collect();
        assert_eq!(images, (0..8).collect::<Vec<_>>());
    }
}
