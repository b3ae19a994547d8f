//! Scans every image of a split once: format, size, hash and fault.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use clip_lab_cli::note;
use clip_lab_image_io::Decoder;
use clip_lab_plugin_api::{Dataset, Image};
use image::ImageFormat;

use crate::input::cores;

/// Interval of progress messages.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

/// Properties of an image.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    /// Size of the file, or of the raw pixels, in bytes.
    pub bytes: u64,
    /// Format, from the first bytes.
    pub format: Option<ImageFormat>,
    /// Width and height in pixels, after EXIF orientation.
    pub size: Option<(u32, u32)>,
    /// Hash of the bytes; none if they cannot be read.
    pub hash: Option<[u8; 32]>,
    /// Whether the file extension names another format.
    pub misnamed: bool,
    /// Why the image cannot be used.
    pub fault: Option<String>,
}

/// Scans every image of a split on all cores; results are in order.
///
/// # Errors
/// If a decoder cannot be allocated.
pub(super) fn scan(split: &str, data: &dyn Dataset, quick: bool) -> Result<Vec<Scan>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![None; data.len()]));
    let last_progress = Mutex::new(Instant::now());
    let order: Vec<usize> = (0..data.len()).collect();
    data.prefetch(&order);
    thread::scope(|scope| {
        let work = || -> Result<()> {
            let mut decoder = Decoder::new()?;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= data.len() {
                    return Ok(());
                }
                let scan = scan_one(data, index, &mut decoder, quick);
                done.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(scan);
                log_progress(&last_progress, split, index, data.len());
            }
        };
        let workers: Vec<_> = (0..cores().min(data.len())).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker thread panicked"))?)
    })?;
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_iter().map(|scan| scan.context("an image was not scanned")).collect()
}

fn log_progress(last: &Mutex<Instant>, split: &str, done: usize, all: usize) {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if last.elapsed() >= PROGRESS_INTERVAL {
        note!("{split}: {done} of {all} images");
        *last = Instant::now();
    }
}

fn scan_one(data: &dyn Dataset, index: usize, decoder: &mut Decoder, quick: bool) -> Scan {
    let mut scan = Scan { bytes: 0, format: None, size: None, hash: None, misnamed: false, fault: None };
    let image = match data.image(index) {
        Ok(image) => image,
        Err(error) => return Scan { fault: Some(format!("{error:#}")), ..scan },
    };
    match &image {
        Image::Encoded(bytes) => {
            scan.bytes = bytes.len() as u64;
            scan.hash = Some(*blake3::hash(bytes).as_bytes());
            scan.format = image::guess_format(bytes).ok();
            let named = ImageFormat::from_path(Path::new(&data.name(index))).ok();
            scan.misnamed = named.zip(scan.format).is_some_and(|(named, actual)| named != actual);
        }
        Image::Pixels(pixels) => {
            scan.bytes = pixels.as_raw().len() as u64;
            scan.hash = Some(*blake3::hash(pixels.as_raw()).as_bytes());
        }
    }
    // A panic of the decoder counts as a fault of the image.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let opened = decoder.open(image)?;
        let (size, _memory) = (opened.size(), opened.reserve());
        let whole = if quick { None } else { Some(opened.decode(decoder)?) };
        if let Some(whole) = whole {
            decoder.recycle(whole);
        }
        anyhow::Ok(size)
    }));
    match decoded {
        Ok(Ok(size)) => scan.size = Some(size),
        Ok(Err(error)) => scan.fault = Some(format!("{error:#}")),
        Err(_) => scan.fault = Some("the decoder panicked".to_owned()),
    }
    scan
}
