//! Resumable downloads with retries; a file is complete or absent.
//!
//! A [`Source`] is a remote file; [`fetch`] downloads it into a [`Part`], a partial file on disk that a later process can
//! resume. [`retry()`] retries a small request in the same way. [`HttpClient`] sends credentials only to their origin.
//! Downloads accept no more bytes than the server announced.

mod credentials;
mod download;
mod http;
mod part;
mod retry;

use std::{future::Future, io::Write as _, sync::OnceLock, time::Duration};

use anyhow::{Error, Result, anyhow};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use url::Url;

pub use credentials::{Credentials, is_local, is_private};
pub use download::stream;
pub use http::{Hop, HttpClient, client};
pub use part::{FileInfo, Part};
use retry::{Attempts, RateMeter};
pub use retry::{FetchError, RetryPolicy};

/// A remote file.
pub trait Source {
    /// Requests its bytes from `from` on; [`FetchError::Restart`] if the server does not support range requests.
    fn request(&self, from: u64) -> impl Future<Output = Result<Download, FetchError>>;
}

/// A response, before its body is read.
pub struct Download {
    /// Size and version of the whole file.
    pub info: FileInfo,
    /// The body.
    pub bytes: BoxStream<'static, Result<Bytes, FetchError>>,
}

/// A URL without credentials and secret query parameters, for display, logs and storage.
pub fn redacted(url: &Url) -> String {
    clip_lab_redact::text(url.as_str())
}

/// Downloads `source` into `part`, resuming from its end; calls `on_progress` with the length of the part whenever it grows.
/// Attempts that make progress reset the retry count, so that a large file over a bad connection still completes.
///
/// # Errors
/// On a permanent error, after too many failed attempts, or if the disk is full or not writable.
pub fn fetch(
    source: &impl Source,
    part: &mut Part,
    policy: RetryPolicy,
    on_progress: &dyn Fn(u64),
) -> Result<()> {
    let (mut attempts, mut farthest) = (Attempts::new(policy), part.length);
    loop {
        let ended = runtime()?.block_on(attempt(source, part, policy, on_progress));
        // If attempts restart from 0, only bytes beyond the farthest position count as progress.
        let received = part.length.saturating_sub(farthest);
        farthest = farthest.max(part.length);
        let error = match ended {
            Ok(()) => return Ok(()),
            Err(FetchError::Permanent(error)) => return Err(error),
            Err(FetchError::Transient(error)) => error,
            Err(FetchError::Restart(error)) => {
                part.restart()?;
                error
            }
        };
        attempts.failed(received, error)?;
    }
}

/// Retries a request until it succeeds.
///
/// # Errors
/// On a permanent error, or after too many failed attempts.
pub fn retry<T, F>(policy: RetryPolicy, mut request: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T, FetchError>>,
{
    let mut attempts = Attempts::new(policy);
    loop {
        match runtime()?.block_on(request()) {
            Ok(response) => return Ok(response),
            Err(FetchError::Permanent(error)) => return Err(error),
            Err(FetchError::Transient(error) | FetchError::Restart(error)) => attempts.failed(0, error)?,
        }
    }
}

async fn attempt(
    source: &impl Source,
    part: &mut Part,
    policy: RetryPolicy,
    on_progress: &dyn Fn(u64),
) -> Result<(), FetchError> {
    if part.is_complete() {
        return Ok(());
    }
    let download = with_timeout(policy.stall, source.request(part.length)).await??;
    match &part.info {
        Some(before) if part.length > 0 && *before != download.info => {
            return Err(FetchError::Restart(anyhow!("the file changed during the download")));
        }
        _ => part.expect(download.info).map_err(FetchError::Permanent)?,
    }
    receive(download.bytes, part, policy, on_progress).await
}

/// Appends the body to the part, up to the announced size.
async fn receive(
    mut bytes: BoxStream<'static, Result<Bytes, FetchError>>,
    part: &mut Part,
    policy: RetryPolicy,
    on_progress: &dyn Fn(u64),
) -> Result<(), FetchError> {
    let announced = part.info.as_ref().map_or(0, |info| info.length);
    let mut meter = RateMeter::new(policy);
    while let Some(bytes) = with_timeout(policy.stall, bytes.next()).await? {
        let bytes = bytes?;
        if bytes.len() as u64 > announced.saturating_sub(part.length) {
            return Err(FetchError::Restart(anyhow!(
                "the server sent more than the announced {announced} bytes"
            )));
        }
        part.file
            .write_all(&bytes)
            .map_err(|error| FetchError::Permanent(Error::new(error).context("writing to the cache")))?;
        part.length += bytes.len() as u64;
        on_progress(part.length);
        meter.add(bytes.len())?;
    }
    match part.length {
        length if length == announced => Ok(()),
        length => {
            Err(FetchError::Transient(anyhow!("the connection ended after {length} of {announced} bytes")))
        }
    }
}

/// Reads a small body, at most `most` bytes.
///
/// # Errors
/// On a connection error, and [`FetchError::Permanent`] if it is too long.
pub async fn collect(
    mut bytes: BoxStream<'static, Result<Bytes, FetchError>>,
    most: usize,
    policy: RetryPolicy,
) -> Result<Vec<u8>, FetchError> {
    let (mut all, mut meter) = (Vec::new(), RateMeter::new(policy));
    while let Some(bytes) = with_timeout(policy.stall, bytes.next()).await? {
        let bytes = bytes?;
        if bytes.len() > most - all.len() {
            return Err(FetchError::Permanent(anyhow!("the response is larger than {most} bytes")));
        }
        all.extend_from_slice(&bytes);
        meter.add(bytes.len())?;
    }
    Ok(all)
}

/// Waits for `what`, at most `stall`.
///
/// # Errors
/// [`FetchError::Transient`] on a timeout.
pub async fn with_timeout<T>(stall: Duration, what: impl Future<Output = T>) -> Result<T, FetchError> {
    let timed_out =
        || FetchError::Transient(anyhow!("the server sent nothing for {} s", stall.as_secs_f32()));
    timeout(stall, what).await.map_err(|_| timed_out())
}

/// The runtime of all connections. One thread is enough: it mostly waits.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).thread_name("fetch").enable_all().build();
    RUNTIME.get_or_init(start).as_ref().map_err(|error| anyhow!("cannot start the download thread: {error}"))
}
