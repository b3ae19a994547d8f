//! Order statistics of sizes and lengths.

use serde::Serialize;

/// Minimum, median, 95th percentile and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Spread {
    pub min: u64,
    pub median: u64,
    pub p95: u64,
    pub max: u64,
}

impl Spread {
    /// The spread of numbers in any order; none without numbers. The median of an even count is the lower one.
    pub(super) fn of(mut numbers: Vec<u64>) -> Option<Self> {
        numbers.sort_unstable();
        let at = |share: f64| numbers[((numbers.len() as f64 * share).ceil() as usize).saturating_sub(1)];
        let (min, max) = (*numbers.first()?, *numbers.last()?);
        Some(Self { min, median: at(0.5), p95: at(0.95), max })
    }
}

/// Lengths in tokens.
#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    #[serde(flatten)]
    pub lengths: Spread,
    /// Truncated captions.
    pub cut: usize,
    pub cut_share: f64,
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn spreads_are_order_statistics() {
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![7]), Some(Spread { min: 7, median: 7, p95: 7, max: 7 }));
        let hundred = Spread::of((1..=100).rev().collect());
        assert_eq!(hundred, Some(Spread { min: 1, median: 50, p95: 95, max: 100 }));
    }
}
