//! Reads a zoomed range at a finer resolution, with the warm-up that smoothing needs before it.

use std::collections::{HashMap, HashSet};

use clip_lab_store::{Bucket, Reader, RunId, SeriesRow, StoreError};

use crate::data::AxisRange;

/// Half-lives of warm-up: older points weigh less than 1/4000.
const WARM_UP: f64 = 12.0;
/// Buckets of the warm-up, each about 1/20 of a half-life long.
const WARM_BUCKETS: usize = 256;

/// The cached reads of one range.
#[derive(Default)]
pub struct ZoomCache {
    range: Option<(AxisRange, usize)>,
    /// By run, metric and half-life; valid while the series has the same number of points.
    cache: HashMap<(RunId, String, u64), (u64, Vec<Bucket>)>,
}

impl ZoomCache {
    /// Drops the reads of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.cache.retain(|key, _| runs.contains(&key.0));
    }

    /// At most `max_buckets` buckets of `range`, widened by an eighth on each side, and before them the warm-up for
    /// `half_life`, in units of the axis.
    pub fn read(
        &mut self,
        reader: &Reader,
        run: RunId,
        series: &SeriesRow,
        (range, max_buckets): (AxisRange, usize),
        half_life: f64,
    ) -> Result<Vec<Bucket>, StoreError> {
        if self.range != Some((range, max_buckets)) {
            (self.range, self.cache) = (Some((range, max_buckets)), HashMap::new());
        }
        let key = (run, series.name.clone(), half_life.to_bits());
        if let Some((_, buckets)) = self.cache.get(&key).filter(|(n, _)| *n == series.n) {
            return Ok(buckets.clone());
        }
        let read = |low: f64, high: f64, max_buckets| {
            reader.buckets(run, &series.name, range.axis, Some((low, high)), max_buckets)
        };
        let wide = range.high - range.low;
        // Lines continue past the frame.
        let (low, high) = (range.low - wide / 8.0, range.high + wide / 8.0);
        let back = WARM_UP * half_life;
        let mut buckets =
            if back > 0.0 { read(low - back, low.next_down(), WARM_BUCKETS)? } else { Vec::new() };
        buckets.extend(read(low, high, max_buckets)?);
        self.cache.insert(key, (series.n, buckets.clone()));
        Ok(buckets)
    }
}
