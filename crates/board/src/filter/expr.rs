//! What a filter says, and whether it holds for a run.

use clip_lab_problem::Place;

use super::{
    lex::Op,
    subject::{Found, Pick, Subject},
};
use crate::layout::matches;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All of them; of none everything holds.
    And(Vec<Expr>),
    /// At least one of them.
    Or(Vec<Expr>),
    /// Not so.
    Not(Box<Expr>),
    /// Somewhere in the words of the run; lower case.
    Word(String),
    /// The run has something called so.
    Has(String),
    /// A comparison.
    Field {
        /// With what.
        field: Field,
        /// How.
        op: Op,
        /// The other side.
        value: Value,
        /// Where it stands.
        place: Place,
    },
}

/// The left side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name, as written.
    pub name: String,
    /// Which value, for a metric.
    pub pick: Pick,
    /// Where the name stands.
    pub place: Place,
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// As written.
    pub text: String,
    /// As a number, if it is one; `25%` is 0.25.
    pub number: Option<f64>,
}

impl Value {
    /// Reads a value.
    pub fn new(text: String) -> Value {
        let percent = text.strip_suffix('%').and_then(|share| share.parse::<f64>().ok()).map(|n| n / 100.0);
        // Words such as `inf` and `nan` are words.
        let digits = text.contains(|c: char| c.is_ascii_digit());
        let number = percent.or(text.parse().ok()).filter(|_| digits);
        Value { text, number }
    }
}

impl Op {
    /// Whether it needs numbers.
    pub fn orders(self) -> bool {
        matches!(self, Op::Less | Op::Most | Op::More | Op::Least)
    }
}

impl Expr {
    /// Whether it holds for `run`.
    pub fn holds(&self, run: &Subject) -> bool {
        match self {
            Expr::And(all) => all.iter().all(|expr| expr.holds(run)),
            Expr::Or(any) => any.iter().any(|expr| expr.holds(run)),
            Expr::Not(expr) => !expr.holds(run),
            Expr::Word(word) => run.words().any(|text| like(word, text)),
            Expr::Has(name) => run.has(name),
            Expr::Field { field, op: Op::Other, value, .. } => {
                !compare(&run.find(&field.name, field.pick), Op::Same, value)
            }
            Expr::Field { field, op, value, .. } => compare(&run.find(&field.name, field.pick), *op, value),
        }
    }
}

/// Whether `text` contains `pattern`; with a `*` in it, whether it is all of the text.
fn like(pattern: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    if pattern.contains('*') { matches(pattern, &text) } else { text.contains(pattern) }
}

fn compare(found: &Found, op: Op, value: &Value) -> bool {
    match (found, op) {
        (Found::Nothing | Found::Several(_), _) => false,
        (Found::Number(number), Op::Like | Op::Same) => value.number.is_some_and(|v| same(*number, v)),
        (Found::Number(number), _) => value.number.is_some_and(|v| ordered(*number, op, v)),
        (Found::Words(words), Op::Like) => {
            let pattern = value.text.to_lowercase();
            words.iter().any(|word| like(&pattern, word))
        }
        (Found::Words(words), Op::Same) => {
            words.iter().any(|word| word.to_lowercase() == value.text.to_lowercase())
        }
        (Found::Words(_), _) => false,
    }
}

fn ordered(a: f64, op: Op, b: f64) -> bool {
    match op {
        Op::Less => a < b,
        Op::Most => a <= b,
        Op::More => a > b,
        _ => a >= b,
    }
}

/// Equal but for the last digits, which differ between 0.1 + 0.2 and 0.3.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}
