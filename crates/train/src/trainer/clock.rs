//! Where the time goes.

use crate::phases::Phases;

/// Seconds spent since the last record.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Floating-point operations of one item, forward and backward: known from the first update on.
    pub(super) flops: Option<f64>,
    /// The most of them that the device does in a second.
    pub(super) peak: f64,
    pub(super) waited: f64,
    /// Where the time of an update goes.
    pub(super) phases: Phases,
    worked: f64,
    steps: u64,
    pairs: u64,
    pub(super) all_pairs: u64,
    pub(super) all_seconds: f64,
}

impl Clock {
    pub(super) fn step(&mut self, seconds: f64, pairs: u64) {
        self.worked += seconds;
        self.steps += 1;
        self.pairs += pairs;
        self.all_pairs += pairs;
        self.all_seconds += seconds;
    }

    pub(super) fn pairs_of_step(&self) -> u64 {
        self.pairs / self.steps.max(1)
    }

    /// Rates since the last record.
    pub(super) fn take(&mut self) -> Vec<(String, f64)> {
        let steps = self.steps.max(1) as f64;
        let rate = self.pairs as f64 / (self.worked + self.waited).max(1e-9);
        let mut points = vec![
            ("speed/pairs_per_s".to_owned(), rate),
            ("time/data_wait_s".to_owned(), self.waited / steps),
            ("time/update_s".to_owned(), self.worked / steps),
        ];
        let phases = ["forward", "backward", "optimizer"].into_iter().zip(self.phases.take());
        points.extend(phases.map(|(phase, seconds)| (format!("time/{phase}_s"), seconds / steps)));
        if let Some(flops) = self.flops {
            points.push(("speed/flops_per_s".to_owned(), rate * flops));
            points.push(("speed/mfu".to_owned(), rate * flops / self.peak));
        }
        self.all_seconds += self.waited;
        (self.waited, self.worked, self.steps, self.pairs) = (0.0, 0.0, 0, 0);
        points
    }
}
