//! The order of the table.

use std::cmp::Ordering;

/// What a column says of a run, to sort by.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Words.
    Words(String),
    /// Nothing; always at the end.
    Nothing,
}

impl Value {
    /// A number, if there is one and it is one.
    pub fn number(value: Option<f64>) -> Value {
        value.filter(|value| !value.is_nan()).map_or(Value::Nothing, Value::Number)
    }

    /// Words, if there are any.
    pub fn words(words: Option<&str>) -> Value {
        words
            .filter(|words| !words.is_empty())
            .map_or(Value::Nothing, |words| Value::Words(words.to_lowercase()))
    }

    /// Their order; what says nothing comes last either way.
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
