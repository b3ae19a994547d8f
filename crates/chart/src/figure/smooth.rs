//! Exponential smoothing of bucket means.

use clip_lab_store::Bucket;

/// Exponential moving average of bucket means, one value per bucket; `half_life` is in units of the axis, zero disables
/// smoothing.
///
/// A value's weight halves every `half_life`, independent of the recording density, and the start is bias-corrected by
/// the same recursion on ones (Kingma and Ba, 2015, section 3). Buckets are weighted by their length: for buckets much
/// shorter than the half-life the curve equals that of the single values, for longer ones its mean within the bucket.
///
/// For a part of a run, pass the preceding buckets too: without them the part is treated as the start of the run.
pub fn smooth(buckets: &[Bucket], half_life: f64) -> Vec<f64> {
    let mut before = start(buckets);
    let (mut sum, mut weight) = (0.0, 0.0);
    let mut out = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        if bucket.n == 0 || half_life.is_nan() || half_life <= 0.0 {
            out.push(bucket.mean);
            continue;
        }
        let distance = (bucket.x1 - before).abs().max(f64::MIN_POSITIVE);
        before = bucket.x1;
        let keep = 0.5_f64.powf(distance / half_life);
        // Not `1 - keep`, which is 0 for steps that are short against the half-life.
        let share = -(-distance / half_life * std::f64::consts::LN_2).exp_m1();
        sum = keep * sum + share * bucket.mean;
        weight = keep * weight + share;
        out.push(if weight > 0.0 { sum / weight } else { bucket.mean });
    }
    out
}

/// The end of a hypothetical bucket before the first: a bucket starts at the end of the previous one.
fn start(buckets: &[Bucket]) -> f64 {
    let mut filled = buckets.iter().filter(|bucket| bucket.n > 0);
    let (Some(first), second) = (filled.next(), filled.next()) else { return 0.0 };
    let gap = match second {
        _ if first.n > 1 && first.x1 > first.x0 => (first.x1 - first.x0) / (first.n - 1) as f64,
        Some(second) => second.x0 - first.x1,
        None => 1.0,
    };
    first.x0 - gap
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
    fn the_unit_of_the_axis_does_not_matter() {
        let value = |i: u32| f64::from((i * 7919) % 101);
        let over = |unit: f64| (0..200).map(|i| at(f64::from(i) * unit, value(i))).collect::<Vec<Bucket>>();
        let (steps, epochs) = (smooth(&over(1.0), 30.0), smooth(&over(0.02), 0.6));
        assert!(steps.iter().zip(&epochs).all(|(a, b)| (a - b).abs() < 1e-6), "{steps:?}\n{epochs:?}");
    }

    #[test]
    fn a_part_with_its_warm_up_is_a_part_of_the_whole() {
        let whole: Vec<Bucket> = (0..2000).map(|i| at(f64::from(i), f64::from((i * 7919) % 101))).collect();
        let (all, part) = (smooth(&whole, 20.0), smooth(&whole[1000 - 240..], 20.0));
        assert!(all[1000..].iter().zip(&part[240..]).all(|(a, b)| (a - b).abs() < 0.02));
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
