//! Parses a study file into a [`Study`], with a span for every problem.

use std::path::{Path, PathBuf};

use clip_lab_diagnostics::{Place, Problem, syntax};
use toml_edit::{Document, Item, Table, TableLike};

use super::{
    ARM_KEYS, Arm, MAX_COUNT, Study, TOP_KEYS,
    base::Bases,
    edits::{Origin, edits},
    fields::{Fields, Placed},
};
use crate::{Edit, Report, edit::Editor, invalid_name_reason};

pub(super) fn study(file: &Path, text: &str) -> Result<Study, Report> {
    let name = file.display().to_string();
    let report = |problems| Report::new(&name, text, problems);
    // The `toml` parser reports syntax errors in the same words as for specs.
    clip_lab_diagnostics::parse(text.to_owned()).map_err(|error| report(vec![syntax(&error)]))?;
    let document = Document::parse(text).map_err(|error| report(vec![Problem::new(error.message())]))?;
    let mut reader = Reader {
        folder: file.parent().unwrap_or(Path::new("")),
        origin: Origin { file: &name, text },
        bases: Bases::default(),
        problems: Vec::new(),
    };
    let study = reader.study(file, document.as_table());
    match study {
        Some(study) if reader.problems.is_empty() => Ok(study),
        _ => Err(report(reader.problems)),
    }
}

struct Reader<'a> {
    folder: &'a Path,
    origin: Origin<'a>,
    bases: Bases,
    problems: Vec<Problem>,
}

/// Shared by all arms.
struct Shared {
    base: Option<Placed<PathBuf>>,
    edits: Vec<Placed<Edit>>,
}

