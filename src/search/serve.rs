//! The server: requests in, replies out, as JSON lines.

use std::{
    io::{BufRead as _, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_search_protocol::{Answer, Image, Misses, Operation, Ready, Reply, Request};
use clip_lab_vector_index::Index;
use crossbeam::channel::{Receiver, Sender, unbounded};

use super::{engine::Engine, gallery::Gallery};
use crate::train::thumbnail;

/// Maximum length of a thumbnail's longer side in pixels.
const MAX_SIDE: u32 = 2048;
/// Threads for thumbnails; few, so that they do not slow down the search.
const THUMBNAIL_THREADS: usize = 2;

/// Sends `ready`, then answers `requests` until their end. `misses` finds the wrong matches of a run.
///
/// Thumbnails have their own threads, so that a large image does not delay a query.
///
/// # Errors
/// If a reply cannot be written.
pub fn serve(
    engine: &Engine<'_>,
    ready: Ready,
    requests: &Receiver<String>,
    misses: &dyn Fn(usize, usize) -> Result<Misses>,
) -> Result<()> {
    let (replies, thumbnails) = (ReplyWriter::default(), thumbnail_threads(&engine.gallery, &engine.index));
    replies.send(0, Ok(Answer::Ready(ready)))?;
    for line in requests {
        let Request { id, operation } = match serde_json::from_str(&line) {
            Ok(request) => request,
            Err(error) => {
                replies.send(0, Err(anyhow!("invalid request: {error}: {line}")))?;
                continue;
            }
        };
        let answer = match operation {
            Operation::Nearest { to, top, check } => engine.nearest(&to, top, check).map(Answer::Found),
            Operation::Misses { count, top } => misses(count, top).map(Answer::Misses),
            Operation::Thumbnail { of, side } => {
                // The threads run until the sender is dropped, after this loop.
                let _ = thumbnails.send(Job { id, of, side, replies: replies.clone() });
                continue;
            }
        };
        replies.send(id, answer)?;
    }
    Ok(())
}

/// The lines of standard input.
pub fn lines() -> Receiver<String> {
    let (send, lines) = unbounded();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if send.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Writes replies to standard output, one whole line at a time.
#[derive(Clone, Default)]
struct ReplyWriter(Arc<Mutex<()>>);

impl ReplyWriter {
    fn send(&self, id: u64, answer: Result<Answer>) -> Result<()> {
        let answer = answer.unwrap_or_else(|error| Answer::Failed(format!("{error:#}")));
        let line = serde_json::to_string(&Reply { id, answer })? + "\n";
        let _one = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).context("standard output is closed")
    }
}

struct Job {
    id: u64,
    of: Image,
    side: u32,
    replies: ReplyWriter,
}

fn thumbnail_threads(gallery: &Arc<Gallery>, index: &Arc<Index>) -> Sender<Job> {
    let (send, jobs) = unbounded::<Job>();
    for _ in 0..THUMBNAIL_THREADS {
        let (jobs, gallery, index) = (jobs.clone(), Arc::clone(gallery), Arc::clone(index));
        thread::spawn(move || {
            for job in jobs {
                // A panic of the decoder fails only this thumbnail.
                let answer =
                    catch_unwind(AssertUnwindSafe(|| make_thumbnail(&gallery, &index, &job.of, job.side)));
                let answer = answer.unwrap_or_else(|_| Err(anyhow!("the decoder panicked")));
                if job.replies.send(job.id, answer).is_err() {
                    return;
                }
            }
        });
    }
    send
}

fn make_thumbnail(gallery: &Gallery, index: &Index, of: &Image, side: u32) -> Result<Answer> {
    let image = match of {
        Image::File(path) => clip_lab_plugin_api::Image::read(path)?,
        Image::Gallery(row) => {
            ensure!(*row < index.len(), "no image {row}");
            gallery.data.image(index.entry(*row))?
        }
    };
    let (pixels, _memory) = image.decode_reserved()?;
    let jpeg = thumbnail(&pixels, side.clamp(1, MAX_SIDE))?;
    Ok(Answer::Thumbnail { jpeg: STANDARD.encode(jpeg) })
}
