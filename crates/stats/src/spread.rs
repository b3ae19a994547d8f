//! Variance components of a mean.

use crate::{
    outcomes::{Outcomes, Pairing, Squares},
    student::mean,
};

/// Smaller differences are rounding errors: outcomes are of order 1.
const ROUNDING: f64 = 1e-12;

/// A mean over queries and seeds with the variation due to each.
pub(crate) struct Spread {
    /// The mean.
    pub centre: f64,
    /// Its value per query.
    pub queries: Vec<f64>,
    /// Factor that shrinks query resamples towards the mean.
    pub shrink: f64,
    /// The variation due to seeds; none for a single seed.
    pub seeds: Option<Student>,
}

/// A scaled Student's t distribution.
#[derive(Clone, Copy)]
pub(crate) struct Student {
    pub scale: f64,
    pub dof: f64,
}

impl Spread {
    /// The mean of an arm, or of differences paired by seed.
    ///
    /// With `S` seeds and `N` queries the variance of the mean is `s²/S + q²/N + e²/(SN)`. The seeds contribute
    /// `seeds / (SN)`, which includes the last term; resampling the means by query contributes `queries / (SN)`, which
    /// includes it again. Shrinking the resamples by `sqrt(1 - rest / queries)` removes the second copy (the estimator of
    /// Hillis, *Statistics in Medicine* 26, 2007, with readers for seeds and cases for queries). A bootstrap that resamples
    /// both counts the term three times (A. Owen, *The pigeonhole bootstrap*, Annals of Applied Statistics 1, 2007).
    pub fn of(outcomes: &Outcomes) -> Spread {
        let (queries, squares) = (outcomes.by_query(), outcomes.squares());
        let several = outcomes.seeds() > 1;
        let rest = if several { squares.rest } else { 0.0 };
        Spread {
            centre: mean(&queries),
            shrink: shrink(rest, squares.queries, queries.len()),
            seeds: several.then(|| student(outcomes, squares)),
            queries,
        }
    }

    /// The difference `arm - reference` over the same queries.
    ///
    /// Unpaired seeds contribute per arm, with Satterthwaite's degrees of freedom as in Welch's t; they are ignored if an
    /// arm has a single seed.
    pub fn between(arm: &Outcomes, reference: &Outcomes, pairing: Pairing) -> Spread {
        if pairing == Pairing::Seeds {
            return Spread::of(&arm.minus(reference));
        }
        let queries: Vec<f64> = arm.by_query().iter().zip(reference.by_query()).map(|(a, b)| a - b).collect();
        let (centre, both) = (mean(&queries), [arm, reference]);
        let off: f64 = queries.iter().map(|part| (part - centre) * (part - centre)).sum();
        let between = off / (queries.len() as f64 - 1.0);
        let several = both.iter().all(|outcomes| outcomes.seeds() > 1);
        let squares = both.map(Outcomes::squares);
        let rest = both.iter().zip(squares).map(|(outcomes, s)| s.rest / outcomes.seeds() as f64).sum();
        Spread {
            centre,
            shrink: shrink(if several { rest } else { 0.0 }, between, queries.len()),
            seeds: several.then(|| sum(student(arm, squares[0]), student(reference, squares[1]))),
            queries,
        }
    }

    /// Whether queries or seeds vary.
    pub fn varies(&self) -> bool {
        let queries = self.queries.iter().any(|part| (part - self.centre).abs() > ROUNDING);
        queries && self.shrink > 0.0 || self.seeds.is_some_and(|student| student.scale > ROUNDING)
    }
}

fn student(outcomes: &Outcomes, squares: Squares) -> Student {
    let cells = (outcomes.seeds() * outcomes.queries()) as f64;
    Student { scale: (squares.seeds / cells).sqrt(), dof: outcomes.seeds() as f64 - 1.0 }
}

/// Approximates the difference of two scaled t distributions; a constant 0 adds nothing.
fn sum(a: Student, b: Student) -> Student {
    let (va, vb) = (a.scale * a.scale, b.scale * b.scale);
    let dof = (va + vb) * (va + vb) / (va * va / a.dof + vb * vb / b.dof);
    Student { scale: (va + vb).sqrt(), dof: if va + vb > 0.0 { dof } else { a.dof } }
}

/// The factor on deviations between queries that leaves only their own variance. Also corrects the bootstrap variance
/// from n to n - 1 (Hesterberg, *What teachers should know about the bootstrap*, The American Statistician 69, 2015).
fn shrink(rest: f64, between: f64, queries: usize) -> f64 {
    let theirs = if between > 0.0 { (1.0 - rest / between).max(0.0) } else { 0.0 };
    (theirs * queries as f64 / (queries as f64 - 1.0)).sqrt()
}
