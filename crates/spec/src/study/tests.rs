//! Parsing a valid study, and the exact messages for invalid ones.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::*;

const LIT: &str = "name = \"lit\" # locked\n\n[run]\nseed = 9\nepochs = 8\n\n[model]\nlock = \"Lu\"\n\n\
                   [optimizer]\nplugin = \"adamw\"\nlr = 1e-3\n\n[[augment]]\nplugin = \"flip\"\n";

const STUDY: &str = "question = \"does locking pay?\"\nbase = \"lit.toml\"\nmetric = \"test/retrieval/t2i/hit@1\"\n\
seeds = [0, 1]\nreference = \"Lu\"\nset = { \"run.epochs\" = 4 }\n\n[[arm]]\nname = \"Lu\"\n\n\
[[arm]]\nname = \"UU\"\nset.model.lock = \"UU\"\nset.optimizer = { plugin = \"sgd\" }\n\n\
[[arm]]\nname = \"plain\"\ndrop = [\"augment\"]\nadd.trick = [{ plugin = \"ema\", decay = 0.99 }]\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lit.toml"), LIT).unwrap();
    fs::write(folder.path().join("broken.toml"), "name =\n").unwrap();
    folder
}

fn parse(text: &str) -> Result<Study, Report> {
    let folder = folder();
    Study::parse(&folder.path().join("locks.toml"), text)
}

fn spec(study: &Study, arm: &str) -> String {
    study.spec(study.arm(arm).unwrap(), 1, &[]).unwrap().source.text
}

#[test]
fn a_study_is_its_arms() {
    let study = parse(STUDY).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!((study.name.as_str(), study.reference.as_str()), ("locks", "Lu"));
    assert_eq!((study.seeds.as_slice(), study.arms.len()), ([0, 1].as_slice(), 3));
    let head = LIT.replace("seed = 9\nepochs = 8", "seed = 1\nepochs = 4");
    assert_eq!(spec(&study, "Lu"), head);
    let changed = head.replace("lock = \"Lu\"", "lock = \"UU\"");
    assert_eq!(spec(&study, "UU"), changed.replace("\"adamw\"\nlr = 1e-3\n", "\"sgd\"\n"));
    let (before, _) = head.split_once("\n[[augment]]").unwrap();
    assert_eq!(spec(&study, "plain"), format!("{before}\n[[trick]]\nplugin = \"ema\"\ndecay = 0.99\n"));
    assert!(study.arm("UUU").unwrap_err().contains("did you mean `UU`?"));
}

#[test]
fn command_line_sets_come_last_except_for_the_seed() {
    let study = parse(STUDY).unwrap();
    let sets = ["run.epochs=2".to_owned(), "run.seed=5".to_owned(), "run".to_owned()];
    let spec = study.spec(&study.arms[0], 1, &sets).unwrap();
    assert_eq!(spec.source.text, LIT.replace("seed = 9\nepochs = 8", "seed = 1\nepochs = 2"));
    assert_eq!(spec.problems.len(), 1);
    assert!(spec.source.file.ends_with("lit.toml [arm Lu]"), "{}", spec.source.file);
}

#[test]
fn a_problem_on_an_edited_line_names_the_edit() {
    let study = parse(STUDY).unwrap();
    let spec = study.spec(study.arm("UU").unwrap(), 0, &[]).unwrap();
    let at = spec.source.text.find("\"sgd\"").unwrap();
    let report = spec.report(vec![Problem::at(at..at + 5, "no such optimizer")]).to_string();
    assert!(report.contains("locks.toml:14, set of arm `UU` wrote this"), "{report}");
}

#[test]
fn studies_and_specs_are_distinguished() {
    assert!(is_study(STUDY) && is_study("seeds = []") && is_study("a =\n[[arm]]\n"));
    assert!(!is_study(LIT) && !is_study("name = \n[run]"));
}

#[test]
fn the_schema_knows_the_same_keys() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/study.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let keys = |value: &serde_json::Value| {
        let mut keys: Vec<String> = value["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let sorted = |keys: &[&str]| {
        let mut keys: Vec<String> = keys.iter().map(|key| key.to_string()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&schema), sorted(&TOP_KEYS));
    assert_eq!(keys(&schema["properties"]["arm"]["items"]), sorted(&ARM_KEYS));
}

/// Invalid studies and their reports: `tests/study_errors/NAME.toml` and `NAME.txt`.
#[test]
fn every_problem_has_this_message() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/study_errors");
    let mut files: Vec<PathBuf> = fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= 5, "{} invalid studies", files.len());
    let folder = folder();
    for file in files {
        let name = file.file_name().unwrap();
        let report = Study::parse(&folder.path().join(name), &fs::read_to_string(&file).unwrap());
        let actual = format!("{}\n", report.expect_err("an invalid study must not pass"));
        let actual = actual.replace(&folder.path().display().to_string(), "HERE");
        let expected = file.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &actual).unwrap();
        }
        let expected_text = fs::read_to_string(&expected).unwrap_or_default();
        assert!(
            actual == expected_text,
            "{}\n--- expected\n{expected_text}\n--- actual\n{actual}",
            file.display()
        );
    }
}

/// An untrusted file must not take forever.
#[test]
fn very_many_arms_and_very_long_names_are_rejected_quickly() {
    let arms: String = (0..100_000).map(|arm| format!("[[arm]]\nname = \"{arm}\"\n")).collect();
    let head = "base = \"lit.toml\"\nmetric = \"test/retrieval/t2i/hit@1\"\nseeds = [0]\n";
    let started = std::time::Instant::now();
    let actual = parse(&format!("{head}{arms}")).unwrap_err().to_string();
    assert!(actual.contains("the study has 100000 arms; at most 1000 are allowed"), "{actual}");
    let name = "x".repeat(100_000);
    let actual = parse(&format!("reference = \"{name}y\"\n{head}[[arm]]\nname = \"{name}\"\n")).unwrap_err();
    assert!(
        actual.problems[0].message.contains("must not be longer than 100 characters"),
        "{:?}",
        actual.problems.len()
    );
    let unknown: String = (0..100_000).map(|key| format!("k{key} = 1\n")).collect();
    let actual = parse(&format!("{unknown}{head}[[arm]]\nname = \"a\"\n")).unwrap_err();
    assert_eq!(actual.problems.len(), 100_000);
    assert!(actual.to_string().len() < 200_000);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
