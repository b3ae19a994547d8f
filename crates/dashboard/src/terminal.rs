//! Waiting for input of the terminal, which can go away at any time.

use std::time::Duration;

use anyhow::{Context, Result};
use ratatui::crossterm::event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Waits for input, at most for `timeout`; true if the terminal is gone. It can go away without a signal, and crossterm
/// would then read end-of-file forever, so call this before every read.
pub fn terminal_gone(timeout: Duration) -> bool {
    let stdin = std::io::stdin();
    let mut input = [PollFd::new(&stdin, PollFlags::IN)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: timeout.subsec_nanos().into() };
    // A signal, such as a resize, interrupts the wait: treat it as input.
    let _ = poll(&mut input, Some(&timeout));
    input[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}

/// Whether a key, mouse or resize event is waiting.
///
/// With a timeout of zero, crossterm's level-triggered source (`use-dev-tty`) does not check. Its other source reports
/// input once: a resize together with a key delays the key until the next one.
pub fn pending() -> Result<bool> {
    event::poll(Duration::from_millis(1)).context("cannot read the keyboard")
}
