//! Signals: the first stops the run after a checkpoint, the second at once; SIGUSR1 always saves first.

use std::thread;

use anyhow::{Context as _, Result};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1},
    iterator::Signals,
    low_level,
};

use crate::train::Stop;

/// Stops the run on SIGINT, SIGTERM, SIGHUP and SIGUSR1, except those that are ignored, such as SIGHUP under `nohup`.
///
/// SIGUSR1 never counts as a second request: a scheduler sends it before the time limit, and the parent of a run passes a
/// signal on that the run may have received itself.
///
/// # Errors
/// If the handlers cannot be registered.
pub fn listen() -> Result<Stop> {
    let stop = Stop::default();
    let handled = clip_lab_cli::not_ignored(&[SIGINT, SIGTERM, SIGHUP, SIGUSR1]);
    let mut signals = Signals::new(handled).context("registering signal handlers")?;
    let requests = stop.clone();
    thread::spawn(move || {
        let mut gentle = 0;
        for signal in signals.forever() {
            if !requests.has_started() {
                clip_lab_cli::note!("stopped before training; downloaded files are kept");
                low_level::exit(128 + signal);
            }
            let earlier = requests.request();
            if signal == SIGUSR1 {
                gentle += 1;
            } else if earlier > gentle {
                clip_lab_cli::note!("stopped at once; resume from the last checkpoint");
                // Skips destructors: they would unload libtorch under the training thread.
                low_level::exit(128 + signal);
            }
            clip_lab_cli::note!("stopping: saving a checkpoint first (again to stop at once)");
        }
    });
    Ok(stop)
}
