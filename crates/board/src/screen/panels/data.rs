//! What the panels show, as plain data. The feed reads it from the store while a panel of the kind is on the screen.

use std::{collections::HashMap, sync::Arc};

use clip_lab_store::{Bucket, Probe, RunId};

use super::log::Log;

/// Thumbnails, encoded, by the digest of their picture.
pub type Pictures = Arc<HashMap<String, Arc<[u8]>>>;

/// Everything that the panels need beyond the runs and their metrics.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    /// What models saw in the fixed pairs, of the selected and the pinned run.
    pub seen: Vec<Seen>,
    /// Thumbnails by digest, as they are in files.
    pub pictures: Pictures,
    /// The logit scales of the runs on the charts.
    pub scales: Vec<Scale>,
    /// The learning rates by layer of the runs that have them.
    pub layers: Vec<Layers>,
    /// Where the time of a step goes, for the runs on the charts.
    pub phases: Vec<Phases>,
    /// How busy the machines were.
    pub loads: Vec<Load>,
    /// The console log of the selected run.
    pub log: Option<Log>,
}

/// What the model of one run saw at each of its evaluations.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Which run.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// By step.
    pub probes: Arc<Vec<Probe>>,
}

/// How sharply one run weighs its similarities.
#[derive(Debug, Clone, Default)]
pub struct Scale {
    /// The run's name.
    pub name: String,
    /// Its colour.
    pub colour: Option<usize>,
    /// The bound that the loss holds it under; none where the settings do not say.
    pub clamp: Option<f64>,
    /// Whether it is learned; a fixed one may well stand still.
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
    /// At which step.
    pub step: u64,
    /// Layers from input to output with their rates.
    pub rates: Vec<(String, f64)>,
}

/// Seconds of an average step of one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phases {
    /// The run's name.
    pub name: String,
    /// Its colour.
    pub colour: Option<usize>,
    /// Waiting for data.
    pub wait: Option<f64>,
    /// All of the update.
    pub update: Option<f64>,
    /// Of it, the towers and the loss.
    pub forward: Option<f64>,
    /// Of it, the gradients.
    pub backward: Option<f64>,
    /// Of it, the optimizer.
    pub optimizer: Option<f64>,
    /// Image-text pairs a second.
    pub pairs: Option<f64>,
    /// Share of the peak of the device that the model's arithmetic reached.
    pub mfu: Option<f64>,
}

/// How busy the machine of one run was.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// The run's name.
    pub name: String,
    /// Its colour.
    pub colour: Option<usize>,
    /// What was measured.
    pub meters: Vec<Meter>,
}

/// One measure over time.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    /// Its metric, such as `system/cpu`.
    pub metric: String,
    /// Means of equal stretches, oldest first.
    pub values: Vec<f64>,
    /// The latest value.
    pub last: f64,
    /// The largest value.
    pub max: f64,
}
