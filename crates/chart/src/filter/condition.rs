//! The condition on runs that the store evaluates before a filter.

use std::ops::RangeInclusive;

use clip_lab_store::{MetricValue, NamedCondition, NumberField, RunCondition, Status, TextField};

use super::{
    expr::{Expr, Field, Value, compare},
    lex::Op,
    subject::{Statistic, status_texts},
};

/// The texts that a bare word is searched in, as `Subject::texts` lists them.
const WORD_FIELDS: [TextField; 6] =
    [TextField::Name, TextField::Uid, TextField::Study, TextField::Arm, TextField::Tag, TextField::Note];

/// A condition that every run meets which matches `expr`. Other runs may meet it too: what is negated is left out.
pub fn condition(expr: &Expr) -> RunCondition {
    match expr {
        Expr::And(parts) => RunCondition::all(parts.iter().map(condition)),
        Expr::Or(parts) => RunCondition::any(parts.iter().map(condition)),
        Expr::Word(word) => RunCondition::any(WORD_FIELDS.map(|field| text(field, word))),
        Expr::Not(_) | Expr::Has(_) | Expr::Field { op: Op::Ne, .. } => RunCondition::Every,
        Expr::Field { field, op, value, .. } => comparison(field, *op, value),
    }
}

fn comparison(field: &Field, op: Op, value: &Value) -> RunCondition {
    let text = |field| if op.needs_number() { RunCondition::Every } else { text(field, &value.text) };
    let number = |field| match range(op, value) {
        Some(range) => RunCondition::Number(field, range),
        None => RunCondition::Every,
    };
    match field.name.as_str() {
        "name" => text(TextField::Name),
        "uid" => text(TextField::Uid),
        "study" => text(TextField::Study),
        "arm" => text(TextField::Arm),
        "tag" | "tags" => text(TextField::Tag),
        "note" | "notes" => text(TextField::Note),
        "reason" => text(TextField::Reason),
        "host" => text(TextField::Host),
        "goal" => text(TextField::Goal),
        "status" => RunCondition::Status(
            Status::ALL.into_iter().filter(|status| compare(&status_texts(*status), op, value)).collect(),
        ),
        "seed" => number(NumberField::Seed),
        "step" => number(NumberField::Step),
        "steps" => number(NumberField::TotalSteps),
        "epoch" => number(NumberField::Epoch),
        "samples" => number(NumberField::Samples),
        "attempt" => number(NumberField::Attempt),
        "seconds" => number(NumberField::Seconds),
        "progress" => number(NumberField::Progress),
        _ => named(field, op, value),
    }
}

fn named(field: &Field, op: Op, value: &Value) -> RunCondition {
    let part = (!op.needs_number()).then(|| literal(&value.text));
    let range = range(op, value);
    let infinite = value.number.is_some_and(|number| !number.is_finite());
    if infinite || part.as_deref() == Some("") || (part.is_none() && range.is_none()) {
        return RunCondition::Every;
    }
    let values: &'static [MetricValue] = match field.statistic {
        Statistic::Last => &[MetricValue::Last],
        Statistic::Min => &[MetricValue::Min],
        Statistic::Max => &[MetricValue::Max],
        Statistic::Best => &[MetricValue::Last, MetricValue::Min, MetricValue::Max],
    };
    RunCondition::Named(NamedCondition { name: field.name.clone(), part, range, values })
}

fn text(field: TextField, pattern: &str) -> RunCondition {
    match literal(pattern) {
        part if part.is_empty() => RunCondition::Every,
        part => RunCondition::Text(field, part),
    }
}

/// The longest part of a pattern between its `*`, in lower case.
fn literal(pattern: &str) -> String {
    let longest = pattern.split('*').max_by_key(|part| part.len());
    longest.unwrap_or_default().to_lowercase()
}

/// The numbers that a comparison accepts; none if it accepts none, or if its number is infinite.
fn range(op: Op, value: &Value) -> Option<RangeInclusive<f64>> {
    let number = value.number.filter(|number| number.is_finite())?;
    Some(match op {
        Op::Lt | Op::Le => f64::NEG_INFINITY..=number,
        Op::Gt | Op::Ge => number..=f64::INFINITY,
        Op::Contains | Op::Eq | Op::Ne => number..=number,
    })
}
