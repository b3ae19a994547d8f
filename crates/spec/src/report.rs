//! An error with all problems of a spec.

use std::{error::Error, fmt};

use clip_lab_diagnostics::{Problem, render};

/// All problems of one spec; displays as text with carets.
#[derive(Debug)]
pub struct Report {
    /// The file, as given by the user.
    pub file: String,
    /// The text that the spans refer to.
    pub text: String,
    /// The problems, at least one.
    pub problems: Vec<Problem>,
}

impl Report {
    /// The problems of the text of `file`.
    pub fn new(file: &str, text: &str, problems: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), problems }
    }

    /// Renders the problems in file order, for a terminal (`colour`) or a log.
    pub fn render(&self, colour: bool) -> String {
        render(&self.file, &self.text, &self.problems, colour)
    }

    /// Their number and file: `2 problems in lit.toml`.
    pub fn summary(&self) -> String {
        let problems = if self.problems.len() == 1 { "problem" } else { "problems" };
        format!("{} {problems} in {}", self.problems.len(), clip_lab_escape::line(&self.file))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.render(false), self.summary())
    }
}

impl Error for Report {}
