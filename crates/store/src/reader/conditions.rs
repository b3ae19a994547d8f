//! Conditions on runs in SQL.

use std::ops::RangeInclusive;

use super::{
    names::{METRICS, Names, SETTINGS},
    statement::{Statement, Value},
};
use crate::{MetricValue, NamedCondition, NumberField, RequiredData, RunCondition, Status, TextField};

/// A longer condition is not evaluated in SQL, which limits the depth of expressions and the number of values.
const MAX_SIZE: usize = 200;

/// The condition in SQL; none for every run. `indexed`: whether settings and metrics are indexed by name.
pub fn sql(condition: &RunCondition, indexed: bool) -> Option<Statement> {
    if condition.size() <= MAX_SIZE { part(condition, indexed) } else { None }
}

fn part(condition: &RunCondition, indexed: bool) -> Option<Statement> {
    match condition {
        RunCondition::Every => None,
        RunCondition::All(parts) => {
            let parts: Vec<_> = parts.iter().filter_map(|one| part(one, indexed)).collect();
            (!parts.is_empty()).then(|| Statement::joined("(", parts, " AND ", ")"))
        }
        RunCondition::Any(parts) => {
            let parts = parts.iter().map(|one| part(one, indexed)).collect::<Option<Vec<_>>>()?;
            (!parts.is_empty()).then(|| Statement::joined("(", parts, " OR ", ")"))
        }
        RunCondition::Text(field, part) => Some(text(*field, part)),
        RunCondition::Status(statuses) => Some(status(statuses)),
        RunCondition::Number(field, range) => Some(between(number(*field), range)),
        RunCondition::Named(named) => self::named(named).filter(|_| indexed),
    }
}

fn text(field: TextField, part: &str) -> Statement {
    let of_table = |table: &str, column: &str| {
        Statement::new(format!("id IN (SELECT run FROM {table} WHERE "))
            .then(contains(column, part))
            .text(")")
    };
    match field {
        TextField::Name => contains("name", part),
        TextField::Uid => contains("uid", part),
        TextField::Study => contains("study", part),
        TextField::Arm => contains("arm", part),
        TextField::Reason => contains("reason", part),
        TextField::Host => contains("host", part),
        TextField::Goal => contains("goal_metric", part),
        TextField::Tag => of_table("tag", "tag"),
        TextField::Note => of_table("note", "text"),
    }
}

/// Whether the lower-case text of a column contains `part`. A text that is not ASCII may always: SQLite does not know its
/// lower case. Nor can it see what follows a NUL, where the lengths differ too.
fn contains(column: &str, part: &str) -> Statement {
    let other = format!("length({column}) <> length(CAST({column} AS BLOB))");
    match part.is_ascii() {
        true => Statement::new("").with(
            &format!("(instr(lower({column}), ?) > 0 OR {other})"),
            [Value::Text(part.to_ascii_lowercase())],
        ),
        false => Statement::new(format!("({other})")),
    }
}

/// A run whose heartbeat has stopped is stored as running.
fn status(statuses: &[Status]) -> Statement {
    let stored = statuses.iter().map(|status| match status {
        Status::Stalled | Status::Crashed => Status::Running.as_str(),
        stored => stored.as_str(),
    });
    let list: Vec<String> = stored.map(|name| format!("'{name}'")).collect();
    Statement::new(format!("status IN ({})", list.join(", ")))
}

/// As `runs::run` reads it.
fn number(field: NumberField) -> &'static str {
    match field {
        NumberField::Seed => "seed + iif(seed < 0, 18446744073709551616.0, 0)",
        NumberField::Step => "max(step, 0)",
        NumberField::TotalSteps => "max(total_steps, 0)",
        NumberField::Epoch => "epoch",
        NumberField::Samples => "max(samples, 0)",
        NumberField::Attempt => "iif(attempt BETWEEN 0 AND 4294967295, attempt, 0)",
        NumberField::Seconds => "active_ms / 1000.0",
        NumberField::Progress => "max(step, 0) * 1.0 / total_steps",
    }
}

fn between(number: &str, range: &RangeInclusive<f64>) -> Statement {
    // SQLite rounds when it reads and computes numbers.
    let margin = |bound: f64| if bound.is_finite() { bound.abs() * 1e-9 + 1e-300 } else { 0.0 };
    let (low, high) = (range.start() - margin(*range.start()), range.end() + margin(*range.end()));
    Statement::new("").with(&format!("({number} BETWEEN ? AND ?)"), [Value::Real(low), Value::Real(high)])
}

/// None if it has neither a part nor a range: no run meets it, but the names in it must be checked.
fn named(condition: &NamedCondition) -> Option<Statement> {
    let NamedCondition { name, part, range, values } = condition;
    let required = RequiredData { names: vec![name.clone()], ..RequiredData::default() };
    let of_runs = |names: Names, tests: Vec<Statement>| {
        let tests = (!tests.is_empty()).then(|| Statement::joined("(", tests, " OR ", ")"))?;
        let runs = Statement::new(format!("id IN (SELECT run FROM {} WHERE ", names.table));
        Some(runs.then(names.requested(&required, true)?).text(" AND ").then(tests).text(")"))
    };
    let mut settings: Vec<Statement> = part.iter().map(|part| contains("value", part)).collect();
    if let Some(range) = range {
        settings.push(between("CAST(value AS REAL)", range));
        // What Rust reads as a number and SQLite does not.
        settings.push(Statement::new("lower(ltrim(value, '+-')) IN ('inf', 'infinity', 'nan')"));
    }
    let metrics = range
        .iter()
        .flat_map(|range| values.iter().map(move |value| between(metric_column(*value), range)))
        .collect();
    let parts: Vec<Statement> =
        [of_runs(SETTINGS, settings), of_runs(METRICS, metrics)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Statement::joined("(", parts, " OR ", ")"))
}

fn metric_column(value: MetricValue) -> &'static str {
    match value {
        MetricValue::Last => "last",
        MetricValue::Min => "min",
        MetricValue::Max => "max",
    }
}
