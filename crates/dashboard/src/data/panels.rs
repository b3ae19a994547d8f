//! The data of the panels. The feed reads it while a panel of that kind is on the screen.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use clip_lab_store::{Bucket, Probe, RunId};

/// The system metrics that are read and shown: name, label, and whether it is a share.
pub const SYSTEM_METRICS: [(&str, &str, bool); 4] = [
    ("system/cpu", "CPU", true),
    ("system/memory_gib", "memory", false),
    ("system/gpu_utilization", "GPU", true),
    ("system/gpu_memory_gib", "GPU memory", false),
];

/// Encoded thumbnails, by the digest of their image.
pub type Thumbnails = Arc<HashMap<String, Arc<[u8]>>>;

/// The data of the panels beyond the runs and their metrics.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    /// The probes of the selected and the pinned run on the fixed pairs.
    pub probes: Vec<RunProbes>,
    /// Encoded thumbnails, by digest.
    pub thumbnails: Thumbnails,
    /// The logit scales of the runs on the charts.
    pub scales: Vec<Scale>,
    /// The per-layer learning rates of the runs that record them.
    pub layers: Vec<Layers>,
    /// The step times of the runs on the charts.
    pub phases: Vec<Phases>,
    /// The system statistics of the runs on the charts.
    pub system: Vec<SystemStats>,
    /// The console log of the selected run.
    pub log: Option<Log>,
}

/// The probes of one run, one per evaluation.
#[derive(Debug, Clone)]
pub struct RunProbes {
    /// Which run.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// The probes, by step.
    pub probes: Arc<Vec<Probe>>,
}

/// The logit scale of one run.
#[derive(Debug, Clone, Default)]
pub struct Scale {
    /// The run's name.
    pub name: String,
    /// Its colour.
    pub colour: Option<usize>,
    /// The upper bound set by the loss; `None` if the settings have none.
    pub clamp: Option<f64>,
    /// Whether it is learned; otherwise it is fixed.
    pub learned: bool,
    /// The scale over the steps.
    pub buckets: Vec<Bucket>,
}

/// The learning rates of one run.
#[derive(Debug, Clone)]
pub struct Layers {
    /// Which run.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Option<usize>,
    /// The step of the rates.
    pub step: u64,
    /// Layers from input to output with their rates.
    pub rates: Vec<(String, f64)>,
}

/// The mean step time of one run, in seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phases {
    /// The run's name.
    pub name: String,
    /// Its colour.
    pub colour: Option<usize>,
    /// Data wait.
    pub wait: Option<f64>,
    /// The whole update.
    pub update: Option<f64>,
    /// Its forward pass: the towers and the loss.
    pub forward: Option<f64>,
    /// Its backward pass.
    pub backward: Option<f64>,
    /// Its optimizer step.
    pub optimizer: Option<f64>,
    /// Image-text pairs per second.
    pub pairs: Option<f64>,
    /// Model FLOPs utilization: the share of the device's peak that the model reaches.
    pub mfu: Option<f64>,
}

/// The system statistics of one run.
#[derive(Debug, Clone, Default)]
pub struct SystemStats {
    /// The run's name.
    pub name: String,
    /// Its colour.
    pub colour: Option<usize>,
    /// The metrics.
    pub metrics: Vec<SystemMetric>,
}

/// One system metric over time.
#[derive(Debug, Clone, Default)]
pub struct SystemMetric {
    /// Its name, such as `system/cpu`.
    pub name: String,
    /// Means of equal intervals, oldest first.
    pub values: Vec<f64>,
    /// The latest value.
    pub last: f64,
    /// The largest value.
    pub max: f64,
}

/// The end of the console log of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// The run's name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Its last lines, oldest first, escaped.
    pub lines: Arc<Vec<String>>,
    /// Whether earlier lines are cut off.
    pub cut: bool,
    /// Why there are no lines.
    pub error: Option<String>,
}
