//! Files from elsewhere: tried again, gone on with, never half.
//!
//! A [`Source`] says how its bytes are asked for; [`fetch`] brings them into a [`Part`], a file on disk that the next
//! program goes on with if this one is stopped. [`insist`] asks for something small in the same manner.

mod part;
mod patience;

use std::{future::Future, io::Write as _, sync::OnceLock, time::Duration};

use anyhow::{Error, Result, anyhow};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

pub use part::{Part, Whole};
use patience::Tries;
pub use patience::{Halt, Patience};

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

/// Fetches what `source` has into `part`, going on from what is there; `seen` hears how long the part is whenever it has
/// grown. Tries that bring bytes count for nothing, so that a long way over a bad line ends well.
///
/// # Errors
/// When the source refuses for good, patience is at its end, or the disk cannot be written.
pub fn fetch(source: &impl Source, part: &mut Part, patience: Patience, seen: &dyn Fn(u64)) -> Result<()> {
    let (mut tries, mut farthest) = (Tries::new(patience), part.length);
    loop {
        let ended = runtime()?.block_on(attempt(source, part, patience.stall, seen));
        // Where one try after the other starts anew, only what no try has reached before counts.
        tries.failures = if part.length > farthest { 1 } else { tries.failures + 1 };
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
        tries.pause(error)?;
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
            Err(Halt::Again(error) | Halt::Anew(error)) => {
                tries.failures += 1;
                tries.pause(error)?;
            }
        }
    }
}

async fn attempt(
    source: &impl Source,
    part: &mut Part,
    stall: Duration,
    seen: &dyn Fn(u64),
) -> Result<(), Halt> {
    if part.is_whole() {
        return Ok(());
    }
    let answer = within(stall, source.ask(part.length)).await??;
    match &part.whole {
        Some(before) if part.length > 0 && *before != answer.whole => {
            return Err(Halt::Anew(anyhow!("it changed while it was fetched")));
        }
        _ => part.expect(answer.whole).map_err(Halt::Final)?,
    }
    pour(answer.bytes, part, stall, seen).await
}

/// Appends what comes, as it comes.
async fn pour(
    mut bytes: BoxStream<'static, Result<Bytes, Halt>>,
    part: &mut Part,
    stall: Duration,
    seen: &dyn Fn(u64),
) -> Result<(), Halt> {
    while let Some(bytes) = within(stall, bytes.next()).await? {
        let bytes = bytes?;
        part.file
            .write_all(&bytes)
            .map_err(|error| Halt::Final(Error::new(error).context("the cache's disk")))?;
        part.length += bytes.len() as u64;
        seen(part.length);
    }
    let promised = part.whole.as_ref().map_or(0, |whole| whole.length);
    match part.length {
        length if length == promised => Ok(()),
        length if length < promised => {
            Err(Halt::Again(anyhow!("the server ended after {length} of {promised} bytes")))
        }
        length => Err(Halt::Anew(anyhow!("the server sent {length} bytes and had promised {promised}"))),
    }
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
