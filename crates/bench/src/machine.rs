//! What the figures were measured on.

use std::fs;

use serde::{Deserialize, Serialize};

/// A description of this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    /// Load average of the last minute at the start: other programs, if it is above 0.
    pub load: Option<f64>,
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
