//! Questions in, answers out: a JSON object a line.

use std::{
    io::{BufRead as _, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_index::Index;
use clip_lab_search::{Answer, Ask, Misses, Picture, Ready, Reply, Request};
use crossbeam::channel::{Receiver, Sender, unbounded};

use super::{engine::Engine, gallery::Gallery};
use crate::train::thumbnail;

/// The most pixels of a thumbnail's longer side.
const LARGEST: u32 = 2048;
/// Threads that make thumbnails; the one with the tensors must not starve.
const PAINTERS: usize = 2;

/// Says that the engine is ready, then answers until nothing more is asked. `misses` finds the wrong matches of a run.
///
/// Thumbnails are made by threads of their own, so that a large picture does not delay a query.
///
/// # Errors
/// When nobody listens any more.
pub fn serve(
    engine: &Engine<'_>,
    ready: Ready,
    asked: &Receiver<String>,
    misses: &dyn Fn(usize, usize) -> Result<Misses>,
) -> Result<()> {
    let (say, paint) = (Mouth::default(), painters(&engine.gallery, &engine.index));
    say.say(0, Ok(Answer::Ready(ready)))?;
    for line in asked {
        let Request { id, ask } = match serde_json::from_str(&line) {
            Ok(request) => request,
            Err(error) => {
                say.say(0, Err(anyhow!("not understood: {error}: {line}")))?;
                continue;
            }
        };
        let answer = match ask {
            Ask::Nearest { to, top, check } => engine.nearest(&to, top, check).map(Answer::Found),
            Ask::Misses { count, top } => misses(count, top).map(Answer::Misses),
            Ask::Thumbnail { of, side } => {
                // The painters end only with this loop.
                let _ = paint.send(Job { id, of, side, say: say.clone() });
                continue;
            }
        };
        say.say(id, answer)?;
    }
    Ok(())
}

/// Lines of standard input as they come. It ends when standard input does.
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

/// The way to whom answers go, a whole line at a time.
#[derive(Clone, Default)]
struct Mouth(Arc<Mutex<()>>);

impl Mouth {
    fn say(&self, id: u64, answer: Result<Answer>) -> Result<()> {
        let answer = answer.unwrap_or_else(|error| Answer::Failed(format!("{error:#}")));
        let line = serde_json::to_string(&Reply { id, answer })? + "\n";
        let _one = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).context("nobody listens to the answers")
    }
}

struct Job {
    id: u64,
    of: Picture,
    side: u32,
    say: Mouth,
}

fn painters(gallery: &Arc<Gallery>, index: &Arc<Index>) -> Sender<Job> {
    let (send, jobs) = unbounded::<Job>();
    for _ in 0..PAINTERS {
        let (jobs, gallery, index) = (jobs.clone(), Arc::clone(gallery), Arc::clone(index));
        thread::spawn(move || {
            for job in jobs {
                // A picture that makes a decoder panic costs its thumbnail and nothing else.
                let made = catch_unwind(AssertUnwindSafe(|| paint(&gallery, &index, &job.of, job.side)));
                let made = made.unwrap_or_else(|_| Err(anyhow!("the decoder gave up on it")));
                if job.say.say(job.id, made).is_err() {
                    return;
                }
            }
        });
    }
    send
}

fn paint(gallery: &Gallery, index: &Index, of: &Picture, side: u32) -> Result<Answer> {
    let picture = match of {
        Picture::File(path) => clip_lab_api::Picture::read(path)?,
        Picture::Gallery(row) => {
            ensure!(*row < index.len(), "there is no picture {row}");
            gallery.data.picture(index.entry(*row))?
        }
    };
    let (pixels, _room) = picture.decode_within()?;
    let jpeg = thumbnail(&pixels, side.clamp(1, LARGEST))?;
    Ok(Answer::Thumbnail { jpeg: STANDARD.encode(jpeg) })
}
