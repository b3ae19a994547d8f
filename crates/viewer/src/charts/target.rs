//! Resolves NAME of `dashboard NAME`: a run, else a study (in the layout of that name, if any), else a layout.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clip_lab_chart::layout;
use clip_lab_diagnostics::suggest;
use clip_lab_spec::Study;
use clip_lab_store::{Reader, RunRow, StoreError};

use crate::{InvalidInput, study::is_study_file};

/// What the dashboard shows.
#[derive(Debug, Default, PartialEq)]
pub struct Target {
    /// The layout to show.
    pub layout: Option<PathBuf>,
    /// The filter of the runs to show.
    pub runs: Option<String>,
    /// The uid of the run to select.
    pub focus: Option<String>,
    /// A note to the user about the choice.
    pub note: Option<String>,
}

/// Resolves `name` in the store at `store`.
///
/// # Errors
/// If nothing has that name (with the nearest one), it is a prefix of several uids, or a study file has problems.
pub fn resolve(store: &Path, name: &str) -> Result<Target> {
    let runs = runs(store)?;
    let layout = layout::find(store, Path::new(name));
    if let Some(run) = run(store, name)? {
        let uids: Vec<String> = runs
            .iter()
            .filter(|other| other.uid == run.uid || other.name == name)
            .map(|run| format!("uid={}", run.uid))
            .collect();
        let note = layout
            .map(|_| format!("`{name}` is both a run and a layout: `--layout {name}` shows the layout"));
        return Ok(Target { runs: Some(uids.join(" | ")), focus: Some(run.uid), note, layout: None });
    }
    if let Some(study) = study(&runs, name)? {
        let layout = layout.filter(|_| study == name);
        let note = layout.as_ref().map(|_| {
            format!("showing the study `{name}` in the layout of that name; `--layout live` is the default")
        });
        return Ok(Target { runs: Some(study_filter(&runs, &study)), layout, note, focus: None });
    }
    match layout {
        Some(layout) => Ok(Target { layout: Some(layout), ..Target::default() }),
        None => Err(unknown(store, &runs, name)),
    }
}

/// The runs of the store; empty if there is no store yet.
fn runs(store: &Path) -> Result<Vec<RunRow>> {
    match Reader::open(store).and_then(|reader| reader.runs()) {
        Err(StoreError::Missing(_)) => Ok(Vec::new()),
        other => Ok(other?),
    }
}

fn run(store: &Path, name: &str) -> Result<Option<RunRow>> {
    match Reader::open(store).and_then(|reader| reader.run(name)) {
        Ok(run) => Ok(Some(run)),
        Err(StoreError::Missing(_) | StoreError::NoSuchRun { .. }) => Ok(None),
        // A short name such as `0` may be a prefix of several uids and also a layout.
        Err(StoreError::Ambiguous { .. }) if layout::find(store, Path::new(name)).is_some() => Ok(None),
        Err(other) => bail!(other),
    }
}

/// The study of that name, or of the study file of that name.
fn study(runs: &[RunRow], name: &str) -> Result<Option<String>> {
    let file = Path::new(name);
    if file.is_file() && is_study_file(file) {
        return Ok(Some(Study::read(file).map_err(InvalidInput::error)?.name));
    }
    Ok(runs.iter().filter_map(|run| run.study.clone()).find(|study| study == name))
}

/// A filter for a study: by name, so that later runs appear; by uid if the name cannot be quoted.
fn study_filter(runs: &[RunRow], study: &str) -> String {
    if !study.contains('"') {
        return format!("study=\"{study}\"");
    }
    let of = runs.iter().filter(|run| run.study.as_deref() == Some(study));
    of.map(|run| format!("uid={}", run.uid)).collect::<Vec<_>>().join(" | ")
}

