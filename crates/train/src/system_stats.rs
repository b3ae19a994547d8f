//! How busy this process keeps the machine.

use std::{
    fs,
    time::{Duration, Instant},
};

use clip_lab_torch_ext::{peak_memory, reset_peak_memory};
use tch::Device;

use clip_lab_input::cores;

/// The least time between two looks: the system counts processor time in hundredths of a second.
const PAUSE: Duration = Duration::from_secs(1);
/// The same at the end of a run so short that nothing was seen yet.
const BRIEF: Duration = Duration::from_millis(50);
/// What Linux counts in, on every architecture that libtorch runs on.
const TICKS_PER_SECOND: f64 = 100.0;
const GIB: f64 = (1u64 << 30) as f64;

/// Looks at the process now and then. Elsewhere than on Linux it sees no processor and no memory.
pub struct SystemStats {
    last: (Instant, Option<f64>),
    seen: bool,
}

impl Default for SystemStats {
    fn default() -> Self {
        Self { last: (Instant::now(), processor_seconds()), seen: false }
    }
}

impl SystemStats {
    /// What was used since the last look, if that is a second ago or more; takes some 50 microseconds. At the `end` of a
    /// run that was never looked at, less will do.
    ///
    /// `system/cpu`: share of the time of all cores. `system/memory_gib`: memory held now. `system/gpu_memory_gib`: the
    /// most that tensors on the GPU held at a time.
    pub fn sample(&mut self, device: Device, end: bool) -> Vec<(String, f64)> {
        let passed = self.last.0.elapsed();
        if passed < if end && !self.seen { BRIEF } else { PAUSE } {
            return Vec::new();
        }
        self.seen = true;
        let (now, before) = (processor_seconds(), self.last.1);
        self.last = (Instant::now(), now);
        let share =
            now.zip(before).map(|(now, before)| (now - before) / passed.as_secs_f64() / cores() as f64);
        let gpu = device.is_cuda().then(|| peak_memory(device)).flatten().map(|bytes| bytes as f64 / GIB);
        if gpu.is_some() {
            reset_peak_memory(device);
        }
        let seen = [("cpu", share), ("memory_gib", memory_gib()), ("gpu_memory_gib", gpu)];
        seen.into_iter().filter_map(|(name, value)| Some((format!("system/{name}"), value?))).collect()
    }
}

/// Processor time of all threads so far; see proc(5).
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program comes second, in parentheses, and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

fn memory_gib() -> Option<f64> {
    resident_memory().map(|bytes| bytes as f64 / GIB)
}

/// Bytes of memory that this process holds now. None where the system does not tell.
pub fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_shows() {
        let mut load = SystemStats::default();
        assert!(load.sample(Device::Cpu, false).is_empty(), "too early");
        let mut sum = 0u64;
        while load.last.0.elapsed() < PAUSE {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        let seen = load.sample(Device::Cpu, false);
        assert_eq!(
            seen.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["system/cpu", "system/memory_gib"]
        );
        // One thread is busy; others of this process may be too, and others of the machine may be in its way.
        assert!(seen[0].1 > 0.1 / cores() as f64 && seen[0].1 < 1.1, "{seen:?}");
        assert!(seen[1].1 > 0.001 && seen[1].1 < 1024.0, "{seen:?}");
    }
}
