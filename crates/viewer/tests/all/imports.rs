//! `runs import`: runs of other tools stand beside ours.

use std::{fs, path::Path};

use clip_lab_cli::{CompareArgs, ImportArgs, ListArgs};
use clip_lab_store::{Reader, Status};
use clip_lab_viewer::{compare::compare, runs};

use crate::common::{Lab, TestRun};

fn import(lab: &Lab, args: ImportArgs) -> serde_json::Value {
    let text = runs::import(&lab.store(), &ImportArgs { json: true, ..args }).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn paths(path: impl AsRef<Path>) -> ImportArgs {
    ImportArgs { paths: vec![path.as_ref().into()], ..ImportArgs::default() }
}

fn goldens() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../import/tests/goldens")
}

#[test]
fn files_of_other_tools_become_runs_once() {
    let lab = Lab::new();
    let args = || ImportArgs { tag: vec!["theirs".into()], ..paths(goldens()) };
    let dry = import(&lab, ImportArgs { dry_run: true, ..args() });
    assert_eq!(dry["runs"].as_array().unwrap().len(), 3, "{dry}");
    assert!(!lab.store().exists(), "a dry run creates no store");
    let first = import(&lab, args());
    assert_eq!((&first["runs"], &first["dry_run"]), (&dry["runs"], &false.into()));
    let again = import(&lab, args());
    for run in again["runs"].as_array().unwrap() {
        assert_eq!((&run["new_points"], &run["existed"]), (&0.into(), &true.into()), "{run}");
    }
    let reader = Reader::open(&lab.store()).unwrap();
    assert_eq!(reader.runs().unwrap().len(), 3);
    let run = reader.run("lit-b").unwrap();
    assert_eq!((run.seed, run.status, run.step, run.host.as_str()), (3, Status::Finished, 20, "gpu-7"));
    assert_eq!(reader.tags(run.id).unwrap(), ["b", "paper", "theirs"]);
    assert_eq!(reader.notes(run.id).unwrap().len(), 1, "a note is added once");
    let config = reader.config(run.id).unwrap();
    assert!(config.iter().any(|entry| entry.key == "model.depth" && entry.value == "12"), "{config:?}");
    let points = reader.points(run.id, "train/loss").unwrap();
    assert!(
        points.len() == 20 && points[0].wall_ms >= run.started_ms && points[19].value == 0.15,
        "{points:?}"
    );
    assert!(run.ended_ms.unwrap() >= points[19].wall_ms && run.ended_ms.unwrap() < clip_lab_store::now_ms());
}

#[test]
fn a_run_that_grows_is_appended_to_and_stands_beside_ours() {
    let lab = Lab::new();
    let metric = "test/retrieval/t2i/hit@1";
    lab.add(TestRun::of("clip", 0));
    let file = lab.write("baseline.csv", "step,seed,r1\n1,0,0.1\n2,0,0.2\n");
    let args = || ImportArgs { rename: vec![("r1".into(), metric.into())], ..paths(&file) };
    assert_eq!(import(&lab, args())["runs"][0]["new_points"], 4);
    fs::write(&file, "step,seed,r1\n1,0,0.1\n2,0,0.2\n3,0,0.25\n").unwrap();
    let table = runs::import(&lab.store(), &args()).unwrap();
    assert!(table.contains("baseline") && table.contains("2 new"), "{table}");
    let list =
        ListArgs { columns: vec!["name".into(), "status".into(), metric.into()], ..ListArgs::default() };
    let list = runs::list(&lab.store(), &list).unwrap();
    assert!(list.contains("baseline") && list.contains("0.25") && list.contains("clip"), "{list}");
    let what = vec!["clip".into(), "baseline".into()];
    let table =
        compare(&lab.store(), &CompareArgs { what, metric: vec![metric.into()], ..CompareArgs::default() });
    let table = table.unwrap();
    assert!(table.contains("baseline") && table.contains("clip"), "{table}");
}

#[test]
fn one_bad_file_of_many_does_not_hide_the_others() {
    let lab = Lab::new();
    let good = lab.write("good.csv", "step,loss\n1,0.5\n");
    let bad = lab.write("bad.csv", "a,b\n1,2\n");
    let args = ImportArgs {
        paths: vec![good.into(), (&bad).into()],
        name: Some("x".into()),
        ..ImportArgs::default()
    };
    let answer = import(&lab, args);
    assert_eq!((&answer["runs"][0]["name"], answer["runs"].as_array().unwrap().len()), (&"x/good".into(), 1));
    let error = runs::import(&lab.store(), &paths(&bad)).unwrap_err().to_string();
    assert!(error.contains("no column of steps"), "{error}");
}
