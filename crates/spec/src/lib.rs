//! Experiments as text: a spec, its tables, the place of every key, and edits that keep comments and order.
//!
//! Nothing here knows plugins or tensors; what the tables mean is the planner's business.

mod changes;
mod edit;
mod name;
mod place;
mod report;
pub mod secret;
mod source;
pub mod study;

use std::{io, path::Path};

use clip_lab_files::{MIB, read_text_capped};
use clip_lab_problem::{Place, Problem, parse, syntax};
use toml::de::DeTable;

pub use changes::{Changes, changes};
pub use edit::{Change, Edit};
pub use name::name_fault;
pub use report::Report;
pub use source::Source;
pub use study::{Arm, Study};

use edit::{Editor, Wrote};

/// The largest spec or study.
const MOST_SPEC: u64 = 16 * MIB;

/// The text of a file that may be a spec or a study.
///
/// # Errors
/// When it cannot be read, is no regular file, too large or not UTF-8.
pub fn text_of(path: &Path) -> io::Result<String> {
    read_text_capped(path, MOST_SPEC)
}

/// A spec that is TOML; what its tables mean is the plan's business.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The text that runs.
    pub source: Source,
    /// Its tables.
    pub tables: DeTable<'static>,
    /// Edits that cannot be done: reported with everything else.
    pub problems: Vec<Problem>,
    /// Whether it is the user's own word that code which it names is opened: of a file that the user named, and not of a
    /// text from a store or beside a checkpoint, nor where nothing is to be run.
    pub own: bool,
    /// Every `--set` as it was typed, those that cannot be done too.
    pub overrides: Vec<String>,
    written: Vec<Written>,
    original: Original,
}

/// What an edit wrote and where it stands now.
#[derive(Debug, Clone)]
struct Written {
    by: String,
    place: Place,
}

/// The text before any edit: origins name its lines, and reports show it where they can.
#[derive(Debug, Clone)]
struct Original {
    file: String,
    text: String,
    tables: DeTable<'static>,
}

impl Spec {
    /// Reads a spec from a file and edits it as the `--set`s say.
    ///
    /// # Errors
    /// When the file cannot be read or is not TOML.
    pub fn read(path: &Path, sets: &[String]) -> Result<Self, Report> {
        let file = path.display().to_string();
        match text_of(path) {
            Ok(text) => Self::parse(&file, &text, sets),
            Err(error) => {
                let problem = Problem::new(format!("cannot read the spec: {error}"));
                Err(Report::new(&file, "", vec![problem]))
            }
        }
    }

    /// Takes a spec from a text, which messages call `file`.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn parse(file: &str, text: &str, sets: &[String]) -> Result<Self, Report> {
        let named = |set: &String| Edit::from_set(set).map_err(|why| format!("`--set {set}`: {why}"));
        let overrides = sets.to_vec();
        Ok(Self { overrides, ..Self::edited(file, text, sets.iter().map(named))? })
    }

    /// Takes a spec from a text and edits it; edits that cannot be done are among its problems.
    ///
    /// # Errors
    /// When it is not TOML.
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
        Ok(Self { source, tables, problems, own: false, overrides: Vec::new(), written, original })
    }

    /// The same, as the user's own word.
    pub fn as_own(self) -> Self {
        Self { own: true, ..self }
    }

    /// Whether the user typed the value of `section.key`: in a `--set`, or in a spec that is their own.
    pub fn is_typed(&self, section: &str, key: &str) -> bool {
        let path: Vec<String> = section.split('.').chain([key]).map(str::to_owned).collect();
        let sets = self.overrides.iter().filter_map(|set| edit::path(set.split_once('=')?.0));
        self.own || sets.into_iter().any(|set| set == path)
    }

    /// Whether something stands at a dotted path.
    pub fn has(&self, path: &str) -> bool {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        place::find(&self.tables, &path).is_some()
    }

    /// The problems as a report: on the file as it is where no problem is on a line that an edit wrote, else on the
    /// edited text, where those lines say so.
    pub fn report(&self, problems: Vec<Problem>) -> Report {
        let unedited: Option<Vec<Problem>> = problems.iter().map(|problem| self.unedited(problem)).collect();
        if let Some(problems) = unedited {
            return Report::new(&self.original.file, &self.original.text, problems);
        }
        let noted = problems.into_iter().map(|problem| match self.writer(&problem) {
            Some(by) => problem.note(format!("{by} wrote this")),
            None => problem,
        });
        Report::new(&self.source.file, &self.source.text, noted.collect())
    }

    /// Where the value at `place`, which the spec calls `section.key`, was written: `override` or `FILE:LINE`.
    pub fn origin(&self, section: &str, key: &str, place: &Place) -> String {
        if self.written.iter().any(|written| place::overlap(&written.place, place)) {
            return "override".into();
        }
        let path: Vec<String> = section.split('.').chain([key]).map(str::to_owned).collect();
        // A key taken over from [data.train] stands on another line than its name says; the edited text knows it.
        let (text, start) = match place::find(&self.original.tables, &path) {
            Some(found) => (&self.original.text, found.start),
            None => (&self.source.text, place.start),
        };
        format!("{}:{}", self.source.file, place::line(text, start))
    }

    /// The problem with its places in the text before the edits; none when an edit wrote one of them.
    fn unedited(&self, problem: &Problem) -> Option<Problem> {
        let place = |place: &Place| {
            let before = place::before(&self.tables, &self.original.tables, place)?;
            (self.original.text.get(before.clone()) == self.source.text.get(place.clone())).then_some(before)
        };
        let also = problem.also.iter().map(|(at, words)| Some((place(at)?, words.clone())));
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

/// The text after every edit, what they wrote, and a problem for each that cannot be done.
fn apply(
    text: &str,
    edits: impl IntoIterator<Item = Result<Edit, String>>,
) -> (String, Vec<Wrote>, Vec<Problem>) {
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
