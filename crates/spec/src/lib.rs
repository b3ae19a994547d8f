//! Experiment specs as text: tables, the span of every key, and edits that preserve comments and order.
//!
//! Independent of plugins and tensors: the planner interprets the tables.

mod changes;
mod edit;
mod name;
mod place;
mod report;
pub mod secret;
mod source;
pub mod study;

use std::{io, path::Path};

use clip_lab_diagnostics::{Place, Problem, parse, syntax};
use clip_lab_files::{MIB, read_text_capped};
use toml::de::DeTable;

pub use changes::{Changes, changes};
pub use edit::{Change, Edit};
pub use name::invalid_name_reason;
pub use report::Report;
pub use source::Source;
pub use study::{Arm, Study};

use edit::{Editor, WrittenKey};

/// The largest spec or study, bytes.
const MAX_SPEC: u64 = 16 * MIB;
/// More problems than these are reported on the edited text.
const MAX_PLACED: usize = 1000;

/// Reads a file that may be a spec or a study.
///
/// # Errors
/// If it cannot be read, is not a regular file, is larger than 16 MiB or not UTF-8.
pub fn read_spec_text(path: &Path) -> io::Result<String> {
    read_text_capped(path, MAX_SPEC)
}

/// A spec parsed as TOML; the planner interprets its tables.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The text that runs.
    pub source: Source,
    /// Its tables.
    pub tables: DeTable<'static>,
    /// Edits that failed: reported with all other problems.
    pub problems: Vec<Problem>,
    /// Whether the user trusts it to load code: true for a file given by the user that will run, false for text from a
    /// store or next to a checkpoint.
    pub trusted: bool,
    /// Every `--set` as typed, including failed ones.
    pub overrides: Vec<String>,
    written: Vec<Written>,
    original: Original,
}

/// The span of a key that an edit wrote.
#[derive(Debug, Clone)]
struct Written {
    by: String,
    place: Place,
}

/// The text before any edit: origins refer to its lines, and reports quote it if possible.
#[derive(Debug, Clone)]
struct Original {
    file: String,
    text: String,
    tables: DeTable<'static>,
}

impl Spec {
    /// Reads a spec from a file and applies the `--set`s.
    ///
    /// # Errors
    /// If the file cannot be read or is not TOML.
    pub fn read(path: &Path, sets: &[String]) -> Result<Self, Report> {
        let file = path.display().to_string();
        match read_spec_text(path) {
            Ok(text) => Self::parse(&file, &text, sets),
            Err(error) => {
                let problem = Problem::new(format!("cannot read the spec: {error}"));
                Err(Report::new(&file, "", vec![problem]))
            }
        }
    }

    /// Parses a spec from text; `file` is its name in messages.
    ///
    /// # Errors
    /// If it is not TOML.
    pub fn parse(file: &str, text: &str, sets: &[String]) -> Result<Self, Report> {
        let named = |set: &String| Edit::from_set(set).map_err(|why| format!("`--set {set}`: {why}"));
        let overrides = sets.to_vec();
        Ok(Self { overrides, ..Self::edited(file, text, sets.iter().map(named))? })
    }

    /// Parses a spec from text and edits it; failed edits are added to its problems.
    ///
    /// # Errors
    /// If it is not TOML.
    pub fn edited(
        file: &str,
        text: &str,
        edits: impl IntoIterator<Item = Result<Edit, String>>,
    ) -> Result<Self, Report> {
        let not_toml = |text: &str, error| Report::new(file, text, vec![syntax(&error)]);
        let before = parse(text.to_owned()).map_err(|error| not_toml(text, error))?;
        let original = Original { file: file.to_owned(), text: text.to_owned(), tables: before };
        let (text, wrote, problems) = apply(text, edits);
        let tables = parse(text.clone()).map_err(|error| not_toml(&text, error))?;
        let written = wrote
            .into_iter()
            .filter_map(|wrote| Some(Written { place: place::find(&tables, &wrote.path)?, by: wrote.by }));
        let written = written.collect();
        let source = Source { file: file.to_owned(), text };
        Ok(Self { source, tables, problems, trusted: false, overrides: Vec::new(), written, original })
    }

    /// The same spec, trusted to load code.
    pub fn into_trusted(self) -> Self {
        Self { trusted: true, ..self }
    }

