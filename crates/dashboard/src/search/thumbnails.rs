//! The cache of thumbnails.

use std::{collections::HashMap, sync::Arc};

use clip_lab_search_protocol::{Image, Operation};

use clip_lab_chart::sheet::Jpeg;

/// The most thumbnails in memory: a few screens full.
const CAPACITY: usize = 400;

/// The state of a thumbnail.
#[derive(Debug, Clone)]
enum Slot {
    Requested,
    Unreadable,
    Ready(String, Jpeg),
}

/// Thumbnails by image number and size.
#[derive(Debug, Default)]
pub struct ThumbnailCache {
    slots: HashMap<(usize, u32), Slot>,
}

impl ThumbnailCache {
    /// A thumbnail and its key for the gallery, if it is loaded.
    pub fn get(&self, image: usize, side: u32) -> Option<(&str, &Jpeg)> {
        match self.slots.get(&(image, side))? {
            Slot::Ready(digest, jpeg) => Some((digest, jpeg)),
            Slot::Requested | Slot::Unreadable => None,
        }
    }

    /// Requests for the missing thumbnails; each is requested once.
    pub fn requests(&mut self, wanted: impl Iterator<Item = (usize, u32)>) -> Vec<((usize, u32), Operation)> {
        let mut requests = Vec::new();
        for key in wanted {
            if self.slots.contains_key(&key) {
                continue;
            }
            if self.slots.len() >= CAPACITY {
                // Pending requests stay, so that they are not sent twice.
                self.slots.retain(|_, slot| matches!(slot, Slot::Requested));
            }
            self.slots.insert(key, Slot::Requested);
            requests.push((key, Operation::Thumbnail { of: Image::Gallery(key.0), side: key.1 }));
        }
        requests
    }

    /// Stores a thumbnail; `None` if the image is unreadable.
    pub fn insert(&mut self, key: (usize, u32), jpeg: Option<Vec<u8>>) {
        let ready = |jpeg: Vec<u8>| Slot::Ready(format!("{}-{}", key.0, key.1), Arc::from(jpeg));
        self.slots.insert(key, jpeg.map_or(Slot::Unreadable, ready));
    }
}
