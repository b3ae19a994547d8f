//! Filter expressions and their evaluation.

use clip_lab_diagnostics::Place;

use super::{
    lex::Op,
    subject::{Found, Statistic, Subject},
};
use crate::layout::matches;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All of them; empty matches every run.
    And(Vec<Expr>),
    /// Any of them.
    Or(Vec<Expr>),
    /// Negation.
    Not(Box<Expr>),
    /// A lower-case text in any text field of the run.
    Word(String),
    /// The run has a field, setting or metric of this name.
    Has(String),
    /// A comparison.
    Field {
        /// The left side.
        field: Field,
        /// The operator.
        op: Op,
        /// The right side.
        value: Value,
        /// Its span.
        place: Place,
    },
}

/// The left side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name, as written.
    pub name: String,
    /// For a metric, which value.
    pub statistic: Statistic,
    /// Span of the name.
    pub place: Place,
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The text as written.
    pub text: String,
    /// The parsed number, if it is one; `25%` is 0.25.
    pub number: Option<f64>,
}

impl Value {
    /// Parses a value.
    pub fn new(text: String) -> Value {
        let percent = text.strip_suffix('%').and_then(|share| share.parse::<f64>().ok()).map(|n| n / 100.0);
        // `inf` and `nan` are text.
        let digits = text.contains(|c: char| c.is_ascii_digit());
        let number = percent.or(text.parse().ok()).filter(|_| digits);
        Value { text, number }
    }
}

impl Op {
    /// Whether it requires a number.
    pub fn needs_number(self) -> bool {
        matches!(self, Op::Lt | Op::Le | Op::Gt | Op::Ge)
    }
}

impl Expr {
    /// Whether it matches `run`.
    pub fn matches(&self, run: &Subject) -> bool {
        match self {
            Expr::And(all) => all.iter().all(|expr| expr.matches(run)),
            Expr::Or(any) => any.iter().any(|expr| expr.matches(run)),
            Expr::Not(expr) => !expr.matches(run),
            Expr::Word(word) => run.texts().any(|text| contains(word, text)),
            Expr::Has(name) => run.has(name),
            Expr::Field { field, op: Op::Ne, value, .. } => {
                !compare(&run.find(&field.name, field.statistic), Op::Eq, value)
            }
            Expr::Field { field, op, value, .. } => {
                compare(&run.find(&field.name, field.statistic), *op, value)
            }
        }
    }
}

/// Whether `text` contains `pattern`; with a `*`, whether the pattern matches the whole text.
fn contains(pattern: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    if pattern.contains('*') { matches(pattern, &text) } else { text.contains(pattern) }
}

/// Whether what was found compares as `op` with `value`.
pub fn compare(found: &Found, op: Op, value: &Value) -> bool {
    match (found, op) {
        (Found::Missing | Found::Ambiguous(_), _) => false,
        (Found::Number(number), Op::Contains | Op::Eq) => value.number.is_some_and(|v| same(*number, v)),
        (Found::Number(number), _) => value.number.is_some_and(|v| ordered(*number, op, v)),
        (Found::Texts(texts), Op::Contains) => {
            let pattern = value.text.to_lowercase();
            texts.iter().any(|text| contains(&pattern, text))
        }
        (Found::Texts(texts), Op::Eq) => {
            texts.iter().any(|text| text.to_lowercase() == value.text.to_lowercase())
        }
        (Found::Texts(_), _) => false,
    }
}

fn ordered(a: f64, op: Op, b: f64) -> bool {
    match op {
        Op::Lt => a < b,
        Op::Le => a <= b,
        Op::Gt => a > b,
        _ => a >= b,
    }
}

/// Equality up to rounding, such as 0.1 + 0.2 = 0.3.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}
