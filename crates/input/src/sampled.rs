//! Epochs over several sources, or through chunks: draws that are a pure function of (seed, epoch), as all orders are.

use std::{collections::HashMap, ops::Range};

use clip_lab_plugin_api::{Rng, Sampling, rng};
use rand::{Rng as _, seq::SliceRandom};

use super::Item;

// No item has these numbers, so these draws share their randomness with none.
const MERGE: u64 = u64::MAX - 2;
const CYCLE: u64 = u64::MAX - (1 << 20);
const WITHIN: u64 = u64::MAX - (1 << 21);

/// A [`Sampling`] in numbers of items instead of images.
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
    /// How many an epoch takes.
    count: usize,
}

/// An item, and how often the epoch has had it before.
type Draw = (usize, u64);

impl Sampled {
    pub(super) fn new(sampling: &Sampling, items: &[(usize, Option<usize>)]) -> Self {
        let place = |image: usize| items.partition_point(|(other, _)| *other < image);
        let range = |images: &Range<usize>| place(images.start)..place(images.end);
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
            if shuffle { self.arranged(draws, &mut rng) } else { draws }
        });
        let drawn: Vec<Vec<Draw>> = drawn.collect();
        let draws = if shuffle { merged(drawn, &mut rng(seed, epoch, MERGE)) } else { drawn.concat() };
        let item = |(number, before): Draw| {
            let (image, caption) = items[number];
            // What comes again in one epoch is drawn and augmented anew.
            let index = number as u64 + before * items.len() as u64;
            Item { image, caption, index, epoch }
        };
        draws.into_iter().map(item).collect()
    }

    /// Chunk by chunk in random order, within reach of the buffer at random; without a buffer as they were drawn.
    fn arranged(&self, draws: Vec<Draw>, rng: &mut Rng) -> Vec<Draw> {
        let Some(buffer) = self.buffer else { return shuffled(draws, rng) };
        let mut chunks = HashMap::<(u64, u32), Vec<Draw>>::new();
        for draw in draws {
            chunks.entry((draw.1, self.chunks[draw.0])).or_default().push(draw);
        }
        let mut order: Vec<_> = chunks.into_iter().collect();
        order.sort_unstable_by_key(|(key, _)| *key);
        order.shuffle(rng);
        through(
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
    /// What an epoch takes: a source is gone through again and again, each time in another order, and an epoch goes on
    /// where the one before it stopped.
    fn draws(&self, seed: u64, epoch: u64, number: u64, shuffle: bool) -> Vec<Draw> {
        let size = self.items.len() as u64;
        if size == 0 {
            return Vec::new();
        }
        let (from, to) = (epoch * self.count as u64, (epoch + 1) * self.count as u64);
        let (mut draws, mut before) = (Vec::with_capacity(self.count), HashMap::<usize, u64>::new());
        for cycle in from / size..to.div_ceil(size) {
            let mut items: Vec<usize> = self.items.clone().collect();
            if shuffle {
                items.shuffle(&mut rng(seed, cycle, CYCLE - number));
            }
            let start = from.saturating_sub(cycle * size) as usize;
            let end = (to - cycle * size).min(size) as usize;
            for &item in &items[start..end] {
                let times = before.entry(item).or_default();
                draws.push((item, *times));
                *times += 1;
            }
        }
        draws
    }
}

/// How many of `total` each source gives: by weight, and together all of them. Empty sources give nothing.
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
    let mut before = 0;
    let mut counts: Vec<usize> = ends.by_ref().map(|end| end - std::mem::replace(&mut before, end)).collect();
    // Rounding may leave one over.
    if let Some(last) = counts.iter_mut().zip(&weights).rev().find(|(_, weight)| **weight > 0.0) {
        *last.0 += total - before;
    }
    counts
}

fn shuffled(mut draws: Vec<Draw>, rng: &mut Rng) -> Vec<Draw> {
    draws.shuffle(rng);
    draws
}

/// Each in turn takes a random place of a buffer and drives out what was there.
fn through(buffer: usize, draws: impl Iterator<Item = Draw>, rng: &mut Rng) -> Vec<Draw> {
    let (mut held, mut out) = (Vec::with_capacity(buffer), Vec::new());
    for draw in draws {
        if held.len() < buffer {
            held.push(draw);
        } else {
            let place = rng.random_range(0..held.len());
            out.push(std::mem::replace(&mut held[place], draw));
        }
    }
    out.extend(shuffled(held, rng));
    out
}

/// Several orders as one: the next is of a source as likely as that source has more left, so that all end together.
fn merged(sources: Vec<Vec<Draw>>, rng: &mut Rng) -> Vec<Draw> {
    let mut left: Vec<_> = sources.into_iter().map(Vec::into_iter).collect();
    let total = left.iter().map(ExactSizeIterator::len).sum();
    let mut out = Vec::with_capacity(total);
    while out.len() < total {
        let mut place = rng.random_range(0..total - out.len());
        let source = left.iter_mut().find(|source| {
            let here = place < source.len();
            place = place.saturating_sub(source.len());
            here
        });
        out.extend(source.and_then(Iterator::next));
    }
    out
}

#[cfg(test)]
mod tests;
