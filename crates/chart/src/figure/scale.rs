//! Linear, log and symlog scales, and line clipping.

/// The type of a scale.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Form {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic.
    Log,
    /// Logarithmic on both sides of zero, linear within the threshold; zero chooses it from the data.
    Symlog(f64),
}

impl Form {
    /// Its name in layouts and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Form::Linear => "linear",
            Form::Log => "log",
            Form::Symlog(_) => "symlog",
        }
    }

    /// The next form, as a key cycles through them.
    pub fn next(self) -> Form {
        match self {
            Form::Linear => Form::Log,
            Form::Log => Form::Symlog(0.0),
            Form::Symlog(_) => Form::Linear,
        }
    }

    /// The form called `name`.
    pub fn named(name: &str) -> Option<Form> {
        [Form::Linear, Form::Log, Form::Symlog(0.0)].into_iter().find(|form| form.name() == name)
    }

    /// Whether `value` is representable on such an axis.
    pub fn holds(self, value: f64) -> bool {
        value.is_finite() && (self != Form::Log || value > 0.0)
    }

    /// Maps `value` to axis units.
    pub(super) fn transform(self, value: f64) -> f64 {
        match self {
            // Halved, so that a range over nearly all floats does not overflow.
            Form::Linear => value / 2.0,
            Form::Log => value.ln(),
            // A decade outside is as long as zero to the threshold.
            Form::Symlog(threshold) if value.abs() > threshold => {
                (1.0 + value.abs().log10() - threshold.log10()).copysign(value)
            }
            Form::Symlog(threshold) => value / threshold,
        }
    }

    fn inverse(self, transformed: f64) -> f64 {
        match self {
            Form::Linear => transformed * 2.0,
            Form::Log => transformed.exp(),
            Form::Symlog(threshold) if transformed.abs() > 1.0 => {
                10.0_f64.powf(transformed.abs() - 1.0 + threshold.log10()).copysign(transformed)
            }
            Form::Symlog(threshold) => threshold * transformed,
        }
    }
}

/// Maps values to the unit interval: `low` to 0, `high` to 1; extrapolates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The value at 0.
    pub low: f64,
    /// The value at 1; always more than `low`.
    pub high: f64,
    /// The type. A symlog threshold is above zero here.
    pub form: Form,
}

impl Scale {
    /// A scale over at least `low..=high`; widens a single value or an invalid range.
    pub fn over(low: f64, high: f64, form: Form) -> Scale {
        let (low, high) =
            if low.is_finite() && high.is_finite() && low <= high { (low, high) } else { (0.0, 1.0) };
        match form {
            Form::Log if low > 0.0 => logarithmic(low, high),
            Form::Symlog(threshold) if threshold > 0.0 && threshold.is_finite() => {
                Scale { form, ..linear(low, high) }
            }
            _ => linear(low, high),
        }
    }

    /// The position of `value`, 0 to 1 within the scale. Not finite if the logarithm does not exist.
    pub fn place(&self, value: f64) -> f64 {
        let (low, high) = (self.form.transform(self.low), self.form.transform(self.high));
        (self.form.transform(value) - low) / (high - low)
    }

    /// The value at `place`; the inverse of [`Scale::place`].
    pub fn value(&self, place: f64) -> f64 {
        let (low, high) = (self.form.transform(self.low), self.form.transform(self.high));
        self.form.inverse(low + place * (high - low))
    }

    /// The part of the scale between two positions; the whole scale if that part cannot be drawn.
    pub fn window(self, from: f64, to: f64) -> Scale {
        let part = Scale { low: self.value(from), high: self.value(to), ..self };
        let sound = part.low.is_finite() && part.high.is_finite() && self.form.holds(part.low);
        // Neighbouring floats must stay distinguishable.
        if sound && part.high - part.low > part.low.abs().max(part.high.abs()) * 1e-12 { part } else { self }
    }

    /// The scale extended at both ends by `share` of its length.
    pub fn padded(self, share: f64) -> Scale {
        self.window(-share, 1.0 + share)
    }
}

fn linear(low: f64, high: f64) -> Scale {
    let size = low.abs().max(high.abs());
    // With only a few thousand floats in between, all tick labels would be equal.
    let thin = high - low <= size * 1e-12 || high == low;
    let half = if size == 0.0 { 0.5 } else { size * 0.05 };
    let (low, high) = if thin { (low - half, high + half) } else { (low, high) };
    Scale { low: low.max(f64::MIN), high: high.min(f64::MAX), form: Form::Linear }
}

fn logarithmic(low: f64, high: f64) -> Scale {
    let (low, high) = if high / low < 1.0 + 1e-9 { (low / 2.0, high * 2.0) } else { (low, high) };
    Scale { low: low.max(f64::MIN_POSITIVE), high: high.min(f64::MAX), form: Form::Log }
}

/// The part of the segment `a`-`b` inside the unit square, or none (Liang and Barsky, 1984).
///
/// Both backends clip with it, so a line to a value far outside leaves the frame at its true slope instead of running along
/// the edge.
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
            for form in [Form::Linear, Form::Log, Form::Symlog(1e-3), Form::Symlog(0.0)] {
                let scale = Scale::over(low, high, form).padded(0.05);
                assert!(scale.low < scale.high, "{low} {high} {scale:?}");
                assert!(
                    (scale.place(scale.low)).abs() < 1e-9 && (scale.place(scale.high) - 1.0).abs() < 1e-9
                );
            }
        }
    }

    #[test]
    fn a_symmetric_logarithm_is_linear_near_zero_and_gives_every_decade_the_same_room() {
        let scale = Scale::over(-100.0, 100.0, Form::Symlog(1.0));
        let places =
            [-100.0, -10.0, -1.0, 0.0, 0.5, 1.0, 10.0, 100.0].map(|v| (scale.place(v) * 12.0).round());
        assert_eq!(places, [0.0, 2.0, 4.0, 6.0, 7.0, 8.0, 10.0, 12.0]);
        assert!((scale.place(0.5) * 12.0 - 7.0).abs() < 1e-12);
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
            let scale = Scale::over(low, low * ratio, if log { Form::Log } else { Form::Linear });
            prop_assert!((scale.place(scale.value(place)) - place).abs() < 1e-6);
        }

        #[test]
        fn a_symmetric_logarithm_is_undone_too_and_rises(
            low in -1e9f64..1e9, size in 1e-3f64..1e9, threshold in 1e-6f64..1e6, a in -0.5f64..1.5, b in -0.5f64..1.5,
        ) {
            let scale = Scale::over(low, low + size, Form::Symlog(threshold));
            for place in [a, b] {
                let back = scale.place(scale.value(place));
                prop_assert!((back - place).abs() < 1e-6 || scale.high - scale.low < 1e-3 * low.abs(), "{place} {back}");
            }
            prop_assert!(a >= b || scale.value(a) <= scale.value(b));
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
