//! The device that a model computes on.

use anyhow::{Context as _, Result, bail};
use tch::Device;

/// The device that `[run].device` asks for.
///
/// # Errors
/// When it asks for a GPU that is not there.
pub fn device(wanted: &str) -> Result<Device> {
    if wanted == "cpu" {
        return Ok(Device::Cpu);
    }
    let opened = clip_lab_torch_ext::open_cuda();
    let devices = if opened.is_ok() { tch::Cuda::device_count() } else { 0 };
    let number = match wanted.strip_prefix("cuda:") {
        Some(number) => number.parse::<usize>().context("[run].device")?,
        None if wanted == "auto" && devices == 0 => return Ok(Device::Cpu),
        None => 0,
    };
    if number as i64 >= devices {
        let why = opened.err().unwrap_or_else(|| format!("{devices} found"));
        bail!("[run].device = \"{wanted}\": there is no such GPU ({why}); use \"auto\" or \"cpu\"");
    }
    Ok(Device::Cuda(number))
}
