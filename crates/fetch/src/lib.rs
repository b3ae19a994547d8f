//! Files from elsewhere: tried again, gone on with, never half.
//!
//! A [`Source`] says how its bytes are asked for; [`fetch`] brings them into a [`Part`], a file on disk that the next
//! program goes on with if this one is stopped. [`insist`] asks for something small in the same manner. [`Web`] speaks
//! HTTP, hands keys to nobody but their owner, and takes nothing that a server has not promised.

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

/// A file behind a connection.
pub trait Source {
    /// Asks for its bytes from `from` on. A server that sends no parts is [`Halt::Anew`].
    fn ask(&self, from: u64) -> impl Future<Output = Result<Answer, Halt>>;
}

/// What came back, before its bytes.
pub struct Answer {
    /// What the server says of the whole file.
    pub whole: Whole,
    /// The bytes, as they come.
    pub bytes: BoxStream<'static, Result<Bytes, Halt>>,
}

/// An address without its login and the secret parameters of its query, for whatever is shown, logged or stored.
pub fn redacted(url: &Url) -> String {
    clip_lab_redact::text(url.as_str())
}

/// Fetches what `source` has into `part`, going on from what is there; `seen` hears how long the part is whenever it has
/// grown. Tries that bring bytes at a fair rate count for nothing, so that a long way over a bad line ends well.
///
/// # Errors
/// When the source refuses for good, patience is at its end, or the disk has no room or cannot be written.
pub fn fetch(source: &impl Source, part: &mut Part, patience: Patience, seen: &dyn Fn(u64)) -> Result<()> {
    let (mut tries, mut farthest) = (Tries::new(patience), part.length);
    loop {
        let ended = runtime()?.block_on(attempt(source, part, patience, seen));
        // Where one try after the other starts anew, only what no try has reached before counts.
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

/// Asks until there is an answer.
///
/// # Errors
/// When the answer is a refusal, or patience is at its end.
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
            return Err(Halt::Anew(anyhow!("it changed while it was fetched")));
        }
        _ => part.expect(answer.whole).map_err(Halt::Final)?,
    }
    pour(answer.bytes, part, patience, seen).await
}

/// Appends what comes, as it comes, up to what was promised.
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
            return Err(Halt::Anew(anyhow!("the server sends more than the {promised} bytes it promised")));
        }
        part.file
            .write_all(&bytes)
            .map_err(|error| Halt::Final(Error::new(error).context("the cache's disk")))?;
        part.length += bytes.len() as u64;
        seen(part.length);
        pace.came(bytes.len())?;
    }
    match part.length {
        length if length == promised => Ok(()),
        length => Err(Halt::Again(anyhow!("the server ended after {length} of {promised} bytes"))),
    }
}

/// All of something small. More than `most` bytes are refused, however many are promised.
///
/// # Errors
/// Those of the connection, and [`Halt::Final`] when it is too long.
pub async fn collect(
    mut bytes: BoxStream<'static, Result<Bytes, Halt>>,
    most: usize,
    patience: Patience,
) -> Result<Vec<u8>, Halt> {
    let (mut all, mut pace) = (Vec::new(), Pace::new(patience));
    while let Some(bytes) = within(patience.stall, bytes.next()).await? {
        let bytes = bytes?;
        if bytes.len() > most - all.len() {
            return Err(Halt::Final(anyhow!("the server answers with more than {most} bytes")));
        }
        all.extend_from_slice(&bytes);
        pace.came(bytes.len())?;
    }
    Ok(all)
}

/// Waits for `what`, but not longer than `stall`.
///
/// # Errors
/// [`Halt::Again`] when nothing came.
pub async fn within<T>(stall: Duration, what: impl Future<Output = T>) -> Result<T, Halt> {
    let silent = || Halt::Again(anyhow!("the server sent nothing for {} s", stall.as_secs_f32()));
    timeout(stall, what).await.map_err(|_| silent())
}

/// What drives the connections: one thread, since all it does is to wait.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).thread_name("fetch").enable_all().build();
    RUNTIME.get_or_init(start).as_ref().map_err(|error| anyhow!("no thread to fetch with: {error}"))
}
