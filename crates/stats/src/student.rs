//! Student's t for one value per seed.

use std::sync::LazyLock;

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::estimate::{Covers, Estimate, Interval, LEVEL};

/// The mean; NaN for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean over seeds, `mean ± t * sd / sqrt(n)` with n - 1 degrees of freedom (Student, *The probable error of a
/// mean*, Biometrika 6, 1908). For differences paired by seed this is the paired t test.
///
/// No interval for fewer than two values, or for equal values.
pub fn over_seeds(values: &[f64]) -> Estimate {
    let dof = values.len() as f64 - 1.0;
    estimate(mean(values), squared_error(values).sqrt(), dof)
}

/// The interval of [`over_seeds`] without the p-value: cheap enough for every point of a curve.
pub fn interval_over_seeds(values: &[f64]) -> Option<Interval> {
    let error = squared_error(values).sqrt();
    if !(error > 0.0 && error.is_finite()) {
        return None;
    }
    let (middle, half) = (mean(values), error * factor(values.len()));
    Some(Interval { low: middle - half, high: middle + half })
}

/// The quantile for the interval of a mean of `n` values; cached for n < 64.
fn factor(n: usize) -> f64 {
    static CACHE: LazyLock<Vec<f64>> = LazyLock::new(|| (0..64).map(exact).collect());
    fn exact(n: usize) -> f64 {
        quantile(n as f64 - 1.0, 0.5 + LEVEL / 2.0)
    }
    CACHE.get(n).copied().unwrap_or_else(|| exact(n))
}

/// The difference `arm - reference` of two means over independent seeds, by Welch's t (Biometrika 34, 1947) with
/// Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946).
pub fn between_seeds(arm: &[f64], reference: &[f64]) -> Estimate {
    let (a, b) = (squared_error(arm), squared_error(reference));
    let share = |error: f64, values: &[f64]| error * error / (values.len() as f64 - 1.0);
    let dof = (a + b) * (a + b) / (share(a, arm) + share(b, reference));
    estimate(mean(arm) - mean(reference), (a + b).sqrt(), dof)
}

/// The `p` quantile of Student's t.
pub fn quantile(dof: f64, p: f64) -> f64 {
    StudentsT::new(0.0, 1.0, dof).map_or(f64::NAN, |t| t.inverse_cdf(p))
}

/// Squared standard error of the mean; NaN for fewer than two values, 0 if they differ by rounding only.
fn squared_error(values: &[f64]) -> f64 {
    let middle = mean(values);
    let off = values.iter().map(|value| (value - middle).abs());
    if values.len() > 1 && off.clone().fold(0.0, f64::max) < 1e-12 * middle.abs() + 1e-15 {
        return 0.0;
    }
    off.map(|off| off * off).sum::<f64>() / (values.len() as f64 - 1.0) / values.len() as f64
}

fn estimate(value: f64, error: f64, dof: f64) -> Estimate {
    let varies = error > 0.0 && error.is_finite();
    let Some(t) = StudentsT::new(0.0, 1.0, dof).ok().filter(|_| varies) else {
        return Estimate::bare(value);
    };
    let half = error * t.inverse_cdf(0.5 + LEVEL / 2.0);
    Estimate {
        value,
        interval: Some(Interval { low: value - half, high: value + half }),
        p: Some(2.0 * t.cdf(-(value / error).abs())),
        covers: Some(Covers::Seeds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours of sleep gained with two drugs: the data of Student's paper, with the results of R's `t.test`.
    const FIRST: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const SECOND: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    fn close(estimate: Estimate, low: f64, high: f64, p: f64) {
        let interval = estimate.interval.unwrap();
        assert!((interval.low - low).abs() < 1e-6 && (interval.high - high).abs() < 1e-6, "{estimate:?}");
        assert!((estimate.p.unwrap() - p).abs() < 1e-5, "{estimate:?}");
    }

    #[test]
    fn students_data_match_r() {
        close(between_seeds(&FIRST, &SECOND), -3.3654832, 0.2054832, 0.07939);
        let differences: Vec<f64> = FIRST.iter().zip(&SECOND).map(|(a, b)| a - b).collect();
        close(over_seeds(&differences), -2.4598858, -0.7001142, 0.002833);
    }

    #[test]
    fn the_interval_alone_is_that_of_the_estimate() {
        for values in
            [&FIRST[..], &FIRST[..2], &[1.0; 3], &[1.0], &[], &[f64::NAN, 1.0], &[f64::MAX, f64::MIN]]
        {
            let (alone, whole) = (interval_over_seeds(values), over_seeds(values).interval);
            let close = alone.zip(whole).map(|(a, b)| (a.low - b.low).abs() + (a.high - b.high).abs() < 1e-9);
            assert_eq!(alone.is_some(), whole.is_some(), "{values:?}");
            assert_ne!(close, Some(false), "{values:?}");
        }
        let many: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(interval_over_seeds(&many), over_seeds(&many).interval);
    }

    #[test]
    fn quantiles_are_those_of_the_printed_tables() {
        for (dof, expected) in [(1.0, 12.706205), (2.0, 4.302653), (4.0, 2.776445), (30.0, 2.042272)] {
            assert!((quantile(dof, 0.975) - expected).abs() < 1e-5);
            assert!((quantile(dof, 0.025) + expected).abs() < 1e-5);
        }
    }

    #[test]
    fn constant_or_single_values_have_no_interval() {
        assert_eq!(over_seeds(&[0.5]), Estimate::bare(0.5));
        assert_eq!(over_seeds(&[0.5, 0.5, 0.5]), Estimate::bare(0.5));
        let rounded = [0.3 - 0.2, 0.4 - 0.3, 0.5 - 0.4];
        assert_eq!(over_seeds(&rounded).interval, None, "they differ in the last digit only");
        assert_eq!(between_seeds(&[0.5], &[0.25, 0.75]), Estimate::bare(0.0));
        assert!(over_seeds(&[]).value.is_nan());
    }
}
