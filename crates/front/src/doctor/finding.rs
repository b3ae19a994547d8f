//! One thing that was looked at.

use clip_lab_board::text::{width, wrap};
use clip_lab_cli::paint;
use serde::Serialize;
use serde_json::Value;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it should be.
    Good,
    /// Works, with something to know or to do.
    Remark,
    /// Needed, and broken.
    Broken,
}

/// What was found, what it means, and what to do.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was looked at, in a word.
    pub topic: &'static str,
    /// How it stands.
    pub mark: Mark,
    /// What was found.
    pub found: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The same in numbers and names.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub facts: Value,
}

impl Finding {
    /// As it should be.
    pub fn good(topic: &'static str, found: impl Into<String>) -> Self {
        Self { topic, mark: Mark::Good, found: found.into(), advice: None, facts: Value::Null }
    }

    /// Something to know, and what to do about it.
    pub fn remark(topic: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { mark: Mark::Remark, advice: Some(advice.into()), ..Self::good(topic, found) }
    }

    /// Needed and broken, and what mends it.
    pub fn broken(topic: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { mark: Mark::Broken, ..Self::remark(topic, found, advice) }
    }

    /// The same with facts for programs.
    pub fn with(self, facts: Value) -> Self {
        Self { facts, ..self }
    }

    /// A line, and what to do below it, folded at `width` columns.
    pub fn lines(&self, ascii: bool, colour: bool, width: usize) -> String {
        let (sign, word, style) = match self.mark {
            Mark::Good => ("✓", "ok  ", "32"),
            Mark::Remark => ("!", "note", "33"),
            Mark::Broken => ("✗", "BAD ", "1;31"),
        };
        let sign = paint(if ascii { word } else { sign }, style, colour);
        let indent = if ascii { 18 } else { 15 };
        let said =
            std::iter::once(self.found.as_str()).chain(self.advice.iter().flat_map(|advice| advice.lines()));
        let lines = said.flat_map(|line| folded(line, width.saturating_sub(indent)));
        let blank = " ".repeat(indent);
        let begin = format!("{sign} {:<12} ", self.topic);
        let begins = std::iter::once(begin.as_str()).chain(std::iter::repeat(blank.as_str()));
        begins.zip(lines).map(|(begin, line)| format!("{begin}{line}\n")).collect()
    }
}

/// Lines of at most `room` columns; where a word is longer, such as a path, the terminal may fold it.
fn folded(line: &str, room: usize) -> Vec<String> {
    let fits = line.split_whitespace().all(|word| width(word) <= room);
    if fits { wrap(line, room) } else { vec![line.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_and_what_next() {
        let finding = Finding::broken("store", "locked", "close it\nor wait");
        assert_eq!(
            finding.lines(false, false, 80),
            "✗ store        locked\n               close it\n               or wait\n"
        );
        let narrow = Finding::good("cache", "one two three").lines(false, false, 24);
        assert_eq!(narrow, "✓ cache        one two\n               three\n");
        let path = Finding::good("store", "/a/very/long/path is there").lines(false, false, 24);
        assert_eq!(path, "✓ store        /a/very/long/path is there\n", "a path can be copied");
        assert!(finding.lines(true, false, 80).starts_with("BAD  store"));
        let coloured = finding.lines(false, true, 80);
        assert!(clip_lab_escape::terminal(&coloured).starts_with("\u{1b}[1;31m✗\u{1b}[0m store"));
    }
}
