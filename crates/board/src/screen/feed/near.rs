//! A part of the horizontal axis read finely, with as much before it as smoothing needs.

use std::collections::HashMap;

use clip_lab_store::{Bucket, Reader, RunId, SeriesRow, StoreError};

use crate::screen::lens::Stretch;

/// What lies this many half-lives back counts for less than a four-thousandth.
const WARM_UP: f64 = 12.0;
/// Buckets of the warm-up: each is then a twentieth of a half-life long.
const WARM_BUCKETS: usize = 256;

/// What was read of one stretch.
#[derive(Default)]
pub struct Near {
    stretch: Option<(Stretch, usize)>,
    /// By run, metric and half-life; good as long as the series has as many points.
    known: HashMap<(RunId, String, u64), (u64, Vec<Bucket>)>,
}

impl Near {
    /// At most `most` buckets of `stretch`, one to each side of it, and the warm-up for `half_life`, which is in units
    /// of the axis.
    ///
    /// # Errors
    /// Those of the store.
    pub fn read(
        &mut self,
        reader: &Reader,
        run: RunId,
        series: &SeriesRow,
        (stretch, most): (Stretch, usize),
        half_life: f64,
    ) -> Result<Vec<Bucket>, StoreError> {
        if self.stretch != Some((stretch, most)) {
            (self.stretch, self.known) = (Some((stretch, most)), HashMap::new());
        }
        let key = (run, series.name.clone(), half_life.to_bits());
        if let Some((_, known)) = self.known.get(&key).filter(|(n, _)| *n == series.n) {
            return Ok(known.clone());
        }
        let read = |low: f64, high: f64, most| {
            reader.buckets(run, &series.name, stretch.axis, Some((low, high)), most)
        };
        let wide = stretch.high - stretch.low;
        // Lines lead out of the frame to what lies beside it.
        let (low, high) = (stretch.low - wide / 8.0, stretch.high + wide / 8.0);
        let back = WARM_UP * half_life;
        let mut buckets =
            if back > 0.0 { read(low - back, low.next_down(), WARM_BUCKETS)? } else { Vec::new() };
        buckets.extend(read(low, high, most)?);
        self.known.insert(key, (series.n, buckets.clone()));
        Ok(buckets)
    }
}
