//! Diagnostics for TOML files: file, line, a caret and the closest valid name.
//!
//! Used for specs, studies, dashboards and filters; independent of their schemas.

mod aliases;
mod render;
mod suggest;

pub use render::render;
pub use suggest::suggest;

use std::ops::Range;

use toml::{Spanned, de::DeTable};

/// A span of the text, in bytes.
pub type Place = Range<usize>;

/// A diagnostic: a message with its span, label and hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The error, without a full stop.
    pub message: String,
    /// Its span; none for the whole file.
    pub place: Option<Place>,
    /// Short text beside the caret.
    pub label: String,
    /// Secondary spans, each with a label.
    pub also: Vec<(Place, String)>,
    /// Context, such as the `--set` that wrote the line.
    pub note: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at `place`.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), ..Self::new(message) }
    }

    /// A problem of the whole file.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            label: String::new(),
            also: Vec::new(),
            note: None,
            help: None,
        }
    }

    /// Sets the text beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the note.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Sets the help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a secondary span with its label.
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.also.push((place, label.into()));
        self
    }

    /// An unknown name at `place`: suggests the closest of the valid names `known`, and lists them all.
    pub fn unknown(place: Place, message: impl Into<String>, name: &str, known: &[&str]) -> Self {
        let problem = Self::at(place, message);
        let problem = match suggest(name, known) {
            Some(name) => problem.label(format!("did you mean `{name}`?")),
            None => problem,
        };
        aliases::label_alias(problem, name, known).help(format!("known: {}", known.join(", ")))
    }
}

/// Converts a syntax error of the TOML parser.
pub fn syntax(error: &toml::de::Error) -> Problem {
    let message = error.message().trim().replace('\n', ", ");
    match error.span() {
        Some(place) => Problem::at(place, message),
        None => Problem::new(message),
    }
}

/// Parses a TOML document. Leaks the text: a process parses a few kilobytes, and this keeps lifetimes out of every
/// signature.
///
/// # Errors
/// If the text is not valid TOML.
pub fn parse(text: String) -> Result<DeTable<'static>, toml::de::Error> {
    DeTable::parse(text.leak()).map(Spanned::into_inner)
}
