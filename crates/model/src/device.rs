//! The compute device.

use anyhow::{Context as _, Result, bail};
use tch::Device;

/// The device of `[run].device`.
///
/// # Errors
/// When the GPU does not exist.
pub fn device(name: &str) -> Result<Device> {
    if name == "cpu" {
        return Ok(Device::Cpu);
    }
    let opened = clip_lab_torch_ext::open_cuda();
    let devices = if opened.is_ok() { tch::Cuda::device_count() } else { 0 };
    let number = match name.strip_prefix("cuda:") {
        Some(number) => number.parse::<usize>().context("[run].device")?,
        None if name == "auto" && devices == 0 => return Ok(Device::Cpu),
        None => 0,
    };
    if number as i64 >= devices {
        let why = opened.err().unwrap_or_else(|| format!("{devices} found"));
        bail!("[run].device = \"{name}\": there is no such GPU ({why}); use \"auto\" or \"cpu\"");
    }
    Ok(Device::Cuda(number))
}
