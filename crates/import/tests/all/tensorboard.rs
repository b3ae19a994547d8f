//! TensorBoard event files.

use std::fs;

use clip_lab_import::{ImportedRun, Kind, find};

use crate::common::{
    bytes, double, event, golden, import, integer, rows, scalar, settings, tf_record, version,
};

fn single(path: &std::path::Path) -> ImportedRun {
    let mut runs = import(path).unwrap();
    assert_eq!(runs.len(), 1);
    runs.remove(0)
}

#[test]
fn files_of_pytorch_are_read() {
    let runs = import(&golden("tensorboard")).unwrap();
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["tensorboard", "hparams"]);
    let mut metrics = runs[0].points.metrics().to_vec();
    metrics.sort();
    assert_eq!(metrics, ["nan", "train/double", "train/loss", "train/tensor"]);
    assert_eq!(runs[0].left_out.to_string(), "1 histogram, 1 image, 1 text");
    let rows = rows(&runs[0]);
    // 3.0 / 2 and 1.5 * 2 are exact in float32; 0.1 * 2 is a double.
    assert!(
        rows[1].starts_with("2 ") && rows[1].ends_with("train/loss=1.5 train/tensor=3 train/double=0.2"),
        "{rows:?}"
    );
    assert!(rows.last().unwrap().ends_with("nan=NaN"), "{rows:?}");
    assert_eq!(settings(&runs[1]), ["lr=0.1", "name=\"adam\"", "nesterov=1"]);
    assert!(runs[1].points.has("hparam/accuracy"));
}

#[test]
fn tensors_without_dimensions_are_scalars() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.out.tfevents.1.host");
    let tensor = |tag: &str, tensor: &[u8], plugin: &str| {
        let metadata = bytes(1, &bytes(1, plugin.as_bytes()));
        [bytes(1, tag.as_bytes()), bytes(8, tensor), bytes(9, &metadata)].concat()
    };
    let shape = bytes(2, &bytes(2, &integer(1, 2)));
    let content = [integer(1, 1), bytes(4, &2.5_f32.to_le_bytes())].concat();
    let file = [
        version(1.0),
        event(1.0, 1, &tensor("tf2", &content, "scalars")),
        event(1.0, 2, &tensor("tf2", &content, "")), // only the first event names the plugin
        event(
            1.0,
            1,
            &tensor("packed", &[integer(1, 2), bytes(6, &0.1_f64.to_le_bytes())].concat(), "scalars"),
        ),
        event(1.0, 1, &tensor("integers", &[integer(1, 9), bytes(10, &[150, 1])].concat(), "scalars")),
        event(1.0, 1, &tensor("pair", &[shape, content.clone()].concat(), "")),
        event(1.0, 1, &tensor("curve", &content, "pr_curves")),
    ];
    fs::write(&path, file.concat()).unwrap();
    let run = single(&path);
    assert_eq!(rows(&run), ["1 1000 tf2=2.5 packed=0.1 integers=150", "2 1000 tf2=2.5"]);
    assert_eq!(run.left_out.to_string(), "2 tensors");
}

#[test]
fn files_of_a_folder_are_one_run_and_a_restart_voids_what_follows() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("logs");
    fs::create_dir_all(root.join("a/b")).unwrap();
    let log = |steps: std::ops::Range<u64>, from: f64| -> Vec<u8> {
        steps
            .flat_map(|step| event(from + step as f64, step, &scalar("loss", step as f32 + from as f32)))
            .collect()
    };
    let restart = tf_record(&[double(1, 104.0), integer(2, 4), bytes(7, &integer(1, 1))].concat());
    fs::write(root.join("a/b/events.out.tfevents.1.h"), [version(0.0), log(0..8, 0.0)].concat()).unwrap();
    fs::write(root.join("a/b/events.out.tfevents.2.h"), [version(104.0), restart, log(4..6, 100.0)].concat())
        .unwrap();
    fs::write(root.join("events.out.tfevents.3.h"), [version(5.0), log(1..2, 0.0)].concat()).unwrap();
    let found = find(&root).unwrap();
    let names: Vec<(Kind, &str, usize)> =
        found.iter().map(|f| (f.kind, f.name.as_str(), f.files.len())).collect();
    assert_eq!(names, [(Kind::TensorBoard, "logs", 1), (Kind::TensorBoard, "a/b", 2)]);
    let runs = import(&root).unwrap();
    let losses: Vec<String> = rows(&runs[1]);
    assert_eq!(losses.len(), 6);
    assert_eq!(losses[3..], ["3 3000 loss=3", "4 104000 loss=104", "5 105000 loss=105"]);
    assert_eq!(runs[1].left_out.to_string(), "4 voided points");
    // The same run, whether its folder or a folder above is imported, and while it grows.
    assert_eq!(single(&root.join("a/b")).identity, runs[1].identity);
    assert_ne!(runs[0].identity, runs[1].identity);
}

#[test]
fn what_is_complete_of_a_truncated_or_corrupt_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.out.tfevents.1.host");
    let records = [version(1.0), event(1.0, 1, &scalar("loss", 1.0)), event(2.0, 2, &scalar("loss", 2.0))];
    let whole = records.concat();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let run = single(&path);
    assert_eq!(rows(&run), ["1 1000 loss=1"]);
    assert!(run.warnings[0].contains("ends in the middle of a record"), "{:?}", run.warnings);
    let mut flipped = whole.clone();
    flipped[records[0].len() + 14] ^= 1; // in the data of the second record
    fs::write(&path, flipped).unwrap();
    let run = single(&path);
    assert_eq!(
        (rows(&run), run.left_out.to_string()),
        (vec!["2 2000 loss=2".into()], "1 corrupt record".into())
    );
    let mut length = whole;
    length[records[0].len()] ^= 1;
    fs::write(&path, length).unwrap();
    let run = single(&path);
    assert!(rows(&run).is_empty() && run.warnings[0].contains("corrupt"), "{:?}", run.warnings);
    fs::write(&path, [&u64::MAX.to_le_bytes()[..], &[0; 4]].concat()).unwrap();
    assert!(import(folder.path()).unwrap_err().to_string().contains("no complete record"));
}
