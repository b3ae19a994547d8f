//! Observers of a run in progress, such as the console.

use std::{collections::BTreeMap, path::PathBuf};

use super::run_end::RunEnd;

/// Progress of a run.
#[derive(Debug, Clone, Copy)]
pub struct StepStatus {
    /// Updates done.
    pub step: u64,
    /// Total number of updates.
    pub total: u64,
    /// Epochs done, fractional.
    pub epoch: f64,
    /// The last loss.
    pub loss: f64,
    /// The last learning rate.
    pub lr: f64,
}

/// The end of a run and its results.
#[derive(Debug)]
pub struct Summary {
    /// How it ended.
    pub ended: RunEnd,
    /// The run's uid.
    pub uid: String,
    /// The run's folder.
    pub dir: PathBuf,
    /// The store's file.
    pub store: PathBuf,
    /// Updates done.
    pub steps: u64,
    /// The latest value of every metric.
    pub metrics: BTreeMap<String, f64>,
    /// Training throughput in pairs (or images) per second.
    pub pairs_per_s: f64,
}

/// Observes a run. The default methods do nothing.
pub trait Monitor {
    /// A message of one line.
    fn message(&mut self, _message: &str) {}
    /// A warning, shown in every output format.
    fn warn(&mut self, _message: &str) {}
    /// The header of a run: model, data and device.
    fn header(&mut self, _lines: &[String]) {}
    /// Training starts at `step`; rates are measured from here.
    fn begin(&mut self, _step: u64) {}
    /// An update on `items` pairs or images is done.
    fn step(&mut self, _status: StepStatus, _items: u64) {}
    /// `done` of `all` images have been encoded by the locked image tower.
    fn images(&mut self, _done: usize, _all: usize) {}
    /// The run has ended.
    fn end(&mut self, _summary: &Summary) {}
}

/// Prints nothing.
#[derive(Debug)]
pub struct Silent;

impl Monitor for Silent {}
