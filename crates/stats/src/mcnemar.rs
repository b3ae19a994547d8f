//! McNemar's test: two models on the same queries, right or wrong.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF as _};

/// Queries on which two models disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Discordant {
    /// Queries that only the first model gets right.
    pub first: u64,
    /// Queries that only the second model gets right.
    pub second: u64,
}

impl Discordant {
    /// Counts discordant pairs of (first right, second right).
    pub fn count(pairs: impl IntoIterator<Item = (bool, bool)>) -> Discordant {
        let start = Discordant { first: 0, second: 0 };
        pairs.into_iter().fold(start, |sum, pair| match pair {
            (true, false) => Discordant { first: sum.first + 1, ..sum },
            (false, true) => Discordant { second: sum.second + 1, ..sum },
            _ => sum,
        })
    }

    /// Two-sided exact p-value: under the null hypothesis each model is right in a discordant pair with probability 1/2,
    /// so `p = min(1, 2 * P(X <= min(first, second)))` with X binomial (Q. McNemar, Psychometrika 12,
    /// 1947, in its exact conditional form). It never exceeds its nominal level; the less conservative mid-p variant can
    /// (Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91, 2013), so it is not used.
    pub fn p(self) -> f64 {
        let fewer = self.first.min(self.second);
        Binomial::new(0.5, self.first + self.second).map_or(1.0, |x| (2.0 * x.cdf(fewer)).min(1.0))
    }
}

/// Combines the p-values of several seeds: small only if a majority of them is.
///
/// The seeds share queries, so their tests are dependent. Of n p-values, `n / k` times the k-th smallest is a p-value under
/// any dependence (B. Rüger, *Das maximale Signifikanzniveau des Tests*, Metrika 25, 1978); k is the smallest majority,
/// n / 2 + 1. None for no p-values.
pub fn majority(p: &[f64]) -> Option<f64> {
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let least = sorted.len() / 2 + 1;
    sorted.get(least - 1).map(|p| (p * sorted.len() as f64 / least as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_form_is_that_of_a_fair_coin() {
        let p = |first, second| Discordant { first, second }.p();
        // 2 * (1 + 12 + 66 + 220) / 2^12, binom.test(3, 12) in R
        assert!((p(3, 9) - 598.0 / 4096.0).abs() < 1e-12);
        assert!((p(9, 3) - 598.0 / 4096.0).abs() < 1e-12);
        assert!((p(0, 8) - 2.0 / 256.0).abs() < 1e-12);
        assert!([p(0, 0), p(1, 0), p(5, 5)].iter().all(|p| (p - 1.0).abs() < 1e-12));
        assert!(p(40_000, 50_000) < 1e-9);
    }

    #[test]
    fn only_disagreement_counts() {
        let pairs = [(true, true), (true, false), (false, false), (false, true), (true, false)];
        assert_eq!(Discordant::count(pairs), Discordant { first: 2, second: 1 });
    }

    #[test]
    fn a_majority_of_seeds_must_agree() {
        assert_eq!(majority(&[0.04]), Some(0.04));
        assert_eq!(majority(&[0.04, 0.01]), Some(0.04));
        assert_eq!(majority(&[0.9, 0.02, 0.001]), Some(0.03));
        assert_eq!(majority(&[0.9, 0.8, 0.001]), Some(1.0));
        assert_eq!(majority(&[]), None);
    }
}
