//! Indexes all shards.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_shards::{Index, Location, Shards};

use super::WebDataset;

/// Shards indexed in parallel: most wait for a disk or a server.
const PARALLEL: usize = 8;
/// Interval between progress messages.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// The indexes of all shards.
pub(super) struct Gathered {
    pub shards: Shards,
    /// Source, location and index of every shard, in order.
    pub found: Vec<(usize, Location, Result<Index>)>,
}

impl Gathered {
    /// Indexes all shards in parallel.
    pub(super) fn read(settings: &WebDataset, shards: Shards) -> Result<Self> {
        let sources = settings.shards.locations()?.into_iter().enumerate();
        let locations: Vec<(usize, Location)> = sources
            .flat_map(|(source, locations)| locations.into_iter().map(move |location| (source, location)))
            .collect();
        let indexes = index_all(&locations, &shards);
        let found =
            locations.into_iter().zip(indexes).map(|((source, location), index)| (source, location, index));
        Ok(Self { found: found.collect(), shards })
    }

    /// Without a buffer every image of an evicted shard would download the shard again.
    ///
    /// # Errors
    /// If the cache is too small for a full shuffle.
    pub(super) fn check_cache(&self, settings: &WebDataset) -> Result<()> {
        let remote = |location: &Location| matches!(location, Location::Remote(_));
        let lengths = self.found.iter().filter(|(_, location, _)| remote(location));
        let total: u64 = lengths.filter_map(|(_, _, index)| Some(index.as_ref().ok()?.length)).sum();
        ensure!(
            total <= settings.cache_bytes() || settings.shuffle_buffer.is_some(),
            "the shards to download take {:.1} GB and cache_gb = {}: a full shuffle would download them over and \
             over. Raise cache_gb, or set shuffle_buffer (such as 10000) to read them shard by shard",
            total as f64 / 1e9,
            settings.cache_gb
        );
        Ok(())
    }
}

/// Indexes, in the order of `locations`.
fn index_all(locations: &[(usize, Location)], shards: &Shards) -> Vec<Result<Index>> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let slots: Vec<Mutex<Option<Result<Index>>>> = locations.iter().map(|_| Mutex::new(None)).collect();
    let last_print = Mutex::new(Instant::now());
    thread::scope(|scope| {
        for _ in 0..PARALLEL.min(locations.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((_, location)) = locations.get(number) else { return };
                    let index = shards.index(location);
                    *slots[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(index);
                    print_progress(&last_print, done.fetch_add(1, Ordering::Relaxed) + 1, locations.len());
                }
            });
        }
    });
    let taken = slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
    taken.map(|index| index.context("its reader thread panicked").and_then(|index| index)).collect()
}

/// Prints the progress every [`PROGRESS_INTERVAL`].
fn print_progress(last: &Mutex<Instant>, done: usize, all: usize) {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if last.elapsed() >= PROGRESS_INTERVAL && done < all {
        eprintln!("webdataset: {done} of {all} shards indexed");
        *last = Instant::now();
    }
}
