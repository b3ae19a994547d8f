//! The points of a run, and the rows they form.

mod rows;

use std::collections::HashMap;

use crate::LeftOut;

pub use rows::Row;

/// The largest number of points of a run: 2 GB of memory.
const MOST: usize = 50_000_000;
/// The largest number of metrics of a run.
const MOST_METRICS: usize = 10_000;
/// The largest step that a double represents exactly.
const LAST_STEP: i64 = 1 << 53;
/// A metric of this name is the epoch of its rows.
const EPOCH: &str = "epoch";

/// The points of a run, in the order in which they were read.
#[derive(Debug, Default)]
pub struct Points {
    names: Vec<String>,
    index: HashMap<String, u32>,
    points: Vec<Point>,
    refused: u64,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    step: u64,
    ms: i64,
    value: f64,
    metric: u32,
    /// NaN if unknown.
    epoch: f32,
}

impl Points {
    /// Adds a point. One with a step that is not plausible, or too many, is only counted.
    pub(crate) fn add(&mut self, metric: &str, step: i64, ms: i64, value: f64) {
        self.add_at_epoch(metric, step, ms, value, f32::NAN);
    }

    /// Adds a point whose epoch is known.
    pub(crate) fn add_at_epoch(&mut self, metric: &str, step: i64, ms: i64, value: f64, epoch: f32) {
        let is_full = self.points.len() >= MOST || (self.names.len() >= MOST_METRICS && !self.has(metric));
        if is_full || !(0..=LAST_STEP).contains(&step) {
            self.refused += 1;
            return;
        }
        let epoch = if metric == EPOCH { value as f32 } else { epoch };
        let metric = self.metric(metric);
        self.points.push(Point { step: step as u64, ms, value, metric, epoch });
    }

    fn metric(&mut self, name: &str) -> u32 {
        if let Some(at) = self.index.get(name) {
            return *at;
        }
        let at = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), at);
        at
    }

    /// Drops the points from a step on: the tool restarted there. Returns their number.
    pub(crate) fn drop_from(&mut self, step: i64) -> u64 {
        let (before, from) = (self.points.len(), u64::try_from(step).unwrap_or(0));
        self.points.retain(|point| point.step < from);
        (before - self.points.len()) as u64
    }

    /// Replaces the step of each point of the metrics that `applies` to by the last step of another metric recorded until
    /// then; the step becomes the epoch. Without another metric the step stays.
    pub(crate) fn epochs_to_steps(&mut self, applies: impl Fn(&str) -> bool) {
        let applies: Vec<bool> = self.names.iter().map(|name| applies(name)).collect();
        let (epochs, others): (Vec<Point>, Vec<Point>) =
            self.points.iter().partition(|point| applies[point.metric as usize]);
        let mut timed: Vec<(i64, u64)> = others.iter().map(|point| (point.ms, point.step)).collect();
        timed.sort_unstable();
        self.points = others;
        for mut point in epochs {
            point.epoch = point.step as f32;
            let before = timed.partition_point(|(ms, _)| *ms <= point.ms);
            if let Some((_, step)) = timed[..before].last() {
                point.step = *step;
            }
            self.points.push(point);
        }
    }

    /// Step and time of the last point of each epoch that is known, rounded down.
    pub(crate) fn epochs(&self) -> HashMap<i64, (u64, i64)> {
        let known = self.points.iter().filter(|point| point.epoch.is_finite());
        known.map(|point| (point.epoch as i64, (point.step, point.ms))).collect()
    }

    /// Renames the metrics. Of two that get one name the last value at a step counts.
    pub fn rename(&mut self, new_name: impl Fn(&str) -> Option<String>, left_out: &mut LeftOut) {
        let old = std::mem::take(&mut self.names);
        self.index.clear();
        let renamed: Vec<u32> =
            old.iter().map(|name| self.metric(&new_name(name).unwrap_or_else(|| name.clone()))).collect();
        self.points.iter_mut().for_each(|point| point.metric = renamed[point.metric as usize]);
        if self.names.len() < old.len() {
            self.finish(left_out);
        }
    }

    /// The names of the metrics.
    pub fn metrics(&self) -> &[String] {
        &self.names
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Whether a metric has a point.
    pub fn has(&self, metric: &str) -> bool {
        self.index.contains_key(metric)
    }

    /// The first and the last time, milliseconds since 1970.
    pub fn times(&self) -> Option<(i64, i64)> {
        let times = || self.points.iter().map(|point| point.ms);
        times().min().zip(times().max())
    }

    /// The last step; 0 without points.
    pub(crate) fn last_step(&self) -> u64 {
        self.points.iter().map(|point| point.step).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
