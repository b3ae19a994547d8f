//! The metric names of log calls, kept so that a call does not copy them.

use std::sync::{Mutex, PoisonError};

use super::record::Names;

/// How many different lists of names are kept; a program has a handful.
const KEPT: usize = 32;

/// Lists of names seen, the latest first.
#[derive(Default)]
pub struct Shapes(Mutex<Vec<Names>>);

impl Shapes {
    /// The names of `points`, shared with earlier calls that named the same metrics in the same order.
    pub fn of(&self, points: &[(&str, f64)]) -> Names {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |names: &Names| {
            names.0.len() == points.len() && names.0.iter().zip(points).all(|(a, b)| a == b.0)
        };
        if let Some(at) = seen.iter().position(same) {
            seen.swap(0, at);
            return seen[0].clone();
        }
        let names = Names::from(points.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>());
        seen.truncate(KEPT - 1);
        seen.insert(0, names.clone());
        names
    }
}
