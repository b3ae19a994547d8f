//! Epochs over weighted sources or chunks; like every order, a pure function of (seed, epoch).

use std::{collections::HashMap, ops::Range};

use clip_lab_plugin_api::{Rng, Sampling, rng};
use rand::{Rng as _, seq::SliceRandom};

use super::Item;

// No item has these indices, so these draws have their own random streams.
const MERGE: u64 = u64::MAX - 2;
const CYCLE: u64 = u64::MAX - (1 << 20);
const WITHIN: u64 = u64::MAX - (1 << 21);

/// A [`Sampling`] over items instead of images.
#[derive(Debug)]
pub(super) struct Sampled {
    sources: Vec<Source>,
    /// The chunk of every item.
    chunks: Vec<u32>,
    buffer: Option<usize>,
}

#[derive(Debug)]
struct Source {
    items: Range<usize>,
    /// Items per epoch.
    count: usize,
}

/// An item, and how often it has occurred in the epoch before.
type Draw = (usize, u64);

impl Sampled {
    pub(super) fn new(sampling: &Sampling, items: &[(usize, Option<usize>)]) -> Self {
        let position = |image: usize| items.partition_point(|(other, _)| *other < image);
        let range = |images: &Range<usize>| position(images.start)..position(images.end);
        let ranges: Vec<_> = sampling.sources.iter().map(|source| range(&source.images)).collect();
        let weights: Vec<f64> = sampling.sources.iter().map(|source| source.weight).collect();
        let counts = shares(&weights, &ranges, items.len());
        let sources = ranges.into_iter().zip(counts).map(|(items, count)| Source { items, count }).collect();
        let chunk = |&(image, _): &(usize, Option<usize>)| {
            sampling.chunks.partition_point(|chunk| chunk.end <= image) as u32
        };
        Self { sources, chunks: items.iter().map(chunk).collect(), buffer: sampling.buffer }
    }

    /// The items of an epoch in order.
    pub(super) fn epoch(
        &self,
        items: &[(usize, Option<usize>)],
        seed: u64,
        epoch: u64,
        shuffle: bool,
    ) -> Vec<Item> {
        let drawn = self.sources.iter().enumerate().map(|(number, source)| {
            let draws = source.draws(seed, epoch, number as u64, shuffle);
            let mut rng = rng(seed, epoch, WITHIN - number as u64);
            if shuffle { self.shuffled_in_chunks(draws, &mut rng) } else { draws }
        });
        let drawn: Vec<Vec<Draw>> = drawn.collect();
        let draws = if shuffle { interleaved(drawn, &mut rng(seed, epoch, MERGE)) } else { drawn.concat() };
        let item = |(number, repeat): Draw| {
            let (image, caption) = items[number];
            // A repeated item gets new draws and augmentation.
            let index = number as u64 + repeat * items.len() as u64;
            Item { image, caption, index, epoch }
        };
        draws.into_iter().map(item).collect()
    }

    /// Shuffles the chunks, then the items with a shuffle buffer; without a buffer, shuffles all items.
    fn shuffled_in_chunks(&self, draws: Vec<Draw>, rng: &mut Rng) -> Vec<Draw> {
        let Some(buffer) = self.buffer else { return shuffled(draws, rng) };
        let mut chunks = HashMap::<(u64, u32), Vec<Draw>>::new();
        for draw in draws {
            chunks.entry((draw.1, self.chunks[draw.0])).or_default().push(draw);
        }
        let mut order: Vec<_> = chunks.into_iter().collect();
        order.sort_unstable_by_key(|(key, _)| *key);
        order.shuffle(rng);
        buffer_shuffled(
            buffer,
            order.into_iter().flat_map(|(_, mut draws)| {
                draws.sort_unstable();
                draws
            }),
            rng,
        )
    }
}

impl Source {
    /// The draws of an epoch: the source is cycled, in another order in each cycle, and an epoch continues where the
    /// previous one stopped.
    fn draws(&self, seed: u64, epoch: u64, number: u64, shuffle: bool) -> Vec<Draw> {
        let size = self.items.len() as u64;
        if size == 0 {
            return Vec::new();
        }
        let (from, to) = (epoch * self.count as u64, (epoch + 1) * self.count as u64);
        let (mut draws, mut counts) = (Vec::with_capacity(self.count), HashMap::<usize, u64>::new());
        for cycle in from / size..to.div_ceil(size) {
            let mut items: Vec<usize> = self.items.clone().collect();
            if shuffle {
                items.shuffle(&mut rng(seed, cycle, CYCLE - number));
            }
            let start = from.saturating_sub(cycle * size) as usize;
            let end = (to - cycle * size).min(size) as usize;
            for &item in &items[start..end] {
                let count = counts.entry(item).or_default();
                draws.push((item, *count));
                *count += 1;
            }
        }
        draws
    }
}

/// The number of items of each source, by weight; the sum is `total`. Empty sources get none.
fn shares(weights: &[f64], ranges: &[Range<usize>], total: usize) -> Vec<usize> {
    let weights: Vec<f64> = weights
        .iter()
        .zip(ranges)
        .map(|(weight, range)| if range.is_empty() { 0.0 } else { *weight })
        .collect();
    let sum: f64 = weights.iter().sum();
    let mut ends = weights.iter().scan(0.0, |end, weight| {
        *end += weight / sum;
        Some((*end * total as f64).round() as usize)
    });
    let mut previous = 0;
    let mut counts: Vec<usize> =
        ends.by_ref().map(|end| end - std::mem::replace(&mut previous, end)).collect();
    // The remainder of rounding.
    if let Some(last) = counts.iter_mut().zip(&weights).rev().find(|(_, weight)| **weight > 0.0) {
        *last.0 += total - previous;
    }
    counts
}

fn shuffled(mut draws: Vec<Draw>, rng: &mut Rng) -> Vec<Draw> {
    draws.shuffle(rng);
    draws
}

/// A shuffle buffer: each item replaces a random item of the buffer, which is returned.
fn buffer_shuffled(buffer: usize, draws: impl Iterator<Item = Draw>, rng: &mut Rng) -> Vec<Draw> {
    let (mut buffered, mut out) = (Vec::with_capacity(buffer), Vec::new());
    for draw in draws {
        if buffered.len() < buffer {
            buffered.push(draw);
        } else {
            let slot = rng.random_range(0..buffered.len());
            out.push(std::mem::replace(&mut buffered[slot], draw));
        }
    }
    out.extend(shuffled(buffered, rng));
    out
}

/// Interleaves several orders: a source is chosen with a probability proportional to its remaining items, so that all
/// end together.
fn interleaved(sources: Vec<Vec<Draw>>, rng: &mut Rng) -> Vec<Draw> {
    let mut left: Vec<_> = sources.into_iter().map(Vec::into_iter).collect();
    let total = left.iter().map(ExactSizeIterator::len).sum();
    let mut out = Vec::with_capacity(total);
    while out.len() < total {
        let mut position = rng.random_range(0..total - out.len());
        let source = left.iter_mut().find(|source| {
            let here = position < source.len();
            position = position.saturating_sub(source.len());
            here
        });
        out.extend(source.and_then(Iterator::next));
    }
    out
}

#[cfg(test)]
mod tests;
