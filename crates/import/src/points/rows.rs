//! The rows of a run, in the order of their steps.

use super::{Point, Points};
use crate::LeftOut;

/// Points of one step that were recorded within this time are one row, milliseconds.
const SAME_ROW_MS: i64 = 100;

/// The values of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// The step.
    pub step: u64,
    /// When they were recorded, milliseconds since 1970.
    pub ms: i64,
    /// The epoch, fractional, as far as it is known; never decreases.
    pub epoch: f64,
    /// Metrics and values.
    pub values: Vec<(&'a str, f64)>,
}

impl Points {
    /// Sorts the points by step. Of several values of a metric at one step the one read last counts. Counts what is left
    /// out.
    pub(crate) fn finish(&mut self, left_out: &mut LeftOut) {
        left_out.add_many("invalid point", std::mem::take(&mut self.refused));
        let before = self.points.len();
        self.points.sort_by_key(|point| (point.step, point.metric)); // stable
        self.points.dedup_by(|later, kept| {
            let same = (later.step, later.metric) == (kept.step, kept.metric);
            if same {
                *kept = *later;
            }
            same
        });
        left_out.add_many("repeated point", (before - self.points.len()) as u64);
        self.points.sort_by_key(|point| (point.step, point.ms));
    }

    /// Calls `each` with every row after the steps that `newest` returns for its metrics. `epoch` is the epoch before.
    pub fn rows<'a, E>(
        &'a self,
        newest: impl Fn(&str) -> Option<u64>,
        mut epoch: f64,
        mut each: impl FnMut(Row<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let newest: Vec<Option<u64>> = self.names.iter().map(|name| newest(name)).collect();
        let is_new = |point: &&Point| newest[point.metric as usize].is_none_or(|last| point.step > last);
        let same_row = |a: &Point, b: &Point| a.step == b.step && (b.ms - a.ms).abs() <= SAME_ROW_MS;
        let mut rest = &self.points[..];
        while let Some(first) = rest.first() {
            let length = rest.iter().take_while(|point| same_row(first, point)).count();
            let (row, later) = rest.split_at(length);
            rest = later;
            let known = row.iter().map(|point| f64::from(point.epoch)).filter(|epoch| epoch.is_finite());
            epoch = known.fold(epoch, f64::max);
            let new = row.iter().filter(is_new);
            let values: Vec<_> =
                new.map(|point| (self.names[point.metric as usize].as_str(), point.value)).collect();
            if !values.is_empty() {
                each(Row { step: first.step, ms: first.ms, epoch, values })?;
            }
        }
        Ok(())
    }
}
