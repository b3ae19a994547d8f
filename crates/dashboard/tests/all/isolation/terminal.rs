//! A dashboard in its own process, on a pseudo-terminal.

use std::{
    io::{Read as _, Write},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::{CHILD, ROLE, STORE};

/// Timeout of every wait, generous for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The terminal and the dashboard on it.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    ends: Option<(Box<dyn MasterPty + Send>, Box<dyn Write + Send>)>,
    drawn: Arc<Mutex<Vec<u8>>>,
    closed: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// A dashboard of `store` at 120x40, started by the command `wrapper` if not empty.
    pub fn start(store: &Path, wrapper: &[&str]) -> Terminal {
        let pair = native_pty_system().openpty(size(120, 40)).unwrap();
        let exe = std::env::current_exe().unwrap();
        let head = wrapper.iter().map(|argument| argument.to_string()).chain([exe.display().to_string()]);
        let tail = [CHILD, "--exact", "--nocapture"].map(str::to_owned);
        let argv: Vec<_> = head.chain(tail).map(Into::into).collect();
        let mut command = CommandBuilder::from_argv(argv);
        command.env(ROLE, "dashboard");
        command.env(STORE, store);
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let (drawn, closed) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<AtomicBool>::default());
        let reader = std::thread::spawn({
            let (drawn, closed) = (drawn.clone(), closed.clone());
            move || {
                let mut part = [0; 4096];
                while !closed.load(Ordering::Relaxed)
                    && let Ok(n @ 1..) = output.read(&mut part)
                {
                    drawn.lock().unwrap().extend_from_slice(&part[..n]);
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Terminal { child, ends: Some((pair.master, writer)), drawn, closed, reader: Some(reader) }
    }

    /// The output so far.
    pub fn drawn(&self) -> String {
        String::from_utf8_lossy(&self.drawn.lock().unwrap()).into_owned()
    }

    /// Clears the output.
    pub fn forget(&self) {
        self.drawn.lock().unwrap().clear();
    }

    /// Waits until the output contains `text`.
    pub fn until(&mut self, text: &str) {
        let begin = Instant::now();
        while !self.drawn().contains(text) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < TIMEOUT, "{text:?}, {ended:?}: {}", self.drawn());
            sleep(Duration::from_millis(20));
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.ends.as_mut().unwrap().1.write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.ends.as_ref().unwrap().0.resize(size(columns, rows)).unwrap();
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        // Fails if the dashboard has exited already.
        let _ = kill_process(Pid::from_raw(self.pid()).unwrap(), signal);
    }

    /// Waits for its exit; true on success.
    pub fn wait(&mut self) -> bool {
        let begin = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if begin.elapsed() > TIMEOUT => {
                    self.signal(Signal::KILL);
                    panic!("still running: {}", self.drawn());
                }
                None => sleep(Duration::from_millis(20)),
            }
        };
        // Its last output may still be in the terminal.
        self.reader.take().map(JoinHandle::join);
        status.success()
    }

    /// Closes the terminal and waits for the exit of the dashboard.
    pub fn close(mut self) -> bool {
        // The dashboard redraws the clock every second, which wakes the reader thread.
        self.closed.store(true, Ordering::Relaxed);
        self.reader.take().map(JoinHandle::join);
        self.ends = None;
        self.wait()
    }

    /// CPU use over `time`, in % of one core.
    pub fn processor_use(&self, time: Duration) -> f64 {
        let (begin, before) = (Instant::now(), self.used());
        sleep(time);
        100.0 * (self.used() - before) / begin.elapsed().as_secs_f64()
    }

    /// CPU seconds so far.
    fn used(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        ticks as f64 / 100.0 // USER_HZ is 100 on Linux
    }

    fn pid(&self) -> i32 {
        self.child.process_id().unwrap().try_into().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal(Signal::KILL);
        }
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}
