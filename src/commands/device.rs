//! The compute device of a command.

use anyhow::Result;
use clip_lab_cli::note;
use tch::Device;

use crate::model;

/// The device of `[run].device`; warns if `auto` is the CPU on a machine with an NVIDIA driver.
///
/// # Errors
/// If the GPU does not exist.
pub fn device(name: &str) -> Result<Device> {
    let chosen = model::device(name)?;
    if let Some(fault) = chosen.fault {
        note!("{fault}");
    }
    Ok(chosen.device)
}
