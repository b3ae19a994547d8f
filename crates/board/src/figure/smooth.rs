//! Smoothing by half-life, on bucket means.

use clip_lab_store::Bucket;

use super::x::middle;

/// An exponential mean of the buckets' means, one value a bucket; `half_life` is in units of the axis,
/// zero leaves them as they are.
///
/// A value's weight halves every `half_life`, however densely the series was recorded, and the start is
/// debiased by running the same recursion on ones (Kingma and Ba, 2015, section 3). Working on bucket means
/// gives the curve that smoothing every single value would give; smoothing a subsample does not.
pub fn smooth(buckets: &[Bucket], half_life: f64) -> Vec<f64> {
    let (mut sum, mut weight, mut before) = (0.0, 0.0, None);
    let mut out = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        if bucket.n == 0 || half_life <= 0.0 {
            out.push(bucket.mean);
            continue;
        }
        let distance =
            before.map_or(1.0, |before: f64| (middle(bucket) - before).abs()).max(f64::MIN_POSITIVE);
        before = Some(middle(bucket));
        let keep = 0.5_f64.powf(distance / half_life);
        sum = keep * sum + (1.0 - keep) * bucket.mean;
        weight = keep * weight + (1.0 - keep);
        out.push(if weight > 0.0 { sum / weight } else { bucket.mean });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, mean: f64) -> Bucket {
        Bucket { x0: x, x1: x, min: mean, max: mean, mean, first: mean, last: mean, n: 1, n_bad: 0 }
    }

    #[test]
    fn a_step_is_half_forgotten_after_one_half_life() {
        let long_zero_then_one: Vec<Bucket> = (0..10_000)
            .map(|i| at(f64::from(i), 0.0))
            .chain((10_000..10_100).map(|i| at(f64::from(i), 1.0)))
            .collect();
        let smoothed = smooth(&long_zero_then_one, 100.0);
        assert!((smoothed[10_099] - 0.5).abs() < 1e-9, "{}", smoothed[10_099]);
    }

    #[test]
    fn the_first_value_is_not_drawn_towards_zero() {
        assert!((smooth(&[at(0.0, 4.0), at(1.0, 4.0)], 1000.0)[0] - 4.0).abs() < 1e-12);
    }

    #[test]
    fn buckets_of_sixteen_give_the_curve_of_single_values() {
        let value = |i: u32| (f64::from(i) / 700.0).sin() + f64::from((i * 7919) % 101) / 101.0;
        let fine: Vec<Bucket> = (0..4096).map(|i| at(f64::from(i), value(i))).collect();
        let coarse: Vec<Bucket> =
            fine.chunks(16).map(|c| at(c[15].x1, c.iter().map(|b| b.mean).sum::<f64>() / 16.0)).collect();
        let (all, few) = (smooth(&fine, 200.0), smooth(&coarse, 200.0));
        for (i, value) in few.iter().enumerate().skip(20) {
            assert!((value - all[i * 16 + 15]).abs() < 0.02, "{i}: {value} {}", all[i * 16 + 15]);
        }
    }

    #[test]
    fn nothing_is_smoothed_at_zero_and_gaps_are_passed_over() {
        let mut gap = at(1.0, f64::NAN);
        gap.n = 0;
        let smoothed = smooth(&[at(0.0, 1.0), gap, at(2.0, 1.0)], 5.0);
        assert_eq!(smoothed[2], 1.0);
        assert_eq!(smooth(&[at(0.0, 1.0), at(1.0, 9.0)], 0.0), [1.0, 9.0]);
    }
}
