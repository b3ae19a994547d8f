//! Starting the processes of one machine, as torchrun does.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{self, Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1},
    iterator::Signals,
};

use crate::{
    output::{Line, forward},
    parent::LAUNCHER,
};

/// Signals that are passed on to all processes.
pub const FORWARDED: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGUSR1];

const POLL: Duration = Duration::from_millis(20);

/// How to start the processes of one machine.
#[derive(Clone, Copy)]
pub struct Launch<'a> {
    /// The number of processes.
    pub count: usize,
    /// How long the others may take to end after one has failed, and after SIGTERM, before SIGKILL.
    pub grace: Duration,
    /// The signals to pass on: [`FORWARDED`], except those that are ignored, which must stay so.
    pub signals: &'a [i32],
    /// Gets the lines that ranks above 0 write to standard error; their standard output is dropped. Rank 0 has the
    /// terminal.
    pub line: Line<'a>,
}

/// A process, until it ends.
struct Running {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Launch<'_> {
    /// Starts `command` once for each rank, with the variables that [`World::from_environment`](crate::World) reads, and
    /// waits for all. Each is the leader of a process group, so that Ctrl-C reaches it once, from here. When one fails,
    /// the others get SIGTERM. Returns the exit code of the first that failed, 128 plus the signal's number if a signal
    /// ended it, or 0.
    ///
    /// # Errors
    /// If a process cannot be started; those already started are killed.
    pub fn run(&self, command: &dyn Fn() -> Command) -> io::Result<u8> {
        let mut signals = Signals::new(self.signals)?;
        let port = free_port()?;
        thread::scope(|scope| {
            let mut all = Vec::new();
            for rank in 0..self.count {
                match self.start(command(), rank, port) {
                    Ok(mut child) => {
                        forward(scope, rank, &mut child, self.line);
                        all.push(Running { child, ended: None });
                    }
                    Err(error) => {
                        all.iter().for_each(|running| running.signal(Signal::KILL));
                        all.iter_mut().try_for_each(|running| running.child.wait().map(drop))?;
                        return Err(error);
                    }
                }
            }
            self.supervise(&mut all, &mut signals)
        })
    }

    fn start(&self, mut command: Command, rank: usize, port: u16) -> io::Result<Child> {
        let (rank_text, count) = (rank.to_string(), self.count.to_string());
        command.env("RANK", &rank_text).env("LOCAL_RANK", &rank_text);
        command.env("WORLD_SIZE", &count).env("LOCAL_WORLD_SIZE", &count);
        command.env("MASTER_ADDR", Ipv4Addr::LOCALHOST.to_string()).env("MASTER_PORT", port.to_string());
        for other in ["TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT"] {
            command.env_remove(other);
        }
        command.env(LAUNCHER, process::id().to_string()).process_group(0);
        if rank > 0 {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        }
        command.spawn()
    }

    /// Waits until all have ended.
    fn supervise(&self, all: &mut [Running], signals: &mut Signals) -> io::Result<u8> {
        let (mut first, mut asked, mut kill_at) = (None, false, None);
        loop {
            for number in signals.pending() {
                // They end by themselves now; another SIGTERM could make them stop without saving.
                asked = true;
                Signal::from_named_raw(number).into_iter().for_each(|signal| signal_running(all, signal));
            }
            for running in all.iter_mut().filter(|running| running.ended.is_none()) {
                running.ended = running.child.try_wait()?;
                first = first.or(running.ended.map(code).filter(|code| *code != 0));
            }
            if all.iter().all(|running| running.ended.is_some()) {
                return Ok(first.unwrap_or(0));
            }
            match kill_at {
                None if first.is_some() => {
                    if !asked {
                        signal_running(all, Signal::TERM);
                    }
                    kill_at = Some(Instant::now() + self.grace);
                }
                Some(at) if Instant::now() >= at => signal_running(all, Signal::KILL),
                _ => {}
            }
            thread::sleep(POLL);
        }
    }
}

impl Running {
    fn signal(&self, signal: Signal) {
        // The process may just have ended.
        if let Some(leader) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(leader, signal);
        }
    }
}

fn signal_running(all: &[Running], signal: Signal) {
    all.iter().filter(|running| running.ended.is_none()).for_each(|running| running.signal(signal));
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// A port that is free now. Another program may take it before rank 0 does, which is then an error there.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
