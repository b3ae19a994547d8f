//! The summary of neighbouring points.

/// Summary of the points of one series over a range of ticks. `min` to `last` are meaningless while `n` is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Tick of the first point.
    pub tick0: i64,
    /// Tick of the last point.
    pub tick1: i64,
    /// Number of finite values.
    pub n: i64,
    /// Number of NaN and infinite values.
    pub n_bad: i64,
    /// Smallest finite value.
    pub min: f64,
    /// Largest finite value.
    pub max: f64,
    /// Sum of the finite values.
    pub sum: f64,
    /// First finite value.
    pub first: f64,
    /// Last finite value.
    pub last: f64,
}

impl Block {
    /// A single point.
    pub fn of(tick: i64, value: f64) -> Block {
        let n = i64::from(value.is_finite());
        let sum = if value.is_finite() { value } else { 0.0 };
        Block {
            tick0: tick,
            tick1: tick,
            n,
            n_bad: 1 - n,
            min: value,
            max: value,
            sum,
            first: value,
            last: value,
        }
    }

    /// Merges the block that follows.
    pub fn merge(&mut self, later: &Block) {
        if self.n == 0 {
            *self = Block { tick0: self.tick0, n_bad: self.n_bad + later.n_bad, ..*later };
            return;
        }
        self.tick1 = later.tick1;
        self.n_bad += later.n_bad;
        if later.n > 0 {
            self.n += later.n;
            self.min = self.min.min(later.min);
            self.max = self.max.max(later.max);
            self.sum += later.sum;
            self.last = later.last;
        }
    }
}

/// Merges `later` into a block that may be empty.
pub fn extend(block: &mut Option<Block>, later: &Block) {
    match block {
        Some(block) => block.merge(later),
        None => *block = Some(*later),
    }
}
