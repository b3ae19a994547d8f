//! Batches without false negatives: no image and no caption comes twice in one.

use std::collections::{HashMap, HashSet};

use clip_lab_plugin_api::{Dataset, Rng, rng};
use rand::Rng as _;

use super::{Item, duplicates::folded, loader::drawn};

/// Places that are tried for a pair that fits nowhere yet.
const TRIES: usize = 1000;

/// What must not come twice in a batch: for each image the number of each caption's text.
#[derive(Debug)]
pub(super) struct Distinct(Vec<Vec<u32>>);

/// What a pair is known by.
#[derive(Debug, Clone, Copy)]
struct Marks {
    image: usize,
    text: Option<u32>,
}

impl Distinct {
    pub(super) fn new(data: &dyn Dataset) -> Self {
        let mut known = HashMap::<String, u32>::new();
        let mut number = |caption: &String| {
            let next = known.len() as u32;
            *known.entry(folded(caption)).or_insert(next)
        };
        Self((0..data.len()).map(|image| data.captions(image).iter().map(&mut number).collect()).collect())
    }

    /// The most batches of `size` that these items may fill, at most `wish`: a image or a text of which there are
    /// m fills min(m, batches) places.
    pub(super) fn capacity(&self, items: &[Item], seed: u64, size: usize, wish: usize) -> usize {
        let (mut images, mut texts) = (HashMap::<usize, usize>::new(), HashMap::<Option<u32>, usize>::new());
        for item in items {
            let marks = self.marks(item, seed);
            *images.entry(marks.image).or_default() += 1;
            *texts.entry(marks.text).or_default() += 1;
        }
        let places = |batches: usize| {
            let by_image: usize = images.values().map(|&m| m.min(batches)).sum();
            let by_text: usize =
                texts.iter().map(|(text, &m)| if text.is_some() { m.min(batches) } else { m }).sum();
            by_image.min(by_text)
        };
        // Fewer batches have fewer places, so this ends at the largest number that can hold.
        let mut batches = wish;
        while places(batches) < batches * size {
            batches = places(batches) / size;
        }
        batches
    }

    /// `count` batches of `size` out of shuffled items. Those that would meet their like change places with one drawn
    /// at random; what then still fits nowhere is left out, and its batch is smaller.
    pub(super) fn arrange(
        &self,
        items: Vec<Item>,
        seed: u64,
        size: usize,
        count: usize,
        rng: &mut Rng,
    ) -> Vec<Vec<Item>> {
        let marks = items.iter().map(|item| self.marks(item, seed)).collect();
        let mut table = Table {
            items,
            marks,
            size,
            seen: (0..count).map(|_| Seen::default()).collect(),
            settled: vec![],
        };
        for place in table.settle() {
            let (places, start) = (table.items.len(), rng.random_range(0..table.items.len()));
            for turn in 0..TRIES.min(places) {
                let other =
                    if places > TRIES { rng.random_range(0..places) } else { (start + turn) % places };
                if table.settled[place] || table.swap(place, other) {
                    break;
                }
            }
        }
        table.batches()
    }

    fn marks(&self, item: &Item, seed: u64) -> Marks {
        let texts = &self.0[item.image];
        let draw = || (!texts.is_empty()).then(|| drawn(&mut rng(seed, item.epoch, item.index), texts.len()));
        let text = item.caption.or_else(draw).map(|caption| texts[caption]);
        Marks { image: item.image, text }
    }
}

/// Items in their places: `size` to a batch, then those that this epoch does not use.
struct Table {
    items: Vec<Item>,
    marks: Vec<Marks>,
    size: usize,
    seen: Vec<Seen>,
    settled: Vec<bool>,
}

impl Table {
    /// Settles what meets nothing of its like, batch by batch; gives the places of the others.
    fn settle(&mut self) -> Vec<usize> {
        let used = self.seen.len() * self.size;
        self.settled = (0..used).map(|place| self.seen[place / self.size].add(self.marks[place])).collect();
        (0..used).filter(|&place| !self.settled[place]).collect()
    }

    /// Exchanges the item of an unsettled place for another if both then meet nothing of their like.
    fn swap(&mut self, place: usize, other: usize) -> bool {
        let (here, there) = (place / self.size, other / self.size);
        let (mine, theirs) = (self.marks[place], self.marks[other]);
        if here == there || !self.seen[here].fits(theirs) {
            return false;
        }
        // Beyond the last batch are the items that wait: anything may join them.
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
        self.settled[place] = self.seen[here].add(theirs);
        self.items.swap(place, other);
        self.marks.swap(place, other);
        true
    }

    fn batches(self) -> Vec<Vec<Item>> {
        let batches = self.items.chunks(self.size).zip(self.settled.chunks(self.size));
        let kept = |(items, settled): (&[Item], &[bool])| {
            items.iter().zip(settled).filter(|(_, settled)| **settled).map(|(item, _)| *item).collect()
        };
        batches.map(kept).collect()
    }
}

/// What a batch holds.
#[derive(Debug, Default)]
struct Seen {
    images: HashSet<usize>,
    texts: HashSet<u32>,
}

