//! Runs of Weights & Biases.

use std::{fs, path::Path};

use clip_lab_import::{Direction, Identity, ImportedRun, Kind, Outcome};

use crate::common::{bytes, golden, history, import, integer, rows, run_record, settings, wandb_log};

fn write(folder: &Path, id: &str, log: &[u8]) {
    let folder = folder.join(format!("wandb/offline-run-20261130_093611-{id}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("run-{id}.wandb")), log).unwrap();
}

fn single(log: &[u8]) -> ImportedRun {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "abc", log);
    let mut runs = import(folder.path()).unwrap();
    assert_eq!(runs.len(), 1);
    runs.remove(0)
}

#[test]
fn a_run_of_wandb_is_read() {
    let runs = import(&golden("wandb")).unwrap();
    let [run] = &runs[..] else { panic!("{} runs", runs.len()) };
    assert_eq!((run.kind, run.name.as_str(), run.host.as_deref()), (Kind::Wandb, "lit-b", Some("gpu-7")));
    assert_eq!((&run.tags, &run.notes), (&vec!["paper".into(), "b".into()], &vec!["a note".to_owned()]));
    assert_eq!(run.commit.as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
    assert_eq!((run.seed(), &run.outcome), (Some(3), &Outcome::Finished));
    let expected = [
        "betas=[0.9,0.98]",
        "late=true",
        "lr=0.001",
        "model.depth=12",
        "model.name=\"vit\"",
        "seed=3",
        "wandb.group=\"g1\"",
        "wandb.project=\"towers\"",
    ];
    assert_eq!(settings(run), expected);
    let mut metrics = run.points.metrics().to_vec();
    metrics.sort();
    assert_eq!(metrics, ["bad", "nested.a.b", "test/acc", "train/loss", "val/acc"]);
    assert_eq!(run.left_out.to_string(), "2 histograms, 2 texts");
    let rows = rows(run);
    assert_eq!(rows.len(), 20);
    assert!(rows[9].starts_with("10 17"), "{}", rows[9]);
    for value in ["bad=NaN", "nested.a.b=20", "val/acc=0.25"] {
        assert!(rows[9].contains(value), "{}", rows[9]);
    }
    assert!(rows[19].contains("bad=inf") && rows[19].contains("test/acc=0.75"), "{}", rows[19]);
}

#[test]
fn records_span_blocks_and_the_exit_decides_the_status() {
    let long = format!("\"{}\"", "x".repeat(100_000));
    let mut records =
        vec![run_record("abc", 1000, &[("lr", "0.1"), ("model", "{\"depth\": 12}"), ("long", &long)])];
    for step in 0..5000 {
        let (loss, time) = ((step as f64 / 4.0).to_string(), format!("{}.5", 1000 + step));
        records.push(history(step, &[("loss", &loss), ("_timestamp", &time), ("_step", &step.to_string())]));
    }
    let run = single(&wandb_log(&records));
    assert_eq!((run.points.len(), run.name.as_str(), run.started_ms), (5000, "abc", 1_000_000));
    assert_eq!(rows(&run)[4999], "4999 5999500 loss=1249.75");
    assert!(matches!(&run.outcome, Outcome::Unfinished(_)));
    assert!(settings(&run).contains(&"model.depth=12".to_owned()));
    let identity: Identity = run.identity;
    records.push(bytes(12, &[bytes(1, b"loss"), integer(8, 1)].concat()));
    records.push(bytes(18, &integer(1, 2)));
    let run = single(&wandb_log(&records));
    assert_eq!(run.outcome, Outcome::Failed("exit code 2".into()));
    assert_eq!((run.identity, &run.directions[..]), (identity, &[("loss".to_owned(), Direction::Down)][..]));
}

#[test]
fn what_is_complete_of_a_truncated_or_corrupt_log_is_read() {
    let mut records = vec![run_record("abc", 1000, &[])];
    records.extend((0..10).map(|step| history(step, &[("loss", "1")])));
    let mut log = wandb_log(&records);
    let run = single(&log[..log.len() - 3]);
    assert_eq!((run.points.len(), run.warnings.len()), (9, 1), "{:?}", run.warnings);
    let last = log.len() - 1;
    log[last] ^= 1;
    let run = single(&log);
    assert_eq!((run.points.len(), run.left_out.to_string().as_str()), (9, "1 corrupt record"));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "abc", &wandb_log(&[]));
    assert!(import(folder.path()).unwrap_err().to_string().contains("no record of a run"));
}
