//! Signals: the first stops the run after a checkpoint, the second at once.

use std::thread;

use anyhow::{Context as _, Result};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level,
};

use crate::train::Stop;

/// Stops the run on SIGINT, SIGTERM and SIGHUP, except those that are ignored, such as SIGHUP under `nohup`.
///
/// # Errors
/// If the handlers cannot be registered.
pub fn listen() -> Result<Stop> {
    let stop = Stop::default();
    let handled = clip_lab_cli::not_ignored(&[SIGINT, SIGTERM, SIGHUP]);
    let mut signals = Signals::new(handled).context("registering signal handlers")?;
    let requests = stop.clone();
    thread::spawn(move || {
        for signal in signals.forever() {
            if !requests.has_started() {
                clip_lab_cli::note!("stopped before training; downloaded files are kept");
                low_level::exit(128 + signal);
            }
            if requests.request() > 0 {
                clip_lab_cli::note!("stopped at once; resume from the last checkpoint");
                // Skips destructors: they would unload libtorch under the training thread.
                low_level::exit(128 + signal);
            }
            clip_lab_cli::note!("stopping: saving a checkpoint first (again to stop at once)");
        }
    });
    Ok(stop)
}
