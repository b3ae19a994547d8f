//! Who follows a run while it trains, such as a terminal.

use std::{collections::BTreeMap, path::PathBuf};

use super::Ended;

/// Where a run is.
#[derive(Debug, Clone, Copy)]
pub struct StepStatus {
    /// Updates done.
    pub step: u64,
    /// Updates in all.
    pub total: u64,
    /// Epochs done.
    pub epoch: f64,
    /// The last loss.
    pub loss: f64,
    /// The last learning rate.
    pub lr: f64,
}

/// How a run ended and what came of it.
#[derive(Debug)]
pub struct Summary {
    /// How it ended.
    pub ended: Ended,
    /// The run's identity in the store.
    pub uid: String,
    /// The run's folder.
    pub dir: PathBuf,
    /// The store's file.
    pub store: PathBuf,
    /// Updates done.
    pub steps: u64,
    /// The latest value of every metric.
    pub metrics: BTreeMap<String, f64>,
    /// Pairs (or images) a second in training.
    pub pairs_per_s: f64,
}

/// Follows a run. Every method does nothing unless it is overridden.
pub trait Monitor {
    /// A message of one line.
    fn message(&mut self, _message: &str) {}
    /// A message that must be seen whatever form the progress takes.
    fn warn(&mut self, _message: &str) {}
    /// What is about to be trained, in lines.
    fn introduce(&mut self, _lines: &[String]) {}
    /// Training begins at `step`; rates count from here.
    fn begin(&mut self, _step: u64) {}
    /// An update on `items` pairs or images is done.
    fn step(&mut self, _status: StepStatus, _items: u64) {}
    /// `done` of `all` images went through the locked image tower.
    fn images(&mut self, _done: usize, _all: usize) {}
    /// The run has ended.
    fn end(&mut self, _summary: &Summary) {}
}

/// Prints nothing.
#[derive(Debug)]
pub struct Silent;

impl Monitor for Silent {}
