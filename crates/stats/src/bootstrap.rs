//! Bootstrap over queries and seeds.

use rand::{SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution as _};

use crate::{
    estimate::{Covers, Estimate, Interval, LEVEL},
    outcomes::{Outcomes, Pairing},
    spread::Spread,
    student,
};

/// Default number of draws: one less than a round number, so that quantiles are exact order statistics.
pub const DRAWS: usize = 9_999;

/// Bootstrap over queries and seeds (B. Efron, Annals of Statistics 7, 1979; two factors: Owen 2007; paired over queries:
/// P. Koehn, EMNLP 2004). The same seed gives bit-identical results.
///
/// - Queries are resampled with replacement, the same ones for every seed and for both arms of a difference.
/// - Seeds are too few to resample: with three seeds, one draw in nine takes the same seed three times, and the variance
///   is a third too small. Their contribution is drawn from Student's t instead, scaled by the measured variance between
///   seeds, which is exact for any number of seeds with normally distributed means.
///
/// Intervals are percentiles of the draws, p-values twice the share of draws beyond 0, counted as `(1 + k) / (1 + draws)`
/// (Davison and Hinkley, *Bootstrap Methods and their Application*, 1997, sections 4.2 and 5.3): an interval excludes 0
/// exactly when p is below 0.05.
#[derive(Debug, Clone, Copy)]
pub struct Bootstrap {
    draws: usize,
    seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Bootstrap {
        Bootstrap::new(DRAWS, 0)
    }
}

impl Bootstrap {
    /// Sets the number of draws, such as 999 or 9,999, and the random seed.
    pub fn new(draws: usize, seed: u64) -> Bootstrap {
        Bootstrap { draws: draws.max(39), seed }
    }

    /// The mean of an arm. The interval covers seeds and queries; with one seed, queries only.
    pub fn mean(&self, arm: &Outcomes) -> Estimate {
        Estimate { p: None, ..self.estimate(&Spread::of(arm)) }
    }

    /// The difference `arm - reference` over the same queries. The interval covers seeds and queries; queries only if an arm
    /// has a single seed. None if the numbers of queries differ, or, for paired seeds, the numbers of seeds.
    pub fn difference(&self, arm: &Outcomes, reference: &Outcomes, pairing: Pairing) -> Option<Estimate> {
        let fits = arm.queries() == reference.queries()
            && (pairing == Pairing::Queries || arm.seeds() == reference.seeds());
        fits.then(|| self.estimate(&Spread::between(arm, reference, pairing)))
    }

    fn estimate(&self, spread: &Spread) -> Estimate {
        if !spread.varies() {
            return Estimate::bare(spread.centre);
        }
        let draws = self.draw(spread);
        // The k-th smallest and the k-th largest draw, k = 2.5% of (draws + 1).
        let outside = ((draws.len() + 1) as f64 * (1.0 - LEVEL) / 2.0).round() as usize;
        let interval = Interval { low: draws[outside - 1], high: draws[draws.len() - outside] };
        let (under, over) =
            (draws.partition_point(|d| *d <= 0.0), draws.len() - draws.partition_point(|d| *d < 0.0));
        let p = 2.0 * (1 + under.min(over)) as f64 / (1 + draws.len()) as f64;
        let covers = if spread.seeds.is_none() { Covers::Queries } else { Covers::SeedsAndQueries };
        Estimate { value: spread.centre, interval: Some(interval), p: Some(p.min(1.0)), covers: Some(covers) }
    }

    /// The draws, sorted.
    fn draw(&self, spread: &Spread) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let resample = Resample::of(&spread.queries);
        let query = |random: &mut _| spread.shrink * (resample.mean(random) - spread.centre);
        let mut draws: Vec<f64> = (0..self.draws).map(|_| spread.centre + query(&mut random)).collect();
        if let Some(student) = spread.seeds {
            // Stratified: one draw from each equal slice of the distribution, for less noise.
            let slice = |at: usize| (at as f64 + 0.5) / self.draws as f64;
            let quantile = |at| student.scale * student::quantile(student.dof, slice(at));
            let mut quantiles: Vec<f64> = (0..self.draws).map(quantile).collect();
            quantiles.shuffle(&mut random);
            draws.iter_mut().zip(quantiles).for_each(|(draw, t)| *draw += t);
        }
        draws.sort_by(f64::total_cmp);
        draws
    }
}

/// Values to resample, grouped: hits have few distinct values, so a resample takes one binomial draw per value instead of
/// one draw per query.
struct Resample {
    /// Value and count.
    values: Vec<(f64, u64)>,
    total: u64,
}

impl Resample {
    fn of(values: &[f64]) -> Resample {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let same = sorted.chunk_by(|a, b| (a - b).abs() < 1e-12);
        Resample { values: same.map(|all| (all[0], all.len() as u64)).collect(), total: values.len() as u64 }
    }

