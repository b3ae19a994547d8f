//! CPU, memory and GPU memory use of this process.

use std::{
    fs,
    time::{Duration, Instant},
};

use clip_lab_torch_ext::{peak_memory, reset_peak_memory};
use tch::Device;

use clip_lab_input::cores;

use crate::environment::bytes;

/// Minimum time between two samples: CPU time is counted in hundredths of a second.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// The same for the first sample at the end of a short run.
const MIN_INTERVAL_AT_END: Duration = Duration::from_millis(50);
/// Linux clock ticks, on every architecture that libtorch supports.
const TICKS_PER_SECOND: f64 = 100.0;
const GIB: f64 = (1u64 << 30) as f64;

/// Samples the resource use of this process. CPU and memory are reported on Linux only.
pub struct SystemStats {
    last: (Instant, Option<f64>),
    sampled: bool,
}

impl Default for SystemStats {
    fn default() -> Self {
        Self { last: (Instant::now(), cpu_seconds()), sampled: false }
    }
}

impl SystemStats {
    /// The use since the last sample, or nothing if that was less than a second ago; takes about 50 microseconds. At the
    /// `end` of a run without samples a shorter time suffices.
    ///
    /// `system/cpu`: share of the time of all cores. `system/memory_gib`: resident memory. `system/gpu_memory_gib`: peak
    /// memory of tensors on the GPU.
    pub fn sample(&mut self, device: Device, end: bool) -> Vec<(String, f64)> {
        let elapsed = self.last.0.elapsed();
        if elapsed < if end && !self.sampled { MIN_INTERVAL_AT_END } else { MIN_INTERVAL } {
            return Vec::new();
        }
        self.sampled = true;
        let (now, before) = (cpu_seconds(), self.last.1);
        self.last = (Instant::now(), now);
        let share =
            now.zip(before).map(|(now, before)| (now - before) / elapsed.as_secs_f64() / cores() as f64);
        let gpu = device.is_cuda().then(|| peak_memory(device)).flatten().map(|bytes| bytes as f64 / GIB);
        if gpu.is_some() {
            reset_peak_memory(device);
        }
        let samples = [("cpu", share), ("memory_gib", memory_gib()), ("gpu_memory_gib", gpu)];
        samples.into_iter().filter_map(|(name, value)| Some((format!("system/{name}"), value?))).collect()
    }
}

/// CPU time of all threads so far; see proc(5).
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the program's name in parentheses, may contain spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

fn memory_gib() -> Option<f64> {
    ResidentMemory::now().map(|memory| memory.total() as f64 / GIB)
}

/// Resident memory of this process, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResidentMemory {
    /// Data: tensors, lists, buffers.
    pub data: u64,
    /// Pages of files that have been read: libraries, the program, embedded images.
    pub files: u64,
}

impl ResidentMemory {
    /// Measures it. None if the system does not report it.
    pub fn now() -> Option<Self> {
        let of = |key| bytes("/proc/self/status", key);
        Some(Self { data: of("RssAnon")?, files: of("RssFile")? + of("RssShmem")? })
    }

    /// All of it.
    pub fn total(self) -> u64 {
        self.data + self.files
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_is_measured() {
        let mut stats = SystemStats::default();
        assert!(stats.sample(Device::Cpu, false).is_empty(), "too early");
        let mut sum = 0u64;
        while stats.last.0.elapsed() < MIN_INTERVAL {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        let sampled = stats.sample(Device::Cpu, false);
        assert_eq!(
            sampled.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["system/cpu", "system/memory_gib"]
        );
        // One thread is busy; other threads of this process may be too, and other processes may slow it down.
        assert!(sampled[0].1 > 0.1 / cores() as f64 && sampled[0].1 < 1.1, "{sampled:?}");
        assert!(sampled[1].1 > 0.001 && sampled[1].1 < 1024.0, "{sampled:?}");
    }
}
