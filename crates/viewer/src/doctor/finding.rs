//! The result of one check.

use clip_lab_chart::text::{width, wrap};
use clip_lab_cli::paint;
use serde::Serialize;
use serde_json::Value;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Severity {
    /// No problem.
    #[serde(rename = "good")]
    Ok,
    /// Works, but could be improved.
    #[serde(rename = "remark")]
    Note,
    /// Required, and does not work.
    #[serde(rename = "broken")]
    Error,
}

/// A finding and its fix.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The subject of the check.
    pub topic: &'static str,
    /// The severity.
    #[serde(rename = "mark")]
    pub severity: Severity,
    /// What was found.
    pub found: String,
    /// How to fix or improve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The finding as data.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

impl Finding {
    /// A finding without a problem.
    pub fn ok(topic: &'static str, found: impl Into<String>) -> Self {
        Self { topic, severity: Severity::Ok, found: found.into(), advice: None, details: Value::Null }
    }

    /// A note with advice.
    pub fn note(topic: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { severity: Severity::Note, advice: Some(advice.into()), ..Self::ok(topic, found) }
    }

    /// Something required that does not work, and how to fix it.
    pub fn error(topic: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::note(topic, found, advice) }
    }

    /// Adds the details for `--json`.
    pub fn with(self, details: Value) -> Self {
        Self { details, ..self }
    }

    /// The finding with its advice below, wrapped at `width` columns.
    pub fn lines(&self, ascii: bool, colour: bool, width: usize) -> String {
        let (sign, ascii_sign, style) = match self.severity {
            Severity::Ok => ("✓", "ok  ", "32"),
            Severity::Note => ("!", "note", "33"),
            Severity::Error => ("✗", "BAD ", "1;31"),
        };
        let sign = paint(if ascii { ascii_sign } else { sign }, style, colour);
        let indent = if ascii { 18 } else { 15 };
        let text =
            std::iter::once(self.found.as_str()).chain(self.advice.iter().flat_map(|advice| advice.lines()));
        let lines = text.flat_map(|line| wrapped(line, width.saturating_sub(indent)));
        let blank = " ".repeat(indent);
        let begin = format!("{sign} {:<12} ", self.topic);
        let begins = std::iter::once(begin.as_str()).chain(std::iter::repeat(blank.as_str()));
        begins.zip(lines).map(|(begin, line)| format!("{begin}{line}\n")).collect()
    }
}

/// Lines of at most `columns` columns. A line with a longer word, such as a path, is left to the terminal.
fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let fits = line.split_whitespace().all(|word| width(word) <= columns);
    if fits { wrap(line, columns) } else { vec![line.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_prints_the_problem_and_the_advice() {
        let finding = Finding::error("store", "locked", "close it\nor wait");
        assert_eq!(
            finding.lines(false, false, 80),
            "✗ store        locked\n               close it\n               or wait\n"
        );
        let narrow = Finding::ok("cache", "one two three").lines(false, false, 24);
        assert_eq!(narrow, "✓ cache        one two\n               three\n");
        let path = Finding::ok("store", "/a/very/long/path is there").lines(false, false, 24);
        assert_eq!(path, "✓ store        /a/very/long/path is there\n", "a path is not wrapped");
        assert!(finding.lines(true, false, 80).starts_with("BAD  store"));
        let coloured = finding.lines(false, true, 80);
        assert!(clip_lab_escape::terminal(&coloured).starts_with("\u{1b}[1;31m✗\u{1b}[0m store"));
    }
}
