//! Shards from elsewhere.

mod cache;
mod client;
mod part;

use std::{io::Write as _, thread, time::Duration};

use anyhow::{Error, Result, anyhow};
use futures_util::StreamExt as _;
use object_store::{Error as StoreError, GetOptions, GetRange, GetResult, ObjectMeta};
use tokio::time::timeout;
use url::Url;

pub use cache::Cache;
use client::{Remote, runtime};
use part::{Part, Whole};

/// How long to wait and how often to try again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Tries in a row that bring nothing before a shard is given up.
    pub tries: u32,
    /// Time without a byte after which a server is asked anew.
    pub stall: Duration,
    /// Pause before the second try; it doubles with every further one, up to half a minute.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 6, stall: Duration::from_secs(30), pause: Duration::from_millis(500) }
    }
}

/// Longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(30);

/// Why a try ended early.
enum Halt {
    /// No further try can help.
    Final(Error),
    /// Another may: from where this one got to.
    Again(Error),
    /// Another may, from the start: what is there is of another state, or the server sends no parts.
    Anew(Error),
}

/// Fetches what lies at `url` into `part`, going on from what is there. Tries that bring bytes count for nothing, so
/// that a long way over a bad line ends well.
fn fetch(url: &Url, part: &mut Part, patience: Patience) -> Result<()> {
    let remote = client::remote(url)?;
    let (mut failures, mut farthest) = (0, part.length);
    loop {
        let ended = runtime()?.block_on(attempt(&remote, part, patience.stall));
        // Where one try after the other starts anew, only what no try has reached before counts.
        failures = if part.length > farthest { 1 } else { failures + 1 };
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
        if failures >= patience.tries {
            return Err(error.context(format!("given up after {failures} tries that brought nothing")));
        }
        thread::sleep(patience.pause.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST));
    }
}

async fn attempt(remote: &Remote, part: &mut Part, stall: Duration) -> Result<(), Halt> {
    if part.is_whole() {
        return Ok(());
    }
    let range = (part.length > 0).then_some(GetRange::Offset(part.length));
    let options = GetOptions { range, ..GetOptions::default() };
    let request = remote.store.get_opts(&remote.path, options);
    let result = timeout(stall, request).await.map_err(|_| silent(stall))?.map_err(judged)?;
    let whole = whole(&result.meta);
    match &part.whole {
        Some(before) if part.length > 0 && *before != whole => {
            return Err(Halt::Anew(anyhow!("it changed while it was fetched")));
        }
        _ => part.expect(whole).map_err(Halt::Final)?,
    }
    pour(result, part, stall).await
}

/// Appends what comes, as it comes.
async fn pour(result: GetResult, part: &mut Part, stall: Duration) -> Result<(), Halt> {
    let mut stream = result.into_stream();
    while let Some(bytes) = timeout(stall, stream.next()).await.map_err(|_| silent(stall))? {
        let bytes = bytes.map_err(judged)?;
        part.file
            .write_all(&bytes)
            .map_err(|error| Halt::Final(Error::new(error).context("the cache's disk")))?;
        part.length += bytes.len() as u64;
    }
    match part.is_whole() {
        true => Ok(()),
        false => Err(Halt::Again(anyhow!("the server ended after {} bytes", part.length))),
    }
}

fn silent(stall: Duration) -> Halt {
    Halt::Again(anyhow!("the server sent nothing for {} s", stall.as_secs_f32()))
}

/// What another try can help against: everything but what the server refuses for good.
fn judged(error: StoreError) -> Halt {
    match error {
        StoreError::NotFound { .. } => Halt::Final(anyhow!("there is no such file (404)")),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            Halt::Final(anyhow!("the server wants other credentials (401 or 403)"))
        }
        StoreError::NotSupported { .. } => Halt::Anew(anyhow!("the server sends no parts of files")),
        error => Halt::Again(plain(error)),
    }
}

/// The error without addresses, which may hold a key.
fn plain(error: StoreError) -> Error {
    let mut source: &dyn std::error::Error = &error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    let text = source.to_string();
    anyhow!("{}", text.split("http").next().unwrap_or_default().trim_end_matches([' ', '(']).to_owned())
}

fn whole(meta: &ObjectMeta) -> Whole {
    let tag = meta.e_tag.clone().unwrap_or_else(|| meta.last_modified.to_rfc3339());
    Whole { length: meta.size, tag }
}
