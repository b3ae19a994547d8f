//! What `dashboard NAME` shows: a run, else a study (in the layout of that name, if any), else a layout.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clip_lab_board::layout;
use clip_lab_problem::nearest;
use clip_lab_spec::Study;
use clip_lab_store::{Reader, RunRow, StoreError};

use crate::{Mistakes, study::holds_study};

/// What a name means.
#[derive(Debug, Default, PartialEq)]
pub struct Named {
    /// The layout to show.
    pub layout: Option<PathBuf>,
    /// The filter of the runs to show.
    pub runs: Option<String>,
    /// The uid of the run to select.
    pub focus: Option<String>,
    /// What the user must know about the choice.
    pub note: Option<String>,
}

/// What `name` means in the store at `store`.
///
/// # Errors
/// When nothing has that name, with the nearest one; a beginning of several uids; a study file with mistakes.
pub fn named(store: &Path, name: &str) -> Result<Named> {
    let runs = runs(store)?;
    let layout = layout::find(store, Path::new(name));
    if let Some(run) = run(store, name)? {
        let uids: Vec<String> = runs
            .iter()
            .filter(|other| other.uid == run.uid || other.name == name)
            .map(|run| format!("uid={}", run.uid))
            .collect();
        let note = layout
            .map(|_| format!("`{name}` is a run, and a layout too: `--layout {name}` shows the layout"));
        return Ok(Named { runs: Some(uids.join(" | ")), focus: Some(run.uid), note, layout: None });
    }
    if let Some(study) = study(&runs, name)? {
        let layout = layout.filter(|_| study == name);
        let note = layout.as_ref().map(|_| {
            format!("the study `{name}` in the layout of that name; `--layout live` is the usual one")
        });
        return Ok(Named { runs: Some(of_study(&runs, &study)), layout, note, focus: None });
    }
    match layout {
        Some(layout) => Ok(Named { layout: Some(layout), ..Named::default() }),
        None => Err(unknown(store, &runs, name)),
    }
}

/// The runs of the store; none where there is no store yet.
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
        // A short name such as `0` may begin several uids and still be something else.
        Err(StoreError::Ambiguous { .. }) if layout::find(store, Path::new(name)).is_some() => Ok(None),
        Err(other) => bail!(other),
    }
}

/// The study of that name, or the one that the file of that name describes.
fn study(runs: &[RunRow], name: &str) -> Result<Option<String>> {
    let file = Path::new(name);
    if file.is_file() && holds_study(file) {
        return Ok(Some(Study::read(file).map_err(Mistakes::in_words)?.name));
    }
    Ok(runs.iter().filter_map(|run| run.study.clone()).find(|study| study == name))
}

/// By name, so that runs that the study starts later appear; by uid where a filter cannot quote the name.
fn of_study(runs: &[RunRow], study: &str) -> String {
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
    let hint = match nearest(name, &known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; `clip-lab runs list` lists runs, and layouts are {}", layouts.join(", ")),
    };
    let missing =
        if store.exists() { String::new() } else { format!(" (there is no store at {})", store.display()) };
    Mistakes::in_words(format!("no run, study or layout is called `{name}`{missing}{hint}"))
}

#[cfg(test)]
mod tests {
    use clip_lab_store::{NewRun, Recorder, Status, new_uid};

    use super::*;

    /// A run called as a layout, two of one name, and a study.
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
    fn a_run_comes_before_a_layout_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let lit = named(&store, "lit").unwrap();
        assert_eq!((lit.layout, lit.focus.as_deref()), (None, Some(uids(&store, "lit")[0].as_str())));
        assert_eq!(lit.note.unwrap(), "`lit` is a run, and a layout too: `--layout lit` shows the layout");
        let twice = named(&store, "twice").unwrap();
        assert_eq!(twice.runs.unwrap().matches("uid=").count(), 2, "all runs of a name");
        assert_eq!(twice.note, None);
        let by_uid = named(&store, &uids(&store, "lit")[0].to_lowercase()).unwrap();
        assert_eq!(by_uid.focus.as_deref(), Some(uids(&store, "lit")[0].as_str()));
    }

    #[test]
    fn a_study_is_shown_by_its_name_and_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let tricks = named(&store, "tricks").unwrap();
        assert_eq!(tricks.runs.as_deref(), Some("study=\"tricks\""));
        assert_eq!(tricks.layout, Some("tricks".into()), "in the layout that is named after it");
        assert!(tricks.note.unwrap().contains("the study `tricks` in the layout of that name"));
        let file =
            named(&store, concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/tricks.toml")).unwrap();
        assert_eq!((file.runs.as_deref(), file.layout), (Some("study=\"tricks\""), None));
    }

    #[test]
    fn what_is_only_a_layout_is_shown_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        assert_eq!(
            named(&store, "towers").unwrap(),
            Named { layout: Some("towers".into()), ..Named::default() }
        );
        let none = folder.path().join("none.db");
        assert_eq!(named(&none, "lit").unwrap().layout, Some("lit".into()), "without a store too");
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let says = |name: &str| named(&store, name).unwrap_err().to_string();
        assert!(says("twce").contains("no run, study or layout is called `twce`; did you mean `twice`?"));
        assert!(says("towrs").contains("did you mean `towers`?"));
        assert!(says("zzzzzzzz").contains("layouts are"), "{}", says("zzzzzzzz"));
        let none = folder.path().join("none.db");
        assert!(named(&none, "zzzz").unwrap_err().to_string().contains("there is no store at"));
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
        assert_eq!(of_study(&[run("A"), run("B")], "a\"b"), "uid=A | uid=B");
    }
}
