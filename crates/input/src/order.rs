//! The order of an epoch: a pure function of (seed, epoch), so that a resumed run finds its place without any state.

use clip_lab_plugin_api::{Captions, Dataset, rng};
use rand::seq::SliceRandom;

use super::{distinct::Distinct, sampled::Sampled};

/// One pair to be read: a image and either one caption or a draw among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Index in the data set.
    pub image: usize,
    /// Which caption; none when the worker draws one.
    pub caption: Option<usize>,
    /// Number of the item before shuffling: the key of its randomness.
    pub index: u64,
    /// The epoch, from 0.
    pub epoch: u64,
}

/// All items of a data set and how they are shuffled and cut into batches.
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
    /// The items of `data`: one for each image, or one for each caption.
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

    /// The same items in batches that never hold a image twice, nor a caption but for capitals and spaces. Shuffled
    /// as before; pairs that would meet their like change places with others.
    ///
    /// A image or caption that comes more often than there are batches cannot be placed as often: then an epoch has
    /// fewer batches, and pairs are left for the shuffle of another.
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

    /// Whether there is nothing to train on.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whole batches in an epoch; what is left over waits for another epoch's shuffle.
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

    /// How many items an epoch uses.
    pub fn used(&self, epoch: u64) -> usize {
        self.epoch(epoch).iter().map(Vec::len).sum()
    }

    fn shuffled(&self, epoch: u64) -> Vec<Item> {
        if let Some(sampled) = &self.sampled {
            return sampled.epoch(&self.items, self.seed, epoch, self.shuffle);
        }
        let mut numbers: Vec<usize> = (0..self.items.len()).collect();
        if self.shuffle {
            // No item has this number, so the shuffle shares its randomness with none.
            numbers.shuffle(&mut rng(self.seed, epoch, u64::MAX));
        }
        let item = |number: usize| {
            let (image, caption) = self.items[number];
            Item { image, caption, index: number as u64, epoch }
        };
        numbers.into_iter().map(item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::tests::Toy;

    #[test]
    fn an_epoch_holds_every_item_once_and_repeats_itself() {
        let order = Order::new(&Toy::new(10), Captions::All, 7, true, 5);
        let flat = |epoch| order.epoch(epoch).concat();
        let mut seen: Vec<u64> = flat(3).iter().map(|item| item.index).collect();
        assert_eq!(flat(3), flat(3));
        assert_ne!(flat(3), flat(4));
        seen.sort_unstable();
        assert_eq!(seen, (0..20).collect::<Vec<_>>(), "two captions a image");
    }

    #[test]
    fn the_rest_of_an_epoch_is_left_out() {
        let order = Order::new(&Toy::new(11), Captions::One, 0, false, 4);
        assert_eq!(order.batches(), 2);
        let images: Vec<usize> = order.epoch(0).concat().iter().map(|item| item.image).collect();
        assert_eq!(images, (0..8).collect::<Vec<_>>());
    }
}
