//! The connection to `clip-lab-core`.

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
use clip_lab_search_protocol::{Answer, Operation, Ready, Reply, Request};
use signal_hook::consts::SIGINT;

use crate::core::command;

/// A `clip-lab-core` child process that answers requests. Dropping this ends it.
pub struct Core {
    child: Child,
    /// `None` once it is closed.
    input: Option<ChildStdin>,
    replies: Receiver<Reply>,
    next_id: u64,
}

impl Core {
    /// Starts `clip-lab-core` with this program's arguments and waits until its index is up to date; it reports
    /// progress on standard error. `None` if it exits before, after printing the reason.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start() -> Result<Option<(Self, Ready)>> {
        // Ctrl-C also reaches the core, which saves its progress and exits; wait for that.
        for signal in clip_lab_cli::not_ignored(&[SIGINT]) {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))
                .context("listening to signals")?;
        }
        let mut command = command()?;
        command.args(std::env::args_os().skip(1)).arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting clip-lab-core")?;
        let input = child.stdin.take();
        let out = child.stdout.take().context("clip-lab-core has no output")?;
        let mut core = Self { child, input, replies: read_replies(out), next_id: 1 };
        match core.replies.recv() {
            Ok(Reply { answer: Answer::Ready(ready), .. }) => Ok(Some((core, ready))),
            Ok(reply) => bail!("clip-lab-core is of another version: it started with {reply:?}"),
            Err(_) => {
                core.child.wait()?;
                Ok(None)
            }
        }
    }

    /// Sends a request and returns the id of its reply.
    ///
    /// # Errors
    /// If the core has exited.
    pub fn send(&mut self, operation: Operation) -> Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        let line = serde_json::to_string(&Request { id, operation })? + "\n";
        let input = self.input.as_mut().context("clip-lab-core is closed")?;
        input.write_all(line.as_bytes()).and_then(|()| input.flush()).context("clip-lab-core has exited")?;
        Ok(id)
    }

    /// Sends all requests and returns the answers in the same order; a failed one is an error message.
    ///
    /// # Errors
    /// If the core has exited.
    pub fn call(&mut self, operations: Vec<Operation>) -> Result<Vec<Result<Answer, String>>> {
        let ids = operations.into_iter().map(|operation| self.send(operation)).collect::<Result<Vec<_>>>()?;
        let mut answers = HashMap::new();
        while answers.len() < ids.len() {
            let reply = self.replies.recv().context("clip-lab-core has exited")?;
            answers.insert(reply.id, reply.answer);
        }
        let answer = |id| match answers.remove(&id) {
            Some(Answer::Failed(why)) => Err(why),
            Some(answer) => Ok(answer),
            None => Err("no answer".to_owned()),
        };
        Ok(ids.into_iter().map(answer).collect())
    }

    /// The next reply, if there is one.
    ///
    /// # Errors
    /// If the core has exited.
    pub fn reply(&mut self) -> Result<Option<Reply>> {
        match self.replies.try_recv() {
            Ok(reply) => Ok(Some(reply)),
            Err(std::sync::mpsc::TryRecvError::Empty) => Ok(None),
            Err(std::sync::mpsc::TryRecvError::Disconnected) => bail!("clip-lab-core has exited"),
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // It exits at the end of its input.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn read_replies(out: ChildStdout) -> Receiver<Reply> {
    let (send, replies) = channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            // Another line is the output of a library.
            if let Ok(reply) = serde_json::from_str(&line)
                && send.send(reply).is_err()
            {
                return;
            }
        }
    });
    replies
}
