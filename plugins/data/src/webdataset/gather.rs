//! The indexes of all shards.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_shards::{Index, Place, Shards};

use super::{WebDataset, opened::Opened, skipped::Skipped};

/// Shards that are indexed at once: most wait for a disk or a server.
const AT_ONCE: usize = 8;
/// How often progress is told.
const TOLD: Duration = Duration::from_secs(5);

/// What every shard turned out to hold.
pub(super) struct Gathered {
    pub shards: Shards,
    /// Source, place and index of every shard, in order.
    pub found: Vec<(usize, Place, Result<Index>)>,
}

impl Gathered {
    /// Indexes all shards, several at once.
    pub(super) fn read(settings: &WebDataset, shards: Shards) -> Result<Self> {
        let sources = settings.shards.places()?.into_iter().enumerate();
        let places: Vec<(usize, Place)> = sources
            .flat_map(|(source, places)| places.into_iter().map(move |place| (source, place)))
            .collect();
        let indexes = at_once(&places, &shards);
        let found = places.into_iter().zip(indexes).map(|((source, place), index)| (source, place, index));
        Ok(Self { found: found.collect(), shards })
    }

    /// Opens what is usable.
    ///
    /// # Errors
    /// When more is unusable than `tolerate` allows, nothing is left, or the cache is too small for any order.
    pub(super) fn open(self, settings: &WebDataset) -> Result<Opened> {
        let skipped = Skipped::of(&self.found);
        skipped.within(settings.tolerate)?;
        self.fits(settings)?;
        let opened = Opened::new(self, settings, skipped.sentences)?;
        if opened.is_bare() {
            bail!("the shards hold no usable picture: {}", opened.words());
        }
        Ok(opened)
    }

    /// Without a buffer every image of a shard that was evicted would fetch that shard again.
    fn fits(&self, settings: &WebDataset) -> Result<()> {
        let remote = |place: &Place| matches!(place, Place::Remote(_));
        let lengths = self.found.iter().filter(|(_, place, _)| remote(place));
        let total: u64 = lengths.filter_map(|(_, _, index)| Some(index.as_ref().ok()?.length)).sum();
        ensure!(
            total <= settings.cache_bytes() || settings.shuffle_buffer.is_some(),
            "the shards to be fetched take {:.1} GB and cache_gb = {}: pictures in any order would fetch them over and \
             over. Raise cache_gb, or set shuffle_buffer (such as 10000) to go through them shard by shard",
            total as f64 / 1e9,
            settings.cache_gb
        );
        Ok(())
    }
}

/// Indexes in the order of the places.
fn at_once(places: &[(usize, Place)], shards: &Shards) -> Vec<Result<Index>> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let slots: Vec<Mutex<Option<Result<Index>>>> = places.iter().map(|_| Mutex::new(None)).collect();
    let told = Mutex::new(Instant::now());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(places.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((_, place)) = places.get(number) else { return };
                    let index = shards.index(place);
                    *slots[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(index);
                    tell(&told, done.fetch_add(1, Ordering::Relaxed) + 1, places.len());
                }
            });
        }
    });
    let taken = slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
    taken.map(|index| index.context("its reader died").and_then(|index| index)).collect()
}

/// Says how far it is, now and then.
fn tell(last: &Mutex<Instant>, done: usize, all: usize) {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if last.elapsed() >= TOLD && done < all {
        eprintln!("webdataset: {done} of {all} shards indexed");
        *last = Instant::now();
    }
}
