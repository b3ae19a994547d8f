//! Recording order and natural order of metrics.

use std::cmp::Ordering;

use super::Reader;
use crate::{RunId, StoreError};

impl Reader {
    /// The metric names of a run in the order they were first recorded: metrics logged layer by layer stay in layer
    /// order.
    pub fn metric_order(&self, run: RunId) -> Result<Vec<String>, StoreError> {
        self.db.with("reading the metrics", async |conn| {
            sqlx::query_scalar("SELECT name FROM metric WHERE run = ? ORDER BY id")
                .bind(run.0)
                .fetch_all(conn)
                .await
        })
    }
}

/// Natural order: numbers in names compare by value, `hit@1`, `hit@5`, `hit@10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(char_a), Some(char_b)) = (left.chars().next(), right.chars().next()) {
        let ((number_a, rest_a), (number_b, rest_b)) = (digits(left), digits(right));
        let order = match number_a.is_empty() || number_b.is_empty() {
            true => char_a.cmp(&char_b),
            false => numeric_key(number_a).cmp(&numeric_key(number_b)),
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = match number_a.is_empty() {
            true => (&left[char_a.len_utf8()..], &right[char_b.len_utf8()..]),
            false => (rest_a, rest_b),
        };
    }
    // Names that differ only in leading zeros still have a total order.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Splits off the leading digits.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// A sort key that orders numbers of any length by value.
fn numeric_key(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_by_size() {
        let mut names = ["hit@10", "hit@5", "hit@1", "hit", "layer10.b", "layer9.c", "layer9.a", "a01", "a1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["a01", "a1", "hit", "hit@1", "hit@5", "hit@10", "layer9.a", "layer9.c", "layer10.b"]
        );
    }

    #[test]
    fn natural_is_a_total_order() {
        let letters = ["0", "1", "2", "@", "é"];
        let longer = |all: Vec<String>| all.iter().flat_map(|a| letters.map(|b| format!("{a}{b}"))).collect();
        let two: Vec<String> = longer(letters.map(str::to_owned).to_vec());
        let mut names: Vec<String> = [vec![String::new()], two.clone(), longer(two)].concat();
        names.sort_by(|a, b| natural(a, b));
        for (at, a) in names.iter().enumerate() {
            for (other, b) in names.iter().enumerate() {
                assert_eq!(natural(a, b), at.cmp(&other), "{a} {b}");
            }
        }
    }
}
