//! A store at the other end of a pipe.

use std::{
    io::{BufReader, BufWriter, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Error, Result, bail};
use clip_lab_store::{Begun, Chunk, ProbeKey, ProbeRecord, RankKey, RankSet, RunHead, Thumbnail};

use crate::{
    FileEntry, Listed, Opened, Source, Target, frame,
    message::{Hello, Reply, Request},
    serve::read_hello,
};

/// The connection was lost: no further request can succeed.
#[derive(Debug)]
pub struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was lost")
    }
}

impl std::error::Error for Lost {}

/// A store that another process serves.
pub struct Remote {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
}

impl Remote {
    /// Starts the process, such as the ssh client, and greets the other side. Its messages go to standard error.
    ///
    /// # Errors
    /// If it cannot be started, or the other side has another version.
    pub fn start(command: &mut Command) -> Result<Remote> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("starting {program}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{program} has no pipes");
        };
        let input = Some(BufWriter::new(input));
        let mut remote = Remote { child, input, output: BufReader::new(output) };
        let greeted = remote.greet();
        greeted.with_context(|| {
            format!("{program} did not reach `clip-lab runs serve-store`; is clip-lab installed there (--remote-program)?")
        })?;
        Ok(remote)
    }

    fn greet(&mut self) -> Result<()> {
        let input = self.input.as_mut().context(Lost)?;
        // If the other side ended, reading says why.
        let _ = input.write_all(frame::MAGIC).and_then(|()| frame::write(input, &Hello::here(), &[]));
        read_hello(&mut self.output)
    }

    fn call(&mut self, request: &Request, body: &[u8]) -> Result<(Reply, Vec<u8>)> {
        let input = self.input.as_mut().context(Lost)?;
        frame::write(input, request, body).map_err(|error| Error::from(error).context(Lost))?;
        match frame::read(&mut self.output).map_err(|error| Error::from(error).context(Lost))? {
            Some((Reply::Error(why), _)) => bail!("{why}"),
            Some(reply) => Ok(reply),
            None => Err(Error::from(Lost)),
        }
    }

    fn done(&mut self, request: &Request, body: &[u8]) -> Result<()> {
        match self.call(request, body)?.0 {
            Reply::Done => Ok(()),
            _ => unexpected(),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // The other side ends with its input.
        self.input = None;
        let _ = self.child.wait();
    }
}

fn unexpected<T>() -> Result<T> {
    Err(Error::msg("the other side sent an unexpected reply").context(Lost))
}

/// Sends a request and takes the value out of its reply.
macro_rules! ask {
    ($remote:expr, $request:expr, $reply:pat => $value:expr) => {
        match $remote.call(&$request, &[])?.0 {
            $reply => Ok($value),
            _ => unexpected(),
        }
    };
}

impl Source for Remote {
    fn list(&mut self, filter: &str) -> Result<Vec<Listed>> {
        ask!(self, Request::List(filter.into()), Reply::Listed(runs) => runs)
    }

    fn files(&mut self, uid: &str) -> Result<Vec<FileEntry>> {
        ask!(self, Request::Files(uid.into()), Reply::Files(files) => files)
    }

    fn head(&mut self, uid: &str, logged: i64) -> Result<Option<RunHead>> {
        ask!(self, Request::Head(uid.into(), logged), Reply::Head(head) => head.map(|head| *head))
    }

    fn log_calls(&mut self, uid: &str, from: i64, to: i64) -> Result<Chunk> {
        ask!(self, Request::LogCalls(uid.into(), from, to), Reply::LogCalls(chunk) => chunk)
    }

    fn ranks(&mut self, uid: &str, keys: &[RankKey]) -> Result<Vec<RankSet>> {
        ask!(self, Request::Ranks(uid.into(), keys.to_vec()), Reply::Ranks(sets) => sets)
    }

    fn probes(&mut self, uid: &str, keys: &[ProbeKey]) -> Result<Vec<ProbeRecord>> {
        ask!(self, Request::Probes(uid.into(), keys.to_vec()), Reply::Probes(probes) => probes)
    }

    fn thumbnails(&mut self, digests: &[String]) -> Result<Vec<Thumbnail>> {
        ask!(self, Request::Thumbnails(digests.to_vec()), Reply::Thumbnails(all) => all)
    }

    fn digest(&mut self, uid: &str, name: &str) -> Result<(String, u64)> {
        ask!(self, Request::Digest(uid.into(), name.into()), Reply::Digest(digest, bytes) => (digest, bytes))
    }

    fn read(&mut self, uid: &str, name: &str, from: u64) -> Result<Vec<u8>> {
        match self.call(&Request::Read(uid.into(), name.into(), from), &[])? {
            (Reply::Bytes, bytes) => Ok(bytes),
            _ => unexpected(),
        }
    }
}

impl Target for Remote {
    fn states(&mut self, uids: &[String]) -> Result<Vec<Listed>> {
        ask!(self, Request::States(uids.to_vec()), Reply::Listed(runs) => runs)
    }

    fn open(&mut self, head: &RunHead) -> Result<Opened> {
        ask!(self, Request::Open(Box::new(head.clone())), Reply::Opened(opened) => opened)
    }

    fn begin(&mut self, head: &RunHead) -> Result<Begun> {
        ask!(self, Request::Begin(Box::new(head.clone())), Reply::Begun(begun) => begun)
    }

    fn append(&mut self, chunk: &Chunk) -> Result<()> {
        self.done(&Request::Append(chunk.clone()), &[])
    }

    fn add_ranks(&mut self, sets: &[RankSet]) -> Result<()> {
        self.done(&Request::AddRanks(sets.to_vec()), &[])
    }

    fn add_probes(&mut self, probes: &[ProbeRecord]) -> Result<()> {
        self.done(&Request::AddProbes(probes.to_vec()), &[])
    }

    fn missing_thumbnails(&mut self, digests: &[String]) -> Result<Vec<String>> {
        ask!(self, Request::MissingThumbnails(digests.to_vec()), Reply::Names(names) => names)
    }

    fn add_thumbnails(&mut self, thumbnails: &[Thumbnail]) -> Result<()> {
        self.done(&Request::AddThumbnails(thumbnails.to_vec()), &[])
    }

    fn start_file(&mut self, file: &FileEntry, digest: &str) -> Result<Option<u64>> {
        ask!(self, Request::StartFile(file.clone(), digest.into()), Reply::Started(size) => size)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.done(&Request::Write, bytes)
    }

    fn end_file(&mut self) -> Result<bool> {
        ask!(self, Request::EndFile, Reply::Is(sound) => sound)
    }

    fn publish(&mut self) -> Result<()> {
        self.done(&Request::Publish, &[])
    }

    fn finish(&mut self, head: &RunHead) -> Result<bool> {
        ask!(self, Request::Finish(Box::new(head.clone())), Reply::Is(changed) => changed)
    }

    fn close(&mut self) -> Result<()> {
        self.done(&Request::Close, &[])
    }
}