    /// Whether the user wrote the value of `section.key`: in a `--set`, or in a trusted spec.
    pub fn is_user_written(&self, section: &str, key: &str) -> bool {
        let path: Vec<String> = section.split('.').chain([key]).map(str::to_owned).collect();
        let sets = self.overrides.iter().filter_map(|set| edit::path(set.split_once('=')?.0));
        self.trusted || sets.into_iter().any(|set| set == path)
    }

    /// Whether a dotted path exists.
    pub fn has(&self, path: &str) -> bool {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        place::find(&self.tables, &path).is_some()
    }

    /// The problems as a report: on the original file if no problem is on a line that an edit wrote, else (and if there are
    /// very many) on the edited text, with a note on those lines.
    pub fn report(&self, problems: Vec<Problem>) -> Report {
        if self.original.text == self.source.text {
            return Report::new(&self.original.file, &self.original.text, problems);
        }
        // Each takes time that is linear in the spec.
        let few = problems.len() <= MAX_PLACED;
        let unedited = || problems.iter().map(|problem| self.unedited(problem)).collect::<Option<Vec<_>>>();
        let unedited = few.then(unedited).flatten();
        if let Some(problems) = unedited {
            return Report::new(&self.original.file, &self.original.text, problems);
        }
        let noted = problems.into_iter().map(|problem| match self.writer(&problem) {
            Some(by) => problem.note(format!("{by} wrote this")),
            None => problem,
        });
        Report::new(&self.source.file, &self.source.text, noted.collect())
    }

    /// The source of the value `section.key` at `place`: `override` or `FILE:LINE`.
    pub fn origin(&self, section: &str, key: &str, place: &Place) -> String {
        if self.written.iter().any(|written| place::overlap(&written.place, place)) {
            return "override".into();
        }
        let path: Vec<String> = section.split('.').chain([key]).map(str::to_owned).collect();
        // A key inherited from [data.train] has another path in the original; use the edited text.
        let (text, start) = match place::find(&self.original.tables, &path) {
            Some(found) => (&self.original.text, found.start),
            None => (&self.source.text, place.start),
        };
        format!("{}:{}", self.source.file, place::line(text, start))
    }

    /// The problem with its spans in the original text; none if an edit wrote one of them.
    fn unedited(&self, problem: &Problem) -> Option<Problem> {
        let place = |place: &Place| {
            let before = place::before(&self.tables, &self.original.tables, place)?;
            (self.original.text.get(before.clone()) == self.source.text.get(place.clone())).then_some(before)
        };
        let also = problem.also.iter().map(|(at, label)| Some((place(at)?, label.clone())));
        let also = also.collect::<Option<Vec<_>>>()?;
        let at = match &problem.place {
            Some(at) => Some(place(at)?),
            None => None,
        };
        Some(Problem { place: at, also, ..problem.clone() })
    }

    fn writer(&self, problem: &Problem) -> Option<&str> {
        let place = problem.place.as_ref()?;
        let written = self.written.iter().rfind(|written| place::overlap(&written.place, place))?;
        Some(&written.by)
    }
}

/// The text after every edit, the keys written, and a problem for each failed edit.
fn apply(
    text: &str,
    edits: impl IntoIterator<Item = Result<Edit, String>>,
) -> (String, Vec<WrittenKey>, Vec<Problem>) {
    let mut edits = edits.into_iter().peekable();
    let Some(mut editor) = Editor::new(text).filter(|_| edits.peek().is_some()) else {
        return (text.to_owned(), Vec::new(), Vec::new());
    };
    let mut problems = Vec::new();
    for edit in edits {
        let done = edit.and_then(|edit| editor.apply(&edit).map_err(|why| format!("{}: {why}", edit.by)));
        problems.extend(done.err().map(Problem::new));
    }
    let (text, wrote) = editor.finish();
    (text, wrote, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An untrusted file must not take forever.
    #[test]
    fn very_many_problems_are_reported_quickly() {
        let text: String = (0..50_000).map(|key| format!("k{key} = 1\n")).collect();
        for sets in [vec![], vec!["run.seed=1".to_owned()]] {
            let started = std::time::Instant::now();
            let spec = Spec::parse("a.toml", &text, &sets).unwrap();
            let keys = spec.tables.iter();
            let problems = keys.map(|(key, _)| Problem::at(key.span(), "is unknown")).collect();
            assert!(spec.report(problems).problems.len() >= 50_000);
            assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
        }
    }
}
