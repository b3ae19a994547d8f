//! The order of the table.

use std::cmp::Ordering;

/// The value of a column to sort by.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Text.
    Words(String),
    /// Missing; always last.
    Nothing,
}

impl Value {
    /// A number; [`Value::Nothing`] if it is missing or NaN.
    pub fn number(value: Option<f64>) -> Value {
        value.filter(|value| !value.is_nan()).map_or(Value::Nothing, Value::Number)
    }

    /// Text; [`Value::Nothing`] if it is missing or empty.
    pub fn words(words: Option<&str>) -> Value {
        words
            .filter(|words| !words.is_empty())
            .map_or(Value::Nothing, |words| Value::Words(words.to_lowercase()))
    }

    /// Their order; missing values come last in either direction.
    pub fn order(&self, other: &Value, falling: bool) -> Ordering {
        let turned = |order: Ordering| if falling { order.reverse() } else { order };
        match (self, other) {
            (Value::Nothing, Value::Nothing) => Ordering::Equal,
            (Value::Nothing, _) => Ordering::Greater,
            (_, Value::Nothing) => Ordering::Less,
            (Value::Number(a), Value::Number(b)) => turned(a.total_cmp(b)),
            (Value::Words(a), Value::Words(b)) => turned(a.cmp(b)),
            (Value::Number(_), Value::Words(_)) => turned(Ordering::Less),
            (Value::Words(_), Value::Number(_)) => turned(Ordering::Greater),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_last_either_way() {
        let values = [
            Value::number(None),
            Value::number(Some(2.0)),
            Value::number(Some(1.0)),
            Value::words(Some("A")),
        ];
        let sorted = |falling| {
            let mut order: Vec<usize> = (0..values.len()).collect();
            order.sort_by(|a, b| values[*a].order(&values[*b], falling));
            order
        };
        assert_eq!(sorted(false), [2, 1, 3, 0]);
        assert_eq!(sorted(true), [3, 1, 2, 0]);
        assert_eq!(Value::number(Some(f64::NAN)), Value::Nothing);
    }
}