impl Reader<'_> {
    fn study(&mut self, file: &Path, table: &Table) -> Option<Study> {
        let fields = Fields { table, name: "the study".into(), place: 0..0 };
        fields.report_unknown(&TOP_KEYS, &mut self.problems);
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = match table.get("name") {
            Some(_) => fields.text("name", &mut self.problems),
            None => stem.map(|stem| (stem, 0..0)),
        };
        let name = name.map(|named| self.check_name("the study", named));
        let question = fields.text("question", &mut self.problems).map(|(question, _)| question);
        let metric = self.metric(&fields);
        let seeds = self.required(&fields, "seeds", "seeds = [0, 1, 2]", |fields, key, problems| {
            fields.seeds(key, problems)
        });
        let reference = fields.text("reference", &mut self.problems);
        let shared =
            Shared { base: self.base(&fields), edits: edits(&fields, self.origin, &mut self.problems) };
        let arms = self.arms(&fields, &shared);
        let reference = self.reference(reference, &arms)?;
        let arms = arms.into_iter().map(|(arm, _)| arm).collect();
        Some(Study {
            file: file.to_owned(),
            name: name?,
            question,
            metric: metric?,
            seeds: seeds?.0,
            reference,
            arms,
        })
    }

    /// Reports an invalid name.
    fn check_name(&mut self, what: &str, (name, place): Placed<String>) -> String {
        let problem =
            invalid_name_reason(&name).map(|reason| Problem::at(place, format!("{what}: `name` {reason}")));
        self.problems.extend(problem);
        name
    }

    fn required<T>(
        &mut self,
        fields: &Fields,
        key: &str,
        example: &str,
        read: impl Fn(&Fields, &str, &mut Vec<Problem>) -> Option<Placed<T>>,
    ) -> Option<Placed<T>> {
        if !fields.table.contains_key(key) {
            let problem = Problem::new(format!("{} has no `{key}`", fields.name));
            self.problems.push(problem.help(format!("add `{example}` above the first table")));
        }
        read(fields, key, &mut self.problems)
    }

    fn metric(&mut self, fields: &Fields) -> Option<String> {
        let example = "metric = \"test/retrieval/t2i/hit@1\"";
        let (metric, place) =
            self.required(fields, "metric", example, |fields, key, problems| fields.text(key, problems))?;
        let split = metric
            .split_once('/')
            .filter(|(split, rest)| ["val", "test"].contains(split) && !rest.is_empty());
        if split.is_none() {
            let message =
                "the study: `metric` must name a split and a metric, such as `test/retrieval/t2i/hit@1`";
            self.problems.push(Problem::at(place, message));
        }
        Some(metric)
    }

    /// The base spec, relative to the study; reports one that cannot be read.
    fn base(&mut self, fields: &Fields) -> Option<Placed<PathBuf>> {
        let (base, place) = fields.text("base", &mut self.problems)?;
        let base = self.folder.join(base);
        if let Err(why) = self.bases.text(&base) {
            self.problems.push(Problem::at(place, format!("{}: `base`: {why}", fields.name)));
            return None;
        }
        Some((base, place))
    }

    fn arms(&mut self, study: &Fields, shared: &Shared) -> Vec<Placed<Arm>> {
        let tables = tables(study.table.get("arm"));
        if tables.as_ref().is_none_or(Vec::is_empty) {
            let problem = Problem::new("the study has no [[arm]]");
            self.problems.push(problem.help("add an [[arm]] with a `name` for each variant to compare"));
        }
        let count = tables.as_ref().map_or(0, Vec::len);
        if count > MAX_COUNT {
            let message = format!(
                "the study has {count} arms; at most {MAX_COUNT} are allowed: split it into several studies"
            );
            self.problems.push(Problem::new(message));
            return Vec::new();
        }
        let needs_base = !study.table.contains_key("base");
        let mut arms: Vec<Placed<Arm>> = Vec::new();
        for (table, place) in tables.into_iter().flatten() {
            let Some((arm, place)) = self.arm(table, place, shared, needs_base) else { continue };
            if let Some((_, first)) = arms.iter().find(|(other, _)| other.name == arm.name) {
                let problem = Problem::at(place.clone(), format!("two arms are named `{}`", arm.name));
                self.problems.push(problem.also(first.clone(), "the first"));
            }
            arms.push((arm, place));
        }
        arms
    }

    fn arm(
        &mut self,
        table: &dyn TableLike,
        place: Place,
        shared: &Shared,
        needs_base: bool,
    ) -> Option<Placed<Arm>> {
        let mut fields = Fields { table, name: "an arm".into(), place: place.clone() };
        let Some((name, named)) = fields.text("name", &mut self.problems) else {
            if !table.contains_key("name") {
                let problem = Problem::at(place, "an arm has no name");
                self.problems.push(problem.help("add `name = \"...\"` to this [[arm]]"));
            }
            return None;
        };
        fields.name = format!("arm `{name}`");
        let name = self.check_name(&fields.name, (name, named.clone()));
        fields.report_unknown(&ARM_KEYS, &mut self.problems);
        let own = edits(&fields, self.origin, &mut self.problems);
        let averaged = self.averaged(&fields);
        let base = match table.contains_key("base") {
            true => self.base(&fields),
            false => shared.base.clone(),
        };
        if needs_base && !table.contains_key("base") {
            let problem = Problem::at(named.clone(), format!("{} has no base spec", fields.name));
            self.problems.push(problem.help("add `base = \"SPEC.toml\"` to the study, or to the arm"));
        }
        let edits: Vec<Placed<Edit>> = shared.edits.iter().cloned().chain(own).collect();
        let Some((base, _)) = base else {
            // The problem is already reported; `reference` may still name the arm.
            return Some((
                Arm { name, averaged, base: PathBuf::new(), text: String::new(), edits: Vec::new() },
                named,
            ));
        };
        let text = self.bases.text(&base).unwrap_or_default().to_owned();
        self.check_edits(&fields, &text, &edits);
        let edits = edits.into_iter().map(|(edit, _)| edit).collect();
        Some((Arm { name, base, averaged, text, edits }, named))
    }

    /// Whether an arm is evaluated with its averaged weights.
    fn averaged(&mut self, fields: &Fields) -> bool {
        let Some((weights, place)) = fields.text("weights", &mut self.problems) else { return false };
        if !["raw", "ema"].contains(&weights.as_str()) {
            let message = format!("{}: `weights` must be \"raw\" or \"ema\"", fields.name);
            self.problems.push(Problem::at(place, message));
        }
        weights == "ema"
    }

    /// Applies the edits once and reports those that fail. An edit of the study for all arms is reported once.
    fn check_edits(&mut self, fields: &Fields, text: &str, edits: &[Placed<Edit>]) {
        let Some(mut editor) = Editor::new(text) else { return };
        for (edit, place) in edits {
            let Err(why) = editor.apply(edit) else { continue };
            let reported = self.problems.iter().any(|problem| problem.place.as_ref() == Some(place));
            if !reported {
                self.problems.push(Problem::at(place.clone(), format!("{}: {why}", fields.name)));
            }
        }
    }

    /// The reference arm: the one named, else the first.
    fn reference(&mut self, named: Option<Placed<String>>, arms: &[Placed<Arm>]) -> Option<String> {
        let names: Vec<&str> = arms.iter().map(|(arm, _)| arm.name.as_str()).collect();
        let Some((name, place)) = named else { return names.first().map(|name| (*name).to_owned()) };
        if !names.contains(&name.as_str()) && !names.is_empty() {
            let message = format!("the study: `reference`: there is no arm `{name}`");
            self.problems.push(Problem::unknown(place, message, &name, &names));
        }
        Some(name)
    }
}

/// The tables of `[[arm]]`, inline or not. None if it is not a list of tables.
fn tables(item: Option<&Item>) -> Option<Vec<(&dyn TableLike, Place)>> {
    match item? {
        Item::ArrayOfTables(list) => {
            Some(list.iter().map(|table| (table as &dyn TableLike, table.span().unwrap_or(0..0))).collect())
        }
        item => {
            let table = |value: &'_ toml_edit::Value| value.span().unwrap_or(0..0);
            let list = item.as_array()?;
            list.iter()
                .map(|value| Some((value.as_inline_table()? as &dyn TableLike, table(value))))
                .collect()
        }
    }
}