impl Seen {
    fn fits(&self, marks: Marks) -> bool {
        !self.images.contains(&marks.image) && !marks.text.is_some_and(|text| self.texts.contains(&text))
    }

    /// Takes it in if it fits; whether it did.
    fn add(&mut self, marks: Marks) -> bool {
        let fits = self.fits(marks);
        if fits {
            self.images.insert(marks.image);
            self.texts.extend(marks.text);
        }
        fits
    }

    fn remove(&mut self, marks: Marks) {
        self.images.remove(&marks.image);
        if let Some(text) = marks.text {
            self.texts.remove(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Order, loader::tests::Toy};
    use clip_lab_plugin_api::Captions;

    /// Images with up to five captions each, some of which several share.
    fn crowd(images: usize, shared: usize, seed: u64) -> Toy {
        let mut rng = rng(seed, 0, 0);
        let mut caption = |n: usize| match rng.random_range(0..3) {
            0 => format!("Shared {}", rng.random_range(0..shared)),
            1 => format!("shared   {}", rng.random_range(0..shared)),
            _ => format!("own {n}"),
        };
        let captions = |image: usize| 1 + (image * 7) % 5;
        Toy((0..images).map(|p| (0..captions(p)).map(|c| caption(p * 9 + c)).collect()).collect())
    }

    /// What is said of an item, folded, as the loader draws it.
    fn said(toy: &Toy, item: &Item, seed: u64) -> String {
        let captions = toy.captions(item.image);
        let draw = || drawn(&mut rng(seed, item.epoch, item.index), captions.len());
        folded(&captions[item.caption.unwrap_or_else(draw)])
    }

    #[test]
    fn no_batch_holds_a_image_or_a_caption_twice_and_every_item_comes_once() {
        for seed in 0..20 {
            for captions in [Captions::One, Captions::All] {
                let toy = crowd(150, 60, seed);
                let order = Order::new(&toy, captions, seed, true, 16).distinct(&toy);
                for epoch in 0..3 {
                    let batches = order.epoch(epoch);
                    assert_eq!(batches, order.epoch(epoch), "the same each time");
                    for batch in &batches {
                        let images: HashSet<usize> = batch.iter().map(|item| item.image).collect();
                        let texts: HashSet<String> =
                            batch.iter().map(|item| said(&toy, item, seed)).collect();
                        assert_eq!((images.len(), texts.len()), (batch.len(), batch.len()));
                    }
                    let all: Vec<u64> = batches.concat().iter().map(|item| item.index).collect();
                    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "no item comes twice");
                    assert_eq!(all.len() / 16, order.len() / 16, "nothing waits that could be placed");
                    assert!(batches.iter().all(|batch| batch.len() == 16));
                }
            }
        }
    }

    #[test]
    fn where_nothing_is_alike_the_order_is_that_of_the_shuffle() {
        let toy = Toy((0..50).map(|n| vec![format!("{n}")]).collect());
        let plain = Order::new(&toy, Captions::All, 3, true, 8);
        assert_eq!(plain.epoch(1), Order::new(&toy, Captions::All, 3, true, 8).distinct(&toy).epoch(1));
    }

    #[test]
    fn only_what_meets_its_like_changes_places() {
        let toy = crowd(300, 400, 1);
        let plain = Order::new(&toy, Captions::All, 1, true, 32);
        let distinct = Order::new(&toy, Captions::All, 1, true, 32).distinct(&toy);
        let (a, b) = (plain.epoch(0).concat(), distinct.epoch(0).concat());
        let moved = a.iter().zip(&b).filter(|(a, b)| a != b).count();
        assert!(moved > 0 && moved < a.len() / 5, "{moved} of {}", a.len());
    }

    #[test]
    fn what_comes_too_often_makes_epochs_shorter() {
        // Ten images of forty say the same: three batches of ten have room for three of them.
        let toy = Toy((0..40).map(|n| vec![if n < 10 { "a dog".into() } else { format!("{n}") }]).collect());
        let order = Order::new(&toy, Captions::One, 0, true, 10).distinct(&toy);
        assert_eq!((order.batches(), order.used(0), order.used(5)), (3, 30, 30));
        let same = Toy(vec![vec!["a dog".into()]; 40]);
        assert_eq!(Order::new(&same, Captions::One, 0, true, 10).distinct(&same).batches(), 0);
    }

    #[test]
    fn five_captions_of_each_image_are_spread() {
        let toy = Toy((0..30).map(|n| (0..5).map(|c| format!("{n} {c}")).collect()).collect());
        // As many different images as a batch holds: the hardest case there is.
        let order = Order::new(&toy, Captions::All, 4, true, 30).distinct(&toy);
        assert_eq!(order.batches(), 5);
        for batch in order.epoch(2) {
            let images: HashSet<usize> = batch.iter().map(|item| item.image).collect();
            assert_eq!(images.len(), batch.len());
        }
        assert!(order.used(2) > 120, "{} of 150", order.used(2));
    }
}