fn unknown(store: &Path, runs: &[RunRow], name: &str) -> anyhow::Error {
    let layouts = layout::names(store);
    let mut known: Vec<&str> = layouts.iter().map(String::as_str).collect();
    known.extend(runs.iter().flat_map(|run| [Some(run.name.as_str()), run.study.as_deref()]).flatten());
    let hint = match suggest(name, &known) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; `clip-lab runs list` lists the runs, and the layouts are {}", layouts.join(", ")),
    };
    let missing =
        if store.exists() { String::new() } else { format!(" (there is no store at {})", store.display()) };
    InvalidInput::error(format!("no run, study or layout is named `{name}`{missing}{hint}"))
}

#[cfg(test)]
mod tests {
    use clip_lab_store::{NewRun, Recorder, Status, new_uid};

    use super::*;

    /// A store with a run named like a layout, two runs of one name, and a study.
    fn store(folder: &Path) -> PathBuf {
        let store = folder.join("clip-lab.db");
        for (name, study) in
            [("lit", None), ("twice", None), ("twice", None), ("tricks/ema/0", Some("tricks"))]
        {
            let uid = new_uid();
            let study = study.map(str::to_owned);
            let run = NewRun { name: name.to_owned(), study, uid, ..NewRun::default() };
            Recorder::start(&store, run).unwrap().finish(Status::Finished, None);
        }
        store
    }

    fn uids(store: &Path, name: &str) -> Vec<String> {
        let runs = Reader::open(store).unwrap().runs().unwrap();
        runs.into_iter().filter(|run| run.name == name).map(|run| run.uid).collect()
    }

    #[test]
    fn a_run_takes_precedence_over_a_layout_with_a_note() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let lit = resolve(&store, "lit").unwrap();
        assert_eq!((lit.layout, lit.focus.as_deref()), (None, Some(uids(&store, "lit")[0].as_str())));
        assert_eq!(lit.note.unwrap(), "`lit` is both a run and a layout: `--layout lit` shows the layout");
        let twice = resolve(&store, "twice").unwrap();
        assert_eq!(twice.runs.unwrap().matches("uid=").count(), 2, "all runs of a name");
        assert_eq!(twice.note, None);
        let by_uid = resolve(&store, &uids(&store, "lit")[0].to_lowercase()).unwrap();
        assert_eq!(by_uid.focus.as_deref(), Some(uids(&store, "lit")[0].as_str()));
    }

    #[test]
    fn a_study_is_shown_by_its_name_and_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let tricks = resolve(&store, "tricks").unwrap();
        assert_eq!(tricks.runs.as_deref(), Some("study=\"tricks\""));
        assert_eq!(tricks.layout, Some("tricks".into()), "in the layout of that name");
        assert!(tricks.note.unwrap().contains("the study `tricks` in the layout of that name"));
        let file =
            resolve(&store, concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/tricks.toml")).unwrap();
        assert_eq!((file.runs.as_deref(), file.layout), (Some("study=\"tricks\""), None));
    }

    #[test]
    fn what_is_only_a_layout_is_shown_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        assert_eq!(
            resolve(&store, "towers").unwrap(),
            Target { layout: Some("towers".into()), ..Target::default() }
        );
        let none = folder.path().join("none.db");
        assert_eq!(resolve(&none, "lit").unwrap().layout, Some("lit".into()), "without a store too");
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let error = |name: &str| resolve(&store, name).unwrap_err().to_string();
        assert!(error("twce").contains("no run, study or layout is named `twce`; did you mean `twice`?"));
        assert!(error("towrs").contains("did you mean `towers`?"));
        assert!(error("zzzzzzzz").contains("the layouts are"), "{}", error("zzzzzzzz"));
        let none = folder.path().join("none.db");
        assert!(resolve(&none, "zzzz").unwrap_err().to_string().contains("there is no store at"));
    }

    #[test]
    fn a_study_whose_name_holds_quotes_is_shown_by_uids() {
        let run = |uid: &str| -> RunRow {
            let folder = tempfile::tempdir().unwrap();
            let store = store(folder.path());
            let mut row = Reader::open(&store).unwrap().runs().unwrap().remove(0);
            (row.uid, row.study) = (uid.to_owned(), Some("a\"b".to_owned()));
            row
        };
        assert_eq!(study_filter(&[run("A"), run("B")], "a\"b"), "uid=A | uid=B");
    }
}
