//! Problems in a TOML file, shown where they are: file, line, a caret and the nearest right name.
//!
//! Specs, studies and dashboards are all read with this; nothing here knows what they mean.

mod near;
mod render;

pub use near::nearest;
pub use render::render;

use std::ops::Range;

use toml::{Spanned, de::DeTable};

mod aliases;

/// A place in the text: a range of bytes.
pub type Place = Range<usize>;

/// One thing that is wrong, in a sentence, with the place where it can be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// Where; none when the whole file is meant.
    pub place: Option<Place>,
    /// Short words beside the caret.
    pub label: String,
    /// Other places that take part in the fault, with words for each.
    pub also: Vec<(Place, String)>,
    /// What else one should know, such as who wrote the line.
    pub note: Option<String>,
    /// What to do next.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at `place`.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), ..Self::new(message) }
    }

    /// A problem of the file as a whole.
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

    /// Words beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What else one should know.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// What to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A second place that takes part in the fault.
    pub fn also(mut self, place: Place, words: impl Into<String>) -> Self {
        self.also.push((place, words.into()));
        self
    }

    /// An unknown name at `place`: suggests the nearest of `known`, or lists them all.
    pub fn unknown(place: Place, message: impl Into<String>, name: &str, known: &[&str]) -> Self {
        let problem = Self::at(place, message);
        let problem = match nearest(name, known) {
            Some(near) => problem.label(format!("did you mean `{near}`?")),
            None => problem,
        };
        aliases::suggest(problem, name, known).help(format!("known: {}", known.join(", ")))
    }
}

/// The problem that the TOML parser itself reports for text that is not TOML.
pub fn syntax(error: &toml::de::Error) -> Problem {
    let message = error.message().trim().replace('\n', ", ");
    match error.span() {
        Some(place) => Problem::at(place, message),
        None => Problem::new(message),
    }
}

/// Parses a file. The text is never freed: a process reads a few kilobytes of them, and that costs less than a
/// lifetime in every signature.
///
/// # Errors
/// When it is not TOML.
pub fn parse(text: String) -> Result<DeTable<'static>, toml::de::Error> {
    DeTable::parse(text.leak()).map(Spanned::into_inner)
}
