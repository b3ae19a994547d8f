//! open_clip log folders.

use std::fs;

use clip_lab_import::Kind;

use crate::common::{event, import, rows, scalar, settings, version};

const PARAMS: &str = "batch_size: 256\nlr: 0.0005\nmodel: ViT-B-32\nseed: 7\nval_data: None\n";
const RESULTS: &str = r#"{"image_to_text_R@1": 0.25, "clip_val_loss": 2.5, "epoch": 1, "num_samples": 100}
{"image_to_text_R@1": 0.5, "clip_val_loss": NaN, "epoch": 2, "num_samples": 100}
{"image_to_text_R@1": 0.75, "epo"#;

#[test]
fn evaluations_stand_at_the_steps_of_training() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("2026_11_30-model_ViT-B-32");
    fs::create_dir_all(root.join("tensorboard")).unwrap();
    fs::create_dir_all(root.join("checkpoints")).unwrap();
    fs::write(root.join("params.txt"), PARAMS).unwrap();
    fs::write(root.join("checkpoints/results.jsonl"), RESULTS).unwrap();
    let mut log = version(1000.0);
    for step in 0..200 {
        log.extend(event(1000.0 + f64::from(step), step as u64, &scalar("train/loss", step as f32)));
        if step % 100 == 99 {
            let epoch = step as u64 / 100 + 1;
            log.extend(event(1000.5 + f64::from(step), epoch, &scalar("val/clip_val_loss", epoch as f32)));
        }
    }
    fs::write(root.join("tensorboard/events.out.tfevents.1.h"), log).unwrap();
    let runs = import(folder.path()).unwrap();
    let [run] = &runs[..] else { panic!("{} runs", runs.len()) };
    assert_eq!(
        (run.kind, run.name.as_str(), run.seed()),
        (Kind::OpenClip, "2026_11_30-model_ViT-B-32", Some(7))
    );
    assert_eq!(settings(run)[1..3], ["lr=0.0005", "model=\"ViT-B-32\""]);
    let rows = rows(run);
    let has = |start: &str, value: &str| rows.iter().any(|row| row.starts_with(start) && row.contains(value));
    assert!(
        has("99 1099500 ", "val/clip_val_loss=1 ") && has("199 1199500 ", "val/clip_val_loss=2 "),
        "{rows:?}"
    );
    // Those that TensorBoard lacks are read from results.jsonl.
    assert!(has("199 1199500 ", "val/image_to_text_R@1=0.5"), "{rows:?}");
    assert!(run.warnings[0].contains("results.jsonl:3"), "{:?}", run.warnings);
    let mut epochs = Vec::new();
    let each = |row: clip_lab_import::Row<'_>| {
        epochs.push(row.epoch);
        Ok::<(), ()>(())
    };
    run.points.rows(|_| None, 0.0, each).unwrap();
    assert_eq!((epochs[0], *epochs.last().unwrap()), (0.0, 2.0));
}

#[test]
fn a_folder_without_tensorboard_has_its_results() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("run");
    fs::create_dir_all(root.join("checkpoints")).unwrap();
    fs::write(root.join("params.txt"), PARAMS).unwrap();
    fs::write(root.join("checkpoints/results.jsonl"), RESULTS).unwrap();
    let run = &import(&root).unwrap()[0];
    let rows = rows(run);
    assert_eq!(rows.len(), 2);
    assert!(rows[0].starts_with("1 ") && rows[0].contains("val/image_to_text_R@1=0.25"), "{rows:?}");
    assert!(rows[1].starts_with("2 ") && rows[1].contains("val/clip_val_loss=NaN"), "{rows:?}");
}
