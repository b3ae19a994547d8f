//! An untrusted store: its text must not control a terminal, imitate our output, or become markup or a formula.

use std::{collections::BTreeSet, fs};

use crate::common::{Lab, TestRun};
use clip_lab_cli::{CompareArgs, ListArgs, ReportArgs};
use clip_lab_escape::{is_hidden, terminal};
use clip_lab_store::{ConfigEntry, Goal, Level, NewArtifact, NewRun, Recorder, Status, Store, Tick, new_uid};
use clip_lab_viewer::{compare::compare, report::report, runs};

/// Sets the window title, clears the screen, changes colours, reverses text, and imitates lines of our output.
const BAD: &str = "=x\u{1b}]0;t\u{7}\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{200b}\rFORGED\nFORGED line\n\n# <img src=x onerror=alert(1)>";

/// Records a run with [`BAD`] in every string.
fn record_bad_run(lab: &Lab) {
    let uid = new_uid();
    let bad = || BAD.to_owned();
    let mut run = NewRun {
        uid,
        name: bad(),
        study: Some(bad()),
        arm: Some(bad()),
        goal_metric: Some(bad()),
        config: vec![ConfigEntry { key: format!("a.{BAD}"), value: bad(), origin: bad() }],
        ..NewRun::default()
    };
    run.environment.git_commit = Some(bad());
    run.environment.device = Some(bad());
    run.environment.cpu = Some(bad());
    run.environment.host = Some(bad());
    run.environment.versions.insert(bad(), bad());
    let recorder = Recorder::start(&lab.store(), run).unwrap();
    recorder.describe_metric(BAD, BAD, Goal::Up);
    recorder.log(Tick { step: 1, epoch: 1.0, samples: 1 }, &[(BAD, 1.0)]);
    recorder.event(Level::Warning, BAD, None, BAD);
    recorder.artifact(NewArtifact {
        kind: bad(),
        name: bad(),
        step: None,
        path: BAD.into(),
        bytes: 1,
        digest: None,
    });
    assert_eq!(recorder.finish(Status::Finished, Some(BAD)), None);
    let store = Store::open(&lab.store()).unwrap();
    let id = store.reader().unwrap().runs().unwrap()[0].id;
    store.tag(id, BAD).unwrap();
    store.note(id, BAD).unwrap();
}

/// Checks output as a terminal gets it.
#[track_caller]
fn harmless(printed: &str) {
    let shown = terminal(printed);
    assert!(!shown.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'), "{shown:?}");
    assert!(!shown.lines().any(|line| line.trim_start().starts_with("FORGED")), "{shown}");
    assert!(shown.contains("FORGED"), "the text is missing: {shown}");
}

/// Whether HTML of a name is neither escaped nor in code.
fn is_markup(markdown: &str) -> bool {
    let text = markdown.replace("\\`", "").replace("\\<", "");
    text.lines().any(|line| line.split('`').step_by(2).any(|part| part.contains("<img")))
}

#[test]
fn printed_text_of_a_run_is_escaped() {
    let lab = Lab::new();
    record_bad_run(&lab);
    let store = lab.store();
    let uid = clip_lab_store::Reader::open(&store).unwrap().runs().unwrap()[0].uid.clone();
    let list = |columns: &[&str]| ListArgs {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        ..ListArgs::default()
    };
    harmless(&runs::list(&store, &list(&[])).unwrap());
    harmless(&runs::list(&store, &list(&["+host", "notes", BAD])).unwrap());
    harmless(&runs::show(&store, &uid, false).unwrap());
    harmless(&runs::metrics(&store, &uid, false).unwrap());
    harmless(&runs::tag(&store, &uid, &["fine".to_owned()], false, false).unwrap());
    harmless(&runs::note(&store, &uid, BAD, false).unwrap());
    lab.add(TestRun::of("clip", 0));
    harmless(&runs::diff(&store, &uid, "clip", false).unwrap());
    let ask = |args: CompareArgs| {
        compare(&store, &CompareArgs { what: vec![uid.clone()], metric: vec![BAD.to_owned()], ..args })
            .unwrap()
    };
    harmless(&ask(CompareArgs::default()));
    harmless(&ask(CompareArgs { csv: true, ..CompareArgs::default() }));
    let markdown = ask(CompareArgs { markdown: true, ..CompareArgs::default() });
    harmless(&markdown);
    assert!(!markdown.contains("\n# ") && !is_markup(&markdown), "{markdown}");
    let errors = [
        runs::show(&store, &format!("nobody {BAD}"), false).unwrap_err().to_string(),
        runs::list(&store, &ListArgs { filter: Some(format!("{BAD}=(")), ..list(&[]) })
            .unwrap_err()
            .to_string(),
        runs::list(&store, &list(&["nothing\u{1b}[2J"])).unwrap_err().to_string(),
    ];
    for error in errors {
        let shown = clip_lab_cli::message(&error);
        assert!(!terminal(&shown).lines().any(|line| line.starts_with("FORGED")), "{shown}");
    }
}

#[test]
fn exported_text_of_a_run_is_neither_markup_nor_a_formula() {
    let lab = Lab::new();
    record_bad_run(&lab);
    lab.add(TestRun::of("clip", 0));
    let all = clip_lab_store::Reader::open(&lab.store()).unwrap().runs().unwrap();
    let uid = all.into_iter().find(|run| run.name == BAD).unwrap().uid;
    let out = lab.store().with_file_name("report");
    let args =
        ReportArgs { what: vec![uid], metric: vec![BAD.into()], out: out.clone(), ..ReportArgs::default() };
    harmless(&report(&lab.store(), &args).unwrap());
    let read = |file: &str| fs::read_to_string(out.join(file)).unwrap();
    let (page, markdown) = (read("report.html"), read("report.md"));
    assert!(!page.contains("<img src=x"), "{page}");
    assert!(!is_markup(&markdown), "{markdown}");
    let headings: BTreeSet<&str> = markdown.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(headings.len(), 1, "{headings:?}");
    for file in ["comparison.csv", "runs.csv", "settings.csv"] {
        let text = read(&format!("data/{file}"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for cell in
            reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        {
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
            assert!(!formula, "{file}: {cell}");
        }
    }
}
