//! Resumable downloads with retries; a file is complete or absent.
//!
//! A [`Source`] is a remote file; [`fetch`] downloads it into a [`Part`], a partial file on disk that a later process can
//! resume. [`insist`] retries a small request in the same way. [`Web`] is the HTTP client: it sends credentials only to
//! their origin, and accepts no more bytes than the server announced.

mod answer;
mod keys;
mod part;
mod patience;
mod web;

use std::{future::Future, io::Write as _, sync::OnceLock, time::Duration};

use anyhow::{Error, Result, anyhow};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use url::Url;

pub use answer::stream;
pub use keys::{Keys, is_local, is_private};
pub use part::{Part, Whole};
pub use patience::{Halt, Patience};
use patience::{Pace, Tries};
pub use web::{Hop, Web, client};

/// A remote file.
pub trait Source {
    /// Requests its bytes from `from` on; [`Halt::Anew`] if the server does not support range requests.
    fn ask(&self, from: u64) -> impl Future<Output = Result<Answer, Halt>>;
}

/// A response, before its body is read.
pub struct Answer {
    /// Size and version of the whole file.
    pub whole: Whole,
    /// The body.
    pub bytes: BoxStream<'static, Result<Bytes, Halt>>,
}

/// A URL without credentials and secret query parameters, for display, logs and storage.
pub fn redacted(url: &Url) -> String {
    clip_lab_redact::text(url.as_str())
}

/// Downloads `source` into `part`, resuming from its end; calls `seen` with the length of the part whenever it grows.
/// Attempts that make progress reset the retry count, so that a large file over a bad connection still completes.
///
/// # Errors
/// On a permanent error, after too many failed attempts, or if the disk is full or not writable.
pub fn fetch(source: &impl Source, part: &mut Part, patience: Patience, seen: &dyn Fn(u64)) -> Result<()> {
    let (mut tries, mut farthest) = (Tries::new(patience), part.length);
    loop {
        let ended = runtime()?.block_on(attempt(source, part, patience, seen));
        // If attempts restart from 0, only bytes beyond the farthest position count as progress.
        let brought = part.length.saturating_sub(farthest);
        farthest = farthest.max(part.length);
        let error = match ended {
            Ok(()) => return Ok(()),
            Err(Halt::Final(error)) => return Err(error),
            Err(Halt::Again(error)) => error,
            Err(Halt::Anew(error)) => {
                part.restart()?;
                error
            }
        };
        tries.failed(brought, error)?;
    }
}

/// Retries a request until it succeeds.
///
/// # Errors
/// On a permanent error, or after too many failed attempts.
pub fn insist<T, F>(patience: Patience, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T, Halt>>,
{
    let mut tries = Tries::new(patience);
    loop {
        match runtime()?.block_on(ask()) {
            Ok(answer) => return Ok(answer),
            Err(Halt::Final(error)) => return Err(error),
            Err(Halt::Again(error) | Halt::Anew(error)) => tries.failed(0, error)?,
        }
    }
}

async fn attempt(
    source: &impl Source,
    part: &mut Part,
    patience: Patience,
    seen: &dyn Fn(u64),
) -> Result<(), Halt> {
    if part.is_whole() {
        return Ok(());
    }
    let answer = within(patience.stall, source.ask(part.length)).await??;
    match &part.whole {
        Some(before) if part.length > 0 && *before != answer.whole => {
            return Err(Halt::Anew(anyhow!("the file changed during the download")));
        }
        _ => part.expect(answer.whole).map_err(Halt::Final)?,
    }
    pour(answer.bytes, part, patience, seen).await
}

/// Appends the body to the part, up to the announced size.
async fn pour(
    mut bytes: BoxStream<'static, Result<Bytes, Halt>>,
    part: &mut Part,
    patience: Patience,
    seen: &dyn Fn(u64),
) -> Result<(), Halt> {
    let promised = part.whole.as_ref().map_or(0, |whole| whole.length);
    let mut pace = Pace::new(patience);
    while let Some(bytes) = within(patience.stall, bytes.next()).await? {
        let bytes = bytes?;
        if bytes.len() as u64 > promised.saturating_sub(part.length) {
            return Err(Halt::Anew(anyhow!("the server sent more than the announced {promised} bytes")));
        }
        part.file
            .write_all(&bytes)
            .map_err(|error| Halt::Final(Error::new(error).context("writing to the cache")))?;
        part.length += bytes.len() as u64;
        seen(part.length);
        pace.came(bytes.len())?;
    }
    match part.length {
        length if length == promised => Ok(()),
        length => Err(Halt::Again(anyhow!("the connection ended after {length} of {promised} bytes"))),
    }
}

/// Reads a small body, at most `most` bytes.
///
/// # Errors
/// On a connection error, and [`Halt::Final`] if it is too long.
pub async fn collect(
    mut bytes: BoxStream<'static, Result<Bytes, Halt>>,
    most: usize,
    patience: Patience,
) -> Result<Vec<u8>, Halt> {
    let (mut all, mut pace) = (Vec::new(), Pace::new(patience));
    while let Some(bytes) = within(patience.stall, bytes.next()).await? {
        let bytes = bytes?;
        if bytes.len() > most - all.len() {
            return Err(Halt::Final(anyhow!("the response is larger than {most} bytes")));
        }
        all.extend_from_slice(&bytes);
        pace.came(bytes.len())?;
    }
    Ok(all)
}

/// Waits for `what`, at most `stall`.
///
/// # Errors
/// [`Halt::Again`] on a timeout.
pub async fn within<T>(stall: Duration, what: impl Future<Output = T>) -> Result<T, Halt> {
    let timed_out = || Halt::Again(anyhow!("the server sent nothing for {} s", stall.as_secs_f32()));
    timeout(stall, what).await.map_err(|_| timed_out())
}

/// The runtime of all connections. One thread is enough: it mostly waits.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).thread_name("fetch").enable_all().build();
    RUNTIME.get_or_init(start).as_ref().map_err(|error| anyhow!("cannot start the download thread: {error}"))
}
