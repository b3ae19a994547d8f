//! Batches without false negatives: no image and no caption occurs twice in a batch.

use std::collections::{HashMap, HashSet};

use clip_lab_plugin_api::{Dataset, Rng, rng};
use rand::Rng as _;

use super::{Item, duplicates::folded, item::draw_caption};

/// Maximum number of swaps that are tried for an item.
const MAX_SWAPS: usize = 1000;

/// For each image the text id of each caption; equal texts have equal ids.
#[derive(Debug)]
pub(super) struct Distinct(Vec<Vec<u32>>);

/// The keys of a pair that must be unique in a batch.
#[derive(Debug, Clone, Copy)]
struct Keys {
    image: usize,
    text: Option<u32>,
}

impl Distinct {
    pub(super) fn new(data: &dyn Dataset) -> Self {
        let mut ids = HashMap::<String, u32>::new();
        let mut id = |caption: &String| {
            let next = ids.len() as u32;
            *ids.entry(folded(caption)).or_insert(next)
        };
        Self((0..data.len()).map(|image| data.captions(image).iter().map(&mut id).collect()).collect())
    }

    /// Upper bound on the number of distinct batches of `size`, at most `limit`: an image or text that occurs m times can
    /// fill min(m, batches) slots.
    pub(super) fn capacity(&self, items: &[Item], seed: u64, size: usize, limit: usize) -> usize {
        let (mut images, mut texts) = (HashMap::<usize, usize>::new(), HashMap::<Option<u32>, usize>::new());
        for item in items {
            let keys = self.keys(item, seed);
            *images.entry(keys.image).or_default() += 1;
            *texts.entry(keys.text).or_default() += 1;
        }
        let slots = |batches: usize| {
            let by_image: usize = images.values().map(|&m| m.min(batches)).sum();
            let by_text: usize =
                texts.iter().map(|(text, &m)| if text.is_some() { m.min(batches) } else { m }).sum();
            by_image.min(by_text)
        };
        // Fewer batches have fewer slots: this converges to the largest feasible number.
        let mut batches = limit;
        while slots(batches) < batches * size {
            batches = slots(batches) / size;
        }
        batches
    }

    /// Forms `count` batches of `size` from shuffled items. Duplicates within a batch are swapped with items drawn at
    /// random; an item that fits nowhere is skipped, and its batch is smaller.
    pub(super) fn arrange(
        &self,
        items: Vec<Item>,
        seed: u64,
        size: usize,
        count: usize,
        rng: &mut Rng,
    ) -> Vec<Vec<Item>> {
        let keys = items.iter().map(|item| self.keys(item, seed)).collect();
        let mut layout = Layout {
            items,
            keys,
            size,
            seen: (0..count).map(|_| KeySet::default()).collect(),
            settled: vec![],
        };
        for slot in layout.settle() {
            let (slots, start) = (layout.items.len(), rng.random_range(0..layout.items.len()));
            for attempt in 0..MAX_SWAPS.min(slots) {
                let other =
                    if slots > MAX_SWAPS { rng.random_range(0..slots) } else { (start + attempt) % slots };
                if layout.settled[slot] || layout.swap(slot, other) {
                    break;
                }
            }
        }
        layout.batches()
    }

    fn keys(&self, item: &Item, seed: u64) -> Keys {
        let texts = &self.0[item.image];
        let draw =
            || (!texts.is_empty()).then(|| draw_caption(&mut rng(seed, item.epoch, item.index), texts.len()));
        let text = item.caption.or_else(draw).map(|caption| texts[caption]);
        Keys { image: item.image, text }
    }
}

/// Items in slots: `size` per batch, then the items that this epoch does not use.
struct Layout {
    items: Vec<Item>,
    keys: Vec<Keys>,
    size: usize,
    seen: Vec<KeySet>,
    settled: Vec<bool>,
}

impl Layout {
    /// Settles the items without a duplicate before them in their batch; returns the slots of the others.
    fn settle(&mut self) -> Vec<usize> {
        let used = self.seen.len() * self.size;
        self.settled = (0..used).map(|slot| self.seen[slot / self.size].add(self.keys[slot])).collect();
        (0..used).filter(|&slot| !self.settled[slot]).collect()
    }

    /// Swaps the item of an unsettled slot with another if neither is then a duplicate.
    fn swap(&mut self, slot: usize, other: usize) -> bool {
        let (here, there) = (slot / self.size, other / self.size);
        let (mine, theirs) = (self.keys[slot], self.keys[other]);
        if here == there || !self.seen[here].fits(theirs) {
            return false;
        }
        // The items after the last batch are unused: anything may be moved there.
        if let Some(seen) = self.seen.get_mut(there) {
            let settled = self.settled[other];
            if settled {
                seen.remove(theirs);
            }
            if !seen.add(mine) {
                if settled {
                    seen.add(theirs);
                }
                return false;
            }
            self.settled[other] = true;
        }
        self.settled[slot] = self.seen[here].add(theirs);
        self.items.swap(slot, other);
        self.keys.swap(slot, other);
        true
    }

    fn batches(self) -> Vec<Vec<Item>> {
        let batches = self.items.chunks(self.size).zip(self.settled.chunks(self.size));
        let settled = |(items, settled): (&[Item], &[bool])| {
            items.iter().zip(settled).filter(|(_, settled)| **settled).map(|(item, _)| *item).collect()
        };
        batches.map(settled).collect()
    }
}

/// The keys in a batch.
#[derive(Debug, Default)]
struct KeySet {
    images: HashSet<usize>,
    texts: HashSet<u32>,
}

impl KeySet {
    fn fits(&self, keys: Keys) -> bool {
        !self.images.contains(&keys.image) && !keys.text.is_some_and(|text| self.texts.contains(&text))
    }

    /// Adds the keys if they fit; returns whether they did.
    fn add(&mut self, keys: Keys) -> bool {
        let fits = self.fits(keys);
        if fits {
            self.images.insert(keys.image);
            self.texts.extend(keys.text);
        }
        fits
    }

    fn remove(&mut self, keys: Keys) {
        self.images.remove(&keys.image);
        if let Some(text) = keys.text {
            self.texts.remove(&text);
        }
    }
}

#[cfg(test)]
mod tests;