    /// The mean of a resample of the same size: a multinomial draw, as successive binomial draws.
    fn mean(&self, random: &mut ChaCha8Rng) -> f64 {
        let (mut draws, mut left, mut sum) = (self.total, self.total, 0.0);
        for (value, count) in &self.values {
            if draws == 0 {
                break;
            }
            // `count` is at most `left`, so this is a probability.
            let drawn = match Binomial::new(draws, *count as f64 / left as f64) {
                Ok(binomial) if count < &left => binomial.sample(random),
                _ => draws,
            };
            sum += value * drawn as f64;
            draws -= drawn;
            left -= count;
        }
        sum / self.total as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outcomes of `queries` queries, of which the first `hits` are hits.
    fn hits(hits: usize, queries: usize) -> Vec<f64> {
        (0..queries).map(|query| f64::from(u8::from(query < hits))).collect()
    }

    fn half(estimate: Estimate) -> f64 {
        estimate.interval.map_or(f64::NAN, |interval| (interval.high - interval.low) / 2.0)
    }

    #[test]
    fn one_seed_gives_the_interval_of_a_share() {
        let arm = Outcomes::new(vec![hits(300, 1000)]).unwrap();
        let found = Bootstrap::default().mean(&arm);
        let normal = 1.959964 * (0.3 * 0.7 / 1000.0_f64).sqrt();
        assert!((half(found) / normal - 1.0).abs() < 0.03, "{found:?}");
        assert_eq!((found.value, found.covers, found.p), (0.3, Some(Covers::Queries), None));
    }

    #[test]
    fn seeds_alone_give_students_interval() {
        // Each seed has the same outcome on every query: only seeds vary.
        let values = [0.2, 0.5, 0.4];
        let arm = Outcomes::new(values.map(|value| vec![value; 50]).to_vec()).unwrap();
        let (found, expected) = (Bootstrap::default().mean(&arm), student::over_seeds(&values));
        assert!((half(found) / half(expected) - 1.0).abs() < 0.01, "{found:?} {expected:?}");
    }

    #[test]
    fn pairs_of_queries_and_of_seeds_take_out_what_they_share() {
        let bootstrap = Bootstrap::default();
        let reference = Outcomes::new(vec![hits(280, 1000), hits(300, 1000), hits(320, 1000)]).unwrap();
        let arm = Outcomes::new(vec![hits(300, 1000), hits(321, 1000), hits(339, 1000)]).unwrap();
        let paired = bootstrap.difference(&arm, &reference, Pairing::Seeds).unwrap();
        let unpaired = bootstrap.difference(&arm, &reference, Pairing::Queries).unwrap();
        assert!((paired.value - 0.02).abs() < 1e-12 && (unpaired.value - 0.02).abs() < 1e-12);
        assert!(half(paired) < half(unpaired) / 3.0, "{paired:?} {unpaired:?}");
        assert!(paired.p.unwrap() < 0.05 && unpaired.p.unwrap() > 0.05);
        assert!(!paired.interval.unwrap().holds(0.0) && unpaired.interval.unwrap().holds(0.0));
        assert_eq!(paired, Bootstrap::default().difference(&arm, &reference, Pairing::Seeds).unwrap());
        let back = bootstrap.difference(&reference, &arm, Pairing::Seeds).unwrap();
        assert!((back.value + 0.02).abs() < 1e-12 && (half(back) / half(paired) - 1.0).abs() < 0.05);
    }

    #[test]
    fn incompatible_or_constant_outcomes_have_no_interval() {
        let bootstrap = Bootstrap::default();
        let arm = Outcomes::new(vec![hits(3, 10)]).unwrap();
        let shorter = Outcomes::new(vec![hits(3, 9)]).unwrap();
        let more = Outcomes::new(vec![hits(3, 10), hits(5, 10)]).unwrap();
        assert_eq!(bootstrap.difference(&arm, &shorter, Pairing::Queries), None);
        assert_eq!(bootstrap.difference(&arm, &more, Pairing::Seeds), None);
        assert_eq!(bootstrap.difference(&arm, &arm, Pairing::Seeds), Some(Estimate::bare(0.0)));
        assert_eq!(bootstrap.mean(&Outcomes::new(vec![hits(0, 10); 3]).unwrap()), Estimate::bare(0.0));
        let one_against_many = bootstrap.difference(&more, &arm, Pairing::Queries).unwrap();
        assert_eq!(one_against_many.covers, Some(Covers::Queries));
    }

    #[test]
    fn a_resample_has_the_mean_and_the_spread_of_what_it_is_drawn_from() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i % 7)).collect();
        let resample = Resample::of(&values);
        assert_eq!((resample.values.len(), resample.total), (7, 40));
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let means: Vec<f64> = (0..20_000).map(|_| resample.mean(&mut random)).collect();
        let middle = student::mean(&values);
        let variance = |values: &[f64], about: f64| {
            values.iter().map(|v| (v - about) * (v - about)).sum::<f64>() / values.len() as f64
        };
        assert!((student::mean(&means) - middle).abs() < 0.01);
        assert!((variance(&means, middle) / (variance(&values, middle) / 40.0) - 1.0).abs() < 0.04);
    }
}
