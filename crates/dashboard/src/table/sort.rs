//! The order of the table.

use std::cmp::Ordering;

/// The value of a column to sort by.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// Missing; always last.
    Missing,
}

impl Value {
    /// A number; [`Value::Missing`] if it is missing or NaN.
    pub fn number(value: Option<f64>) -> Value {
        value.filter(|value| !value.is_nan()).map_or(Value::Missing, Value::Number)
    }

    /// Text; [`Value::Missing`] if it is missing or empty.
    pub fn text(text: Option<&str>) -> Value {
        text.filter(|text| !text.is_empty()).map_or(Value::Missing, |text| Value::Text(text.to_lowercase()))
    }

    /// Their order; missing values come last in either direction.
    pub fn order(&self, other: &Value, descending: bool) -> Ordering {
        let directed = |order: Ordering| if descending { order.reverse() } else { order };
        match (self, other) {
            (Value::Missing, Value::Missing) => Ordering::Equal,
            (Value::Missing, _) => Ordering::Greater,
            (_, Value::Missing) => Ordering::Less,
            (Value::Number(a), Value::Number(b)) => directed(a.total_cmp(b)),
            (Value::Text(a), Value::Text(b)) => directed(a.cmp(b)),
            (Value::Number(_), Value::Text(_)) => directed(Ordering::Less),
            (Value::Text(_), Value::Number(_)) => directed(Ordering::Greater),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_come_last_in_either_direction() {
        let values =
            [Value::number(None), Value::number(Some(2.0)), Value::number(Some(1.0)), Value::text(Some("A"))];
        let sorted = |descending| {
            let mut order: Vec<usize> = (0..values.len()).collect();
            order.sort_by(|a, b| values[*a].order(&values[*b], descending));
            order
        };
        assert_eq!(sorted(false), [2, 1, 3, 0]);
        assert_eq!(sorted(true), [3, 1, 2, 0]);
        assert_eq!(Value::number(Some(f64::NAN)), Value::Missing);
    }
}
