//! What the figures were measured on.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::run::Failure;

/// A description of this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    /// Load average of the last minute at the start: other programs, if it is above 0.
    pub load: Option<f64>,
}

/// An error on a CPU without bf16 instructions, which takes minutes for a step; `precision` is `bf16` or another.
///
/// # Errors
/// As said: the measurement is skipped.
pub fn check_precision(precision: &str) -> Result<(), Failure> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if precision != "bf16" || computes_bf16(&info) {
        return Ok(());
    }
    Err(Failure::Skipped("this CPU has no bf16 instructions (avx512_bf16, amx_bf16 or bf16)".into()))
}

/// Whether the text of `/proc/cpuinfo` lists them.
fn computes_bf16(info: &str) -> bool {
    let features = info.lines().filter(|line| line.starts_with("flags") || line.starts_with("Features"));
    let mut names = features.flat_map(str::split_whitespace);
    names.any(|name| ["avx512_bf16", "amx_bf16", "bf16"].contains(&name))
}

impl Machine {
    pub fn this() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let load = fs::read_to_string("/proc/loadavg").ok();
        Self {
            cpu: model.map_or_else(|| "unknown CPU".to_owned(), |(_, name)| name.trim().to_owned()),
            cores: crate::lab::cores(),
            load: load.and_then(|text| text.split(' ').next()?.parse().ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_is_found_among_the_features_of_a_cpu() {
        assert!(computes_bf16("model name\t: x\nflags\t\t: fpu avx512_bf16 sse\n"));
        assert!(computes_bf16("Features\t: fp asimd bf16\n"));
        assert!(!computes_bf16("model name\t: bf16\nflags\t\t: fpu avx2 avx512f\n"));
        assert!(check_precision("fp32").is_ok());
    }
}
