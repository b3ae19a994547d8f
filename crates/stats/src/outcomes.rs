//! Outcomes per seed and query.

use crate::student::mean;

/// One value per seed and query of an arm, such as 1 for a hit and 0 for a miss.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    /// `[seeds][queries]`, the same queries in the same order for each seed.
    seeds: Vec<Vec<f64>>,
}

/// How two arms are paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// By seeds in the same order, and queries: effects of the seed on both arms, such as the data order, cancel.
    Seeds,
    /// By queries only.
    Queries,
}

/// Mean squares of a two-way table of seeds and queries with one value per cell (Searle, Casella and McCulloch, *Variance
/// Components*, 1992, chapter 4). Their expected values are
/// `seeds: N * s² + e²`, `queries: S * q² + e²`, `rest: e²`,
/// with s² the variance between seeds, q² between queries, e² the residual variance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Squares {
    pub seeds: f64,
    pub queries: f64,
    pub rest: f64,
}

impl Outcomes {
    /// Takes `[seeds][queries]`; none without a seed, with fewer than two queries, or with rows of different lengths.
    pub fn new(seeds: Vec<Vec<f64>>) -> Option<Outcomes> {
        let queries = seeds.first()?.len();
        (queries >= 2 && seeds.iter().all(|seed| seed.len() == queries)).then_some(Outcomes { seeds })
    }

    /// Number of seeds.
    pub fn seeds(&self) -> usize {
        self.seeds.len()
    }

    /// Number of queries.
    pub fn queries(&self) -> usize {
        self.seeds[0].len()
    }

    /// The mean of each seed.
    pub fn by_seed(&self) -> Vec<f64> {
        self.seeds.iter().map(|seed| mean(seed)).collect()
    }

    /// The values, `[seeds][queries]`.
    pub fn values(&self) -> &[Vec<f64>] {
        &self.seeds
    }

    /// The mean of each query over the seeds.
    pub(crate) fn by_query(&self) -> Vec<f64> {
        let sum = |query: usize| self.seeds.iter().map(|seed| seed[query]).sum::<f64>();
        (0..self.queries()).map(|query| sum(query) / self.seeds() as f64).collect()
    }

    /// `self - other`, elementwise; both must have the same shape.
    pub(crate) fn minus(&self, other: &Outcomes) -> Outcomes {
        let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a - b).collect();
        Outcomes { seeds: self.seeds.iter().zip(&other.seeds).map(row).collect() }
    }

    /// The mean squares; `seeds` and `rest` are NaN for one seed.
    pub(crate) fn squares(&self) -> Squares {
        let (seeds, queries) = (self.seeds() as f64, self.queries() as f64);
        let (by_seed, by_query) = (self.by_seed(), self.by_query());
        let middle = mean(&by_seed);
        let off = |values: &[f64]| values.iter().map(|v| (v - middle) * (v - middle)).sum::<f64>();
        let all: f64 = self.seeds.iter().map(|seed| off(seed)).sum();
        let (between_seeds, between_queries) = (queries * off(&by_seed), seeds * off(&by_query));
        let rest = (all - between_seeds - between_queries).max(0.0);
        Squares {
            seeds: between_seeds / (seeds - 1.0),
            queries: between_queries / (queries - 1.0),
            rest: rest / ((seeds - 1.0) * (queries - 1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_squares_are_those_of_a_worked_table() {
        // Means of seeds 2 and 4, of queries 2, 2, 5; grand mean 3.
        let table = Outcomes::new(vec![vec![1.0, 2.0, 3.0], vec![3.0, 2.0, 7.0]]).unwrap();
        let squares = table.squares();
        assert!((squares.seeds - 6.0).abs() < 1e-12, "3 * (1 + 1) / 1");
        assert!((squares.queries - 6.0).abs() < 1e-12, "2 * (1 + 1 + 4) / 2");
        // Sum of squares 4 + 1 + 0 + 0 + 1 + 16 = 22; 22 - 6 - 12 = 4, with (2 - 1)(3 - 1) degrees of freedom.
        assert!((squares.rest - 2.0).abs() < 1e-12);
    }

    #[test]
    fn tables_that_do_not_fit_are_rejected() {
        assert!(Outcomes::new(vec![]).is_none());
        assert!(Outcomes::new(vec![vec![1.0]]).is_none());
        assert!(Outcomes::new(vec![vec![1.0, 0.0], vec![1.0]]).is_none());
    }
}
