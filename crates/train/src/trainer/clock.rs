//! Timing and throughput of a run.

use crate::phases::Phases;

/// Time and items since the last log entry, and totals.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Floating-point operations per item, forward and backward; known after the first update.
    pub(super) flops_per_item: Option<f64>,
    /// Peak floating-point operations per second of the device.
    pub(super) peak_flops: f64,
    pub(super) wait_seconds: f64,
    /// The timer of the phases of an update.
    pub(super) phases: Phases,
    update_seconds: f64,
    steps: u64,
    pairs: u64,
    pub(super) all_pairs: u64,
    pub(super) all_seconds: f64,
}

impl Clock {
    pub(super) fn step(&mut self, seconds: f64, pairs: u64) {
        self.update_seconds += seconds;
        self.steps += 1;
        self.pairs += pairs;
        self.all_pairs += pairs;
        self.all_seconds += seconds;
    }

    pub(super) fn pairs_of_step(&self) -> u64 {
        self.pairs / self.steps.max(1)
    }

    /// Rates since the last call; resets the counters.
    pub(super) fn take_rates(&mut self) -> Vec<(String, f64)> {
        let steps = self.steps.max(1) as f64;
        let rate = self.pairs as f64 / (self.update_seconds + self.wait_seconds).max(1e-9);
        let mut points = vec![
            ("speed/pairs_per_s".to_owned(), rate),
            ("time/data_wait_s".to_owned(), self.wait_seconds / steps),
            ("time/update_s".to_owned(), self.update_seconds / steps),
        ];
        let phases = ["forward", "backward", "optimizer"].into_iter().zip(self.phases.take());
        points.extend(phases.map(|(phase, seconds)| (format!("time/{phase}_s"), seconds / steps)));
        if let Some(flops) = self.flops_per_item {
            points.push(("speed/flops_per_s".to_owned(), rate * flops));
            points.push(("speed/mfu".to_owned(), rate * flops / self.peak_flops));
        }
        self.all_seconds += self.wait_seconds;
        (self.wait_seconds, self.update_seconds, self.steps, self.pairs) = (0.0, 0.0, 0, 0);
        points
    }
}
