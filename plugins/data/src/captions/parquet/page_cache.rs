//! Pages that were read last.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use anyhow::{Result, anyhow};
use parquet::data_type::ByteArray;

/// Bytes of pages that are kept, as long as there is more than one.
const MOST: usize = 256 << 20;

/// A page of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Number of the table.
    pub table: u32,
    /// Row group in it.
    pub group: usize,
    /// Page in that.
    pub page: usize,
}

/// The images of a page; they share its memory.
pub type Page = Vec<Option<ByteArray>>;

/// A page that is there once its first reader is done; the message where it cannot be read.
type Slot = Arc<OnceLock<Result<Arc<Page>, String>>>;

/// Pages that were read last, the oldest first. Images that are read in order share a page, and then many threads want
/// the same one: one of them reads it and the others wait.
#[derive(Default)]
pub struct Recent(Mutex<VecDeque<(Key, Slot)>>);

impl Recent {
    /// A page, which `read` reads if it is not there.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn page(&self, key: Key, read: impl FnOnce() -> Result<Page>) -> Result<Arc<Page>> {
        let slot = self.slot(key);
        let page = slot.get_or_init(|| read().map(Arc::new).map_err(|error| format!("{error:#}")));
        self.shrink();
        page.clone().map_err(|message| anyhow!(message))
    }

    fn slot(&self, key: Key) -> Slot {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pages.iter().position(|(known, _)| *known == key).and_then(|place| pages.remove(place));
        // What could not be read is tried again: a network disk may have been away.
        let slot = known
            .map(|(_, slot)| slot)
            .filter(|slot| !matches!(slot.get(), Some(Err(_))))
            .unwrap_or_default();
        pages.push_back((key, slot.clone()));
        slot
    }

    /// Drops the oldest until the rest is small enough.
    fn shrink(&self) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut total: usize = pages.iter().map(|(_, slot)| size(slot)).sum();
        while total > MOST && pages.len() > 1 {
            total -= pages.pop_front().map_or(0, |(_, slot)| size(&slot));
        }
    }
}

fn size(slot: &Slot) -> usize {
    let page = slot.get().and_then(|page| page.as_ref().ok());
    page.map_or(0, |page| page.iter().flatten().map(ByteArray::len).sum())
}
