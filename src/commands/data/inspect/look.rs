//! Every picture, looked at once.

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
use clip_lab_api::{Dataset, Picture};
use clip_lab_cli::say;
use clip_lab_picture::Scratch;
use image::ImageFormat;

use crate::data::cores;

/// How often progress is told.
const TOLD: Duration = Duration::from_secs(2);

/// What a picture turned out to be.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// Bytes of its file; of pixels that were never a file, their number.
    pub bytes: u64,
    /// What its first bytes say it is.
    pub format: Option<ImageFormat>,
    /// Width and height in pixels, upright.
    pub size: Option<(u32, u32)>,
    /// The same for equal bytes only; none where they cannot be read.
    pub hash: Option<[u8; 32]>,
    /// Its name says another format.
    pub misnamed: bool,
    /// Why it cannot be used.
    pub fault: Option<String>,
}

/// Looks at every picture of a split with all cores; in order.
///
/// # Errors
/// When there is no memory for a decoder.
pub(super) fn look(split: &str, data: &dyn Dataset, quick: bool) -> Result<Vec<Look>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![None; data.len()]));
    let told = Mutex::new(Instant::now());
    let order: Vec<usize> = (0..data.len()).collect();
    data.ahead(&order);
    thread::scope(|scope| {
        let work = || -> Result<()> {
            let mut scratch = Scratch::new()?;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= data.len() {
                    return Ok(());
                }
                let look = look_at(data, index, &mut scratch, quick);
                done.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(look);
                tell(&told, split, index, data.len());
            }
        };
        let workers: Vec<_> = (0..cores().min(data.len())).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a thread died"))?)
    })?;
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_iter().map(|look| look.context("a picture was not looked at")).collect()
}

fn tell(last: &Mutex<Instant>, split: &str, done: usize, all: usize) {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if last.elapsed() >= TOLD {
        say!("{split}: {done} of {all} pictures");
        *last = Instant::now();
    }
}

fn look_at(data: &dyn Dataset, index: usize, scratch: &mut Scratch, quick: bool) -> Look {
    let mut look = Look { bytes: 0, format: None, size: None, hash: None, misnamed: false, fault: None };
    let picture = match data.picture(index) {
        Ok(picture) => picture,
        Err(error) => return Look { fault: Some(format!("{error:#}")), ..look },
    };
    match &picture {
        Picture::Encoded(bytes) => {
            look.bytes = bytes.len() as u64;
            look.hash = Some(*blake3::hash(bytes).as_bytes());
            look.format = image::guess_format(bytes).ok();
            let said = ImageFormat::from_path(Path::new(&data.name(index))).ok();
            look.misnamed = said.zip(look.format).is_some_and(|(said, is)| said != is);
        }
        Picture::Pixels(pixels) => {
            look.bytes = pixels.as_raw().len() as u64;
            look.hash = Some(*blake3::hash(pixels.as_raw()).as_bytes());
        }
    }
    // A picture that makes a decoder panic is broken, and no reason to stop.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let opened = scratch.open(picture)?;
        let (size, _room) = (opened.size(), opened.room());
        let whole = if quick { None } else { Some(opened.whole(scratch)?) };
        if let Some(whole) = whole {
            scratch.recycle(whole);
        }
        anyhow::Ok(size)
    }));
    match decoded {
        Ok(Ok(size)) => look.size = Some(size),
        Ok(Err(error)) => look.fault = Some(format!("{error:#}")),
        Err(_) => look.fault = Some("the decoder gave up on it".to_owned()),
    }
    look
}
