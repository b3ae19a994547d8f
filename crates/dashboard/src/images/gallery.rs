//! Encodes images for the terminal on a separate thread, so that a slow one does not block input.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::Builder,
};

use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    widgets::Widget,
};
use ratatui_image::{Image, protocol::Protocol};

use super::{
    detect::detect,
    protocol::{Encoder, Images},
};
use crate::theme::{Depth, Theme};

/// The most encoded images in memory: a few screens full.
const CAPACITY: usize = 200;

/// The digest of an image, and its width and height in cells.
type Key = (String, u16, u16);
type Ready = HashMap<Key, Slot>;

/// The state of an image.
#[derive(Clone)]
enum Slot {
    Waiting,
    Unreadable,
    Ready(Arc<Protocol>),
}

struct Job {
    key: Key,
    bytes: Arc<[u8]>,
    id: u32,
}

/// The encoded images of the screen.
pub struct Gallery {
    encoder: Option<Encoder>,
    jobs: Option<Sender<Job>>,
    ready: Arc<Mutex<Ready>>,
    new: Arc<AtomicBool>,
}

impl Gallery {
    /// No images: names only.
    pub fn off() -> Gallery {
        Gallery { encoder: None, jobs: None, ready: Arc::default(), new: Arc::default() }
    }

    /// Images as set by `images`. [`Images::Auto`] queries the terminal once, with a timeout; nothing else may read
    /// standard input before. Half-blocks need colours: without them, names are shown.
    pub fn open(images: Images, theme: &Theme) -> Gallery {
        let plain = theme.depth() == Depth::None || theme.ascii();
        match detect(images) {
            None => Gallery::off(),
            Some(encoder) if encoder.images == Images::Halfblocks && plain => Gallery::off(),
            Some(encoder) => Gallery::of(encoder),
        }
    }

    /// Half-blocks, which need no query.
    pub fn halfblocks() -> Gallery {
        Gallery::of(Encoder::HALFBLOCKS)
    }

    fn of(encoder: Encoder) -> Gallery {
        let (send, jobs) = channel();
        let mut gallery = Gallery { encoder: Some(encoder), jobs: Some(send), ..Gallery::off() };
        let (ready, new) = (Arc::clone(&gallery.ready), Arc::clone(&gallery.new));
        let thread = Builder::new().name("clip-lab-images".to_string());
        if thread.spawn(move || work(encoder, &jobs, &ready, &new)).is_err() {
            gallery.encoder = None;
        }
        gallery
    }

    /// Whether images are drawn at all.
    pub fn on(&self) -> bool {
        self.encoder.is_some()
    }

    /// The name of the protocol.
    pub fn protocol_name(&self) -> &'static str {
        self.encoder.map_or("names only", |encoder| encoder.images.name())
    }

    /// Whether images became ready since the last call.
    pub fn changed(&self) -> bool {
        self.new.swap(false, Ordering::Relaxed)
    }

    /// Draws an image in the centre of `area`; false while it is not ready, or if it is unreadable.
    pub fn draw(&self, digest: &str, bytes: &Arc<[u8]>, area: Rect, buf: &mut Buffer) -> bool {
        let Some(jobs) = self.jobs.as_ref().filter(|_| self.on() && !area.is_empty()) else { return false };
        let key = (digest.to_string(), area.width, area.height);
        let mut ready = lock(&self.ready);
        let Some(slot) = ready.get(&key) else {
            if ready.len() >= CAPACITY {
                ready.clear();
            }
            ready.insert(key.clone(), Slot::Waiting);
            // The thread ends only with this gallery.
            let _ = jobs.send(Job { id: id_of(&key), key, bytes: Arc::clone(bytes) });
            return false;
        };
        let Slot::Ready(protocol) = slot.clone() else { return false };
        drop(ready);
        let size = protocol.size();
        let (x, y) = (area.width.saturating_sub(size.width) / 2, area.height.saturating_sub(size.height) / 2);
        let place =
            Rect { x: area.x + x, y: area.y + y, width: size.width, height: size.height }.intersection(area);
        Image::new(&protocol).render(place, buf);
        true
    }

    /// Waits until all requested images are ready, for tests.
    pub fn wait_until_ready(&self) {
        for _ in 0..2000 {
            let waiting = lock(&self.ready).values().any(|slot| matches!(slot, Slot::Waiting));
            if !waiting {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

fn lock(ready: &Mutex<Ready>) -> MutexGuard<'_, Ready> {
    ready.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An id that depends only on image and size, so that terminals do not store copies.
fn id_of(key: &Key) -> u32 {
    let bytes = key.0.bytes().chain(key.1.to_le_bytes()).chain(key.2.to_le_bytes());
    bytes.fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)) | 1
}

/// Encodes images, the latest request first: those are on the screen.
fn work(encoder: Encoder, jobs: &Receiver<Job>, ready: &Mutex<Ready>, new: &AtomicBool) {
    let mut waiting = Vec::new();
    while let Ok(job) = jobs.recv() {
        waiting.push(job);
        while let Some(job) = waiting.pop() {
            let size = Size { width: job.key.1, height: job.key.2 };
            // A decoder that panics must not stop the other images.
            let encoded = catch_unwind(AssertUnwindSafe(|| encoder.encode(&job.bytes, size, job.id)));
            let slot =
                encoded.ok().flatten().map_or(Slot::Unreadable, |encoded| Slot::Ready(Arc::new(encoded)));
            lock(ready).insert(job.key, slot);
            new.store(true, Ordering::Relaxed);
            waiting.extend(jobs.try_iter());
        }
    }
}
