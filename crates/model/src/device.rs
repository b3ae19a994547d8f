//! The compute device.

use std::fs;

use anyhow::{Context as _, Result, bail};
use clip_lab_torch_ext::{oldest_driver, open_cuda};
use tch::{Cuda, Device};

/// The device that computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenDevice {
    /// The device.
    pub device: Device,
    /// Why `auto` is the CPU on a machine with an NVIDIA driver, as a warning; none otherwise.
    pub fault: Option<String>,
}

/// The device of `[run].device`. Call it before any other operation of libtorch, see [`open_cuda`].
///
/// # Errors
/// If the GPU does not exist.
pub fn device(name: &str) -> Result<ChosenDevice> {
    if name == "cpu" {
        return Ok(ChosenDevice { device: Device::Cpu, fault: None });
    }
    let fault = open_cuda().err();
    let devices = if fault.is_none() { Cuda::device_count() } else { 0 };
    Gpus { devices, fault, driver: nvidia_driver(), oldest_driver: oldest_driver() }.choose(name)
}

/// Version of the NVIDIA driver, such as `580.65.06`; none without one.
pub fn nvidia_driver() -> Option<String> {
    driver_version(&fs::read_to_string("/proc/driver/nvidia/version").ok()?)
}

/// The version in the driver's description: the first word of its first line that is a dotted number.
fn driver_version(text: &str) -> Option<String> {
    let dotted = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.');
    text.lines().next()?.split_whitespace().find(dotted).map(str::to_owned)
}

/// What libtorch finds on this machine.
struct Gpus {
    devices: i64,
    /// Why libtorch has no CUDA.
    fault: Option<String>,
    driver: Option<String>,
    /// The oldest series of the driver that runs libtorch's CUDA.
    oldest_driver: u32,
}

impl Gpus {
    fn choose(self, name: &str) -> Result<ChosenDevice> {
        let number = match name.strip_prefix("cuda:") {
            Some(number) => number.parse::<usize>().context("[run].device")?,
            None if name == "auto" && self.devices == 0 => {
                return Ok(ChosenDevice { device: Device::Cpu, fault: self.why_cpu() });
            }
            None => 0,
        };
        if number as i64 >= self.devices {
            let why = self.why(&format!("{} found", self.devices));
            bail!("[run].device = \"{name}\": there is no such GPU ({why}); use \"auto\" or \"cpu\"");
        }
        Ok(ChosenDevice { device: Device::Cuda(number), fault: None })
    }

    /// Why a machine with a driver computes on its CPU.
    fn why_cpu(&self) -> Option<String> {
        let driver = self.driver.as_ref()?;
        let hidden = "libtorch finds no device; `nvidia-smi` lists those of the driver, CUDA_VISIBLE_DEVICES may hide some";
        let why = self.why(hidden);
        Some(format!("computing on the CPU, although there is an NVIDIA driver ({driver}): {why}"))
    }

    /// Why a device is missing: a known cause, else `otherwise`.
    fn why(&self, otherwise: &str) -> String {
        let series = self.driver.as_ref().and_then(|driver| driver.split('.').next()?.parse::<u32>().ok());
        let is_outdated = self.devices == 0 && series.is_some_and(|series| series < self.oldest_driver);
        match &self.fault {
            Some(fault) => fault.clone(),
            None if is_outdated => {
                format!("libtorch's CUDA needs NVIDIA driver {} or newer", self.oldest_driver)
            }
            None => otherwise.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpus(devices: i64, fault: Option<&str>, driver: Option<&str>) -> Gpus {
        let [fault, driver] = [fault, driver].map(|text| text.map(str::to_owned));
        Gpus { devices, fault, driver, oldest_driver: 580 }
    }

    #[test]
    fn auto_is_the_first_gpu_else_the_cpu_and_says_why_if_there_is_a_driver() {
        let auto = |gpus: Gpus| gpus.choose("auto").unwrap();
        let chosen = |device, fault: Option<&str>| ChosenDevice { device, fault: fault.map(str::to_owned) };
        assert_eq!(auto(gpus(2, None, Some("580.65.06"))), chosen(Device::Cuda(0), None));
        assert_eq!(auto(gpus(0, Some("no libtorch_cuda.so"), None)), chosen(Device::Cpu, None));
        let fault =
            "computing on the CPU, although there is an NVIDIA driver (580.65.06): no libtorch_cuda.so";
        let blocked = gpus(0, Some("no libtorch_cuda.so"), Some("580.65.06"));
        assert_eq!(auto(blocked), chosen(Device::Cpu, Some(fault)));
        let hidden = auto(gpus(0, None, Some("580.65.06"))).fault.unwrap();
        assert!(hidden.contains("CUDA_VISIBLE_DEVICES"), "{hidden}");
        let old = auto(gpus(0, None, Some("535.104.05"))).fault.unwrap();
        assert!(old.ends_with("(535.104.05): libtorch's CUDA needs NVIDIA driver 580 or newer"), "{old}");
    }

    #[test]
    fn a_named_gpu_must_exist() {
        let named = |name: &str| gpus(2, None, None).choose(name).map(|chosen| chosen.device);
        assert_eq!(named("cuda").unwrap(), Device::Cuda(0));
        assert_eq!(named("cuda:1").unwrap(), Device::Cuda(1));
        assert!(named("cuda:2").unwrap_err().to_string().contains("no such GPU (2 found)"));
        let error = gpus(0, Some("no library"), None).choose("cuda").unwrap_err().to_string();
        assert!(error.contains("no such GPU (no library)"), "{error}");
        assert_eq!(device("cpu").unwrap().device, Device::Cpu);
    }

    #[test]
    fn the_driver_states_its_version() {
        let closed = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version: 12.2.0\n";
        let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n";
        assert_eq!(driver_version(closed).as_deref(), Some("535.104.05"));
        assert_eq!(driver_version(open).as_deref(), Some("580.65.06"));
        assert_eq!(driver_version(""), None);
    }
}
