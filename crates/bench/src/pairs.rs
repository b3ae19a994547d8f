//! Arithmetic of paired measurements.

/// Median; the mean of the middle two of an even number. None of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// Least and greatest.
pub fn range(values: &[f64]) -> Option<(f64, f64)> {
    let least = values.iter().copied().reduce(f64::min)?;
    Some((least, values.iter().copied().reduce(f64::max)?))
}

/// Ratios of the measurements of the same round: what slows a whole round down does not change them. A round that lacks
/// either is left out.
pub fn ratios(ours: &[Option<f64>], rival: &[Option<f64>], ratio: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    ours.iter().zip(rival).filter_map(|(ours, rival)| Some(ratio((*ours)?, (*rival)?))).collect()
}

/// Greatest absolute difference of two equally long lists; None if they are not, or are empty.
pub fn difference(a: &[f64], b: &[f64]) -> Option<f64> {
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    // NaN must not count as agreement, and `f64::max` would drop it.
    let greatest = differences.reduce(|a, b| if a > b || a.is_nan() { a } else { b })?;
    (a.len() == b.len()).then_some(greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_odd_even_and_no_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 10.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        // The second round ran on a machine half as fast: the ratio is the same.
        let (ours, rival) = ([Some(30.0), Some(15.0), None], [Some(20.0), Some(10.0), Some(5.0)]);
        assert_eq!(ratios(&ours, &rival, |a, b| a / b), [1.5, 1.5]);
        assert_eq!(ratios(&ours, &rival[..1], |a, b| a / b), [1.5], "the rival lacks a round");
    }

    #[test]
    fn range_is_least_and_greatest() {
        assert_eq!(range(&[2.0, 1.0, 3.0]), Some((1.0, 3.0)));
        assert_eq!(range(&[]), None);
    }

    #[test]
    fn difference_needs_equal_lengths_and_numbers() {
        assert_eq!(difference(&[1.0, 2.0], &[1.0, 2.5]), Some(0.5));
        assert_eq!(difference(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(difference(&[], &[]), None);
        for losses in [[f64::NAN, 1.0], [1.0, f64::NAN]] {
            assert!(difference(&losses, &[1.0, 1.0]).unwrap().is_nan());
        }
    }
}
