//! A cache of recently read pages.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use anyhow::{Result, anyhow};
use parquet::data_type::ByteArray;

/// Maximum size of the cached pages; the latest page is always cached.
const MAX_BYTES: usize = 256 << 20;

/// A page of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Index of the table.
    pub table: u32,
    /// Row group of the table.
    pub group: usize,
    /// Page of the row group.
    pub page: usize,
}

/// The images of a page; they share its memory.
pub type Page = Vec<Option<ByteArray>>;

/// A page, available once its first reader is done; an error message if it cannot be read.
type Slot = Arc<OnceLock<Result<Arc<Page>, String>>>;

/// Recently read pages, the oldest first. Images that are read in order share a page, so many threads need the same
/// one: one thread reads it and the others wait.
#[derive(Default)]
pub struct PageCache(Mutex<VecDeque<(Key, Slot)>>);

impl PageCache {
    /// The cached page, or the result of `read`.
    pub fn page(&self, key: Key, read: impl FnOnce() -> Result<Page>) -> Result<Arc<Page>> {
        let slot = self.slot(key);
        let page = slot.get_or_init(|| read().map(Arc::new).map_err(|error| format!("{error:#}")));
        self.evict();
        page.clone().map_err(|message| anyhow!(message))
    }

    fn slot(&self, key: Key) -> Slot {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = pages.iter().position(|(other, _)| *other == key).and_then(|index| pages.remove(index));
        // Errors are not cached: a network disk may have been unavailable.
        let slot = cached
            .map(|(_, slot)| slot)
            .filter(|slot| !matches!(slot.get(), Some(Err(_))))
            .unwrap_or_default();
        pages.push_back((key, slot.clone()));
        slot
    }

    /// Evicts the oldest pages until the rest is small enough.
    fn evict(&self) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut total: usize = pages.iter().map(|(_, slot)| size(slot)).sum();
        while total > MAX_BYTES && pages.len() > 1 {
            total -= pages.pop_front().map_or(0, |(_, slot)| size(&slot));
        }
    }
}

fn size(slot: &Slot) -> usize {
    let page = slot.get().and_then(|page| page.as_ref().ok());
    page.map_or(0, |page| page.iter().flatten().map(ByteArray::len).sum())
}
