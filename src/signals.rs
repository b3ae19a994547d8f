//! Signals: the first asks the run to save and end, the second ends it at once.

use std::thread;

use anyhow::{Context as _, Result};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level,
};

use crate::train::Stop;

/// Asks the run to stop on SIGINT, SIGTERM and SIGHUP, except those that are ignored, as SIGHUP is under `nohup`.
///
/// # Errors
/// When the system refuses to register the handlers.
pub fn listen() -> Result<Stop> {
    let stop = Stop::default();
    let heeded = clip_lab_cli::heeded(&[SIGINT, SIGTERM, SIGHUP]);
    let mut signals = Signals::new(heeded).context("listening to signals")?;
    let requests = stop.clone();
    thread::spawn(move || {
        for signal in signals.forever() {
            if !requests.begun() {
                clip_lab_cli::say!("stopped before training; downloaded files are kept");
                low_level::exit(128 + signal);
            }
            if requests.ask() > 0 {
                clip_lab_cli::say!("stopped at once; resume from the last checkpoint");
                // Without destructors: they would tear libtorch down under the thread that computes.
                low_level::exit(128 + signal);
            }
            clip_lab_cli::say!("stopping: saving a checkpoint first (again to stop at once)");
        }
    });
    Ok(stop)
}
