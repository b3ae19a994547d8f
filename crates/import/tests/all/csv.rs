//! CSV files.

use std::fs;

use clip_lab_import::{Columns, find};

use crate::common::{import, import_with, rows};

fn write(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn columns_are_metrics_and_other_cells_are_counted() {
    let text = "step,time,loss,note,acc\n1,1600000000.5,0.5,good,\n2.0,1600000001,nan,,0.25\n,1,2,3,4\n";
    let (_folder, path) = write("metrics.csv", text);
    let runs = import(&path).unwrap();
    assert_eq!(runs[0].name, "metrics");
    assert_eq!(rows(&runs[0]), ["1 1600000000500 loss=0.5", "2 1600000001000 loss=NaN acc=0.25"]);
    assert_eq!(runs[0].left_out.to_string(), "1 cell, 1 incomplete row");
    assert_eq!(runs[0].started_ms, 1_600_000_000_500);
}

#[test]
fn a_column_splits_rows_into_runs_and_columns_can_be_named() {
    let (_folder, path) = write("all.csv", "model,n,loss\nvit,10,1\nresnet,10,2\nvit,20,0.5\n");
    let error = import(&path).unwrap_err().to_string();
    assert!(error.contains("--step") && error.contains("model, n, loss"), "{error}");
    let columns = Columns { step: Some("n".into()), run: Some("model".into()), time: None };
    let runs = import_with(&path, &columns).unwrap();
    let names: Vec<(&str, usize)> = runs.iter().map(|run| (run.name.as_str(), run.points.len())).collect();
    assert_eq!(names, [("resnet", 1), ("vit", 2)]);
    assert_ne!(runs[0].identity, runs[1].identity);
    let wrong = Columns { step: Some("steps".into()), ..Columns::default() };
    assert!(import_with(&path, &wrong).unwrap_err().to_string().contains("no column `steps` (--step)"));
}

#[test]
fn a_file_that_grows_stays_the_same_run() {
    let (_folder, path) = write("metrics.csv", "epoch,step,loss\n0,1,0.5\n");
    let before = import(&path).unwrap()[0].identity;
    fs::write(&path, "epoch,step,loss,val_loss\n0,1,0.5,\n1,2,,0.75\n").unwrap();
    let runs = import(&path).unwrap();
    assert_eq!((runs[0].identity, runs[0].points.len()), (before, 4));
}

#[test]
fn what_is_no_run_is_named() {
    let (folder, path) = write("data.bin", "\0\u{1}\n");
    let error = find(&path).unwrap_err().to_string();
    assert!(
        error.contains("data.bin") && error.contains("tfevents") && error.contains("params.txt"),
        "{error}"
    );
    assert!(find(folder.path()).is_err(), "a CSV file must be named itself");
    assert!(find(&folder.path().join("nothing")).unwrap_err().to_string().contains("cannot be read"));
    fs::write(&path, "step,loss\n").unwrap();
    assert!(import(&path).unwrap_err().to_string().contains("no rows"));
}
