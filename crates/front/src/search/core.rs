//! The child that has the tensors.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::{
        Arc,
        atomic::AtomicBool,
        mpsc::{Receiver, channel},
    },
    thread,
};

use anyhow::{Context as _, Result, bail};
use clip_lab_search::{Answer, Ask, Ready, Reply, Request};
use signal_hook::consts::SIGINT;

use crate::core::command;

/// A core that answers. It ends when this is dropped.
pub struct Core {
    child: Child,
    /// None once it was told to end.
    to: Option<ChildStdin>,
    replies: Receiver<Reply>,
    next: u64,
}

impl Core {
    /// Starts `clip-lab-core` with this program's arguments and waits until its index is up to date, of which it tells
    /// on standard error. None when it ended before, having said why.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> Result<Option<(Self, Ready)>> {
        // Ctrl-C reaches the core too, which keeps what is done and then ends; until then we wait for it.
        for signal in clip_lab_cli::heeded(&[SIGINT]) {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))
                .context("listening to signals")?;
        }
        let mut command = command()?;
        command.args(std::env::args_os().skip(1)).arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting clip-lab-core")?;
        let to = child.stdin.take();
        let out = child.stdout.take().context("the core has no output")?;
        let mut core = Self { child, to, replies: listen(out), next: 1 };
        match core.replies.recv() {
            Ok(Reply { answer: Answer::Ready(ready), .. }) => Ok(Some((core, ready))),
            Ok(reply) => bail!("the core is of another version: it began with {reply:?}"),
            Err(_) => {
                core.child.wait()?;
                Ok(None)
            }
        }
    }

    /// Asks without waiting; returns the number that the reply will have.
    ///
    /// # Errors
    /// When the core has ended.
    pub fn send(&mut self, ask: Ask) -> Result<u64> {
        let id = self.next;
        self.next += 1;
        let line = serde_json::to_string(&Request { id, ask })? + "\n";
        let to = self.to.as_mut().context("the core was told to end")?;
        to.write_all(line.as_bytes()).and_then(|()| to.flush()).context("the core has ended")?;
        Ok(id)
    }

    /// Asks all of them and waits for the answers, which come in the order of the questions. What failed is an error in
    /// its place.
    ///
    /// # Errors
    /// When the core has ended.
    pub fn ask(&mut self, asks: Vec<Ask>) -> Result<Vec<Result<Answer, String>>> {
        let ids = asks.into_iter().map(|ask| self.send(ask)).collect::<Result<Vec<_>>>()?;
        let mut answers = HashMap::new();
        while answers.len() < ids.len() {
            let reply = self.replies.recv().context("the core has ended")?;
            answers.insert(reply.id, reply.answer);
        }
        let answer = |id| match answers.remove(&id) {
            Some(Answer::Failed(why)) => Err(why),
            Some(answer) => Ok(answer),
            None => Err("not answered".to_owned()),
        };
        Ok(ids.into_iter().map(answer).collect())
    }

    /// A reply that has come, if one has; an error once the core has ended.
    ///
    /// # Errors
    /// When the core has ended.
    pub fn reply(&mut self) -> Result<Option<Reply>> {
        match self.replies.try_recv() {
            Ok(reply) => Ok(Some(reply)),
            Err(std::sync::mpsc::TryRecvError::Empty) => Ok(None),
            Err(std::sync::mpsc::TryRecvError::Disconnected) => bail!("the core has ended"),
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.to.take());
        let _ = self.child.wait();
    }
}

fn listen(out: ChildStdout) -> Receiver<Reply> {
    let (send, replies) = channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            // A line that is no reply is something that a library printed.
            if let Ok(reply) = serde_json::from_str(&line)
                && send.send(reply).is_err()
            {
                return;
            }
        }
    });
    replies
}
