//! Linear and logarithmic scales, and the clipping of lines to a chart's frame.

/// Maps values to the unit interval: `low` to 0, `high` to 1. Values outside fall outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The value at 0.
    pub low: f64,
    /// The value at 1; always more than `low`.
    pub high: f64,
    /// Whether equal ratios, not equal differences, take equal room.
    pub log: bool,
}

impl Scale {
    /// A scale over at least `low..=high`; a single value or an unusable range is widened to something drawable.
    pub fn over(low: f64, high: f64, log: bool) -> Scale {
        let (low, high) =
            if low.is_finite() && high.is_finite() && low <= high { (low, high) } else { (0.0, 1.0) };
        if log && low > 0.0 { logarithmic(low, high) } else { linear(low, high) }
    }

    /// The place of `value`, 0 to 1 within the scale. Not finite where a logarithm does not exist.
    pub fn place(&self, value: f64) -> f64 {
        let (low, high, value) = match self.log {
            true => (self.low.ln(), self.high.ln(), value.ln()),
            // Halved, so that a range of nearly all numbers does not overflow.
            false => (self.low / 2.0, self.high / 2.0, value / 2.0),
        };
        (value - low) / (high - low)
    }

    /// The value at `place`; the inverse of [`Scale::place`].
    pub fn value(&self, place: f64) -> f64 {
        match self.log {
            true => (self.low.ln() + place * (self.high.ln() - self.low.ln())).exp(),
            false => 2.0 * (self.low / 2.0 + place * (self.high / 2.0 - self.low / 2.0)),
        }
    }

    /// The same scale with a little room at both ends, as a share of its length.
    pub fn padded(self, share: f64) -> Scale {
        let (low, high) = (self.value(-share), self.value(1.0 + share));
        if low.is_finite() && high.is_finite() && low < high && (!self.log || low > 0.0) {
            Scale { low, high, log: self.log }
        } else {
            self
        }
    }
}

fn linear(low: f64, high: f64) -> Scale {
    let size = low.abs().max(high.abs());
    // Less than a few thousand representable steps apart, ticks would all read the same.
    let thin = high - low <= size * 1e-12 || high == low;
    let half = if size == 0.0 { 0.5 } else { size * 0.05 };
    let (low, high) = if thin { (low - half, high + half) } else { (low, high) };
    Scale { low: low.max(f64::MIN), high: high.min(f64::MAX), log: false }
}

fn logarithmic(low: f64, high: f64) -> Scale {
    let (low, high) = if high / low < 1.0 + 1e-9 { (low / 2.0, high * 2.0) } else { (low, high) };
    Scale { low: low.max(f64::MIN_POSITIVE), high: high.min(f64::MAX), log: true }
}

/// The part of the segment `a`-`b` inside the unit square, or none (Liang and Barsky, 1984).
///
/// Both drawers clip with it, so a value far outside leaves the frame at its true slope instead of
/// running along the frame's edge.
pub fn clip(a: (f64, f64), b: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    if ![a.0, a.1, dx, dy].iter().all(|v| v.is_finite()) {
        return None;
    }
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (step, room) in [(-dx, a.0), (dx, 1.0 - a.0), (-dy, a.1), (dy, 1.0 - a.1)] {
        if step == 0.0 && room < 0.0 {
            return None;
        }
        if step < 0.0 {
            from = from.max(room / step);
        } else if step > 0.0 {
            to = to.min(room / step);
        }
    }
    let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
    (from <= to).then(|| (at(from), at(to)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn single_values_and_nonsense_give_a_scale_that_can_be_drawn() {
        for (low, high) in
            [(3.0, 3.0), (0.0, 0.0), (f64::NAN, 1.0), (2.0, 1.0), (-1e308, 1e308), (1e-300, 1e-300)]
        {
            for log in [false, true] {
                let scale = Scale::over(low, high, log).padded(0.05);
                assert!(scale.low < scale.high, "{low} {high} {scale:?}");
                assert!(
                    (scale.place(scale.low)).abs() < 1e-9 && (scale.place(scale.high) - 1.0).abs() < 1e-9
                );
            }
        }
    }

    #[test]
    fn a_segment_leaves_the_frame_at_its_true_slope() {
        assert_eq!(clip((0.0, 0.5), (1.0, 1.5)), Some(((0.0, 0.5), (0.5, 1.0))));
        assert_eq!(clip((0.0, 2.0), (1.0, 3.0)), None);
        assert_eq!(clip((0.2, 0.2), (0.2, 0.2)), Some(((0.2, 0.2), (0.2, 0.2))));
        assert_eq!(clip((f64::NAN, 0.0), (1.0, 1.0)), None);
    }

    proptest! {
        #[test]
        fn place_and_value_undo_each_other(low in 1e-6f64..1e6, ratio in 1.01f64..1e6, place in 0.0f64..1.0, log: bool) {
            let scale = Scale::over(low, low * ratio, log);
            prop_assert!((scale.place(scale.value(place)) - place).abs() < 1e-6);
        }

        #[test]
        fn clipped_ends_lie_inside(ax in -3.0f64..4.0, ay in -3.0f64..4.0, bx in -3.0f64..4.0, by in -3.0f64..4.0) {
            if let Some((a, b)) = clip((ax, ay), (bx, by)) {
                for v in [a.0, a.1, b.0, b.1] {
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&v));
                }
            }
        }
    }
}
