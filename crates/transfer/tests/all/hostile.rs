//! What another store sends is checked.

use std::{fs, os::unix::fs::symlink};

use clip_lab_store::{Chunk, Exact, RunHead, SeriesPoints, TickRecord, new_uid, run_folder};
use clip_lab_transfer::{FileEntry, Opened, Source as _, Target as _};

use crate::common::{local, record};

fn head(folder: &std::path::Path) -> RunHead {
    let store = folder.join("source/s.db");
    let uid = record(&store, "one", 20);
    local(&store).head(&uid, 0).unwrap().unwrap()
}

#[test]
fn a_file_name_that_leaves_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let head = head(folder.path());
    let mut target = local(&folder.path().join("b/s.db"));
    assert!(matches!(target.open(&head).unwrap(), Opened::Ready(..)));
    let digest = blake3::hash(b"x").to_hex().to_string();
    let file = |name: &str| FileEntry { name: name.into(), bytes: 1, ..FileEntry::default() };
    for name in ["../x", "/tmp/x", "run.lock", "spool.jsonl", "a/../../x", ".incoming/x", ""] {
        assert!(target.start_file(&file(name), &digest).is_err(), "{name}");
    }
    for bad in ["", "../x", &digest[1..], &"g".repeat(64)] {
        assert!(target.start_file(&file("x"), bad).is_err(), "{bad}");
    }
    target.start_file(&file("x"), &digest).unwrap();
    assert!(target.write(b"xy").is_err(), "longer than announced");
    target.start_file(&file("x"), &digest).unwrap();
    target.write(b"y").unwrap();
    assert!(!target.end_file().unwrap(), "another content");
}

#[test]
fn links_in_the_target_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let head = head(folder.path());
    let store = folder.path().join("b/s.db");
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let runs = run_folder(&store, &head.state.uid).unwrap();
    fs::create_dir_all(&runs).unwrap();
    symlink(&outside, runs.join("charts")).unwrap();
    let mut target = local(&store);
    target.open(&head).unwrap();
    let entry = FileEntry { name: "charts/x".into(), bytes: 1, ..FileEntry::default() };
    target.start_file(&entry, blake3::hash(b"x").to_hex().as_ref()).unwrap();
    target.write(b"x").unwrap();
    assert!(target.end_file().unwrap());
    assert!(target.publish().is_err() && fs::read_dir(&outside).unwrap().count() == 0);
    target.close().unwrap();
    fs::remove_dir_all(&runs).unwrap();
    symlink(&outside, &runs).unwrap();
    assert!(matches!(target.open(&head).unwrap(), Opened::Busy(why) if why.contains("symbolic link")));
}

#[test]
fn damaged_records_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = head(folder.path());
    let mut target = local(&folder.path().join("b/s.db"));
    let damage: [fn(&mut RunHead); 8] = [
        |head| head.state.uid = "../../etc".into(),
        |head| head.state.extent.status = "crashed".into(),
        |head| head.state.extent.attempt = i64::MAX,
        |head| head.state.extent.logged = -1,
        |head| head.run.epoch = Exact(f64::NAN),
        |head| head.metrics[0].goal = "sideways".into(),
        |head| head.events[0].level = "panic".into(),
        |head| head.notes[0].at_ms = i64::MIN,
    ];
    for (number, damage) in damage.into_iter().enumerate() {
        let mut bad = good.clone();
        damage(&mut bad);
        assert!(target.open(&bad).is_err(), "{number}");
    }
    target.open(&good).unwrap();
    let mut other = good.clone();
    other.state.uid = new_uid();
    assert!(target.begin(&other).is_err(), "another run than the one that is open");
    assert_eq!(target.begin(&good).unwrap().logged, 0);
    let tick = |tick| TickRecord { tick, attempt: 1, ..TickRecord::default() };
    let points = |ticks: &[i64]| SeriesPoints {
        name: "x".into(),
        ticks: ticks.to_vec(),
        values: vec![Exact(1.0); ticks.len()],
    };
    let chunk =
        Chunk { attempt: 1, from: 0, to: 2, ticks: vec![tick(0), tick(1)], series: vec![points(&[0, 1])] };
    let damage: [fn(&mut Chunk); 7] = [
        |chunk| (chunk.from, chunk.to) = (5, 7),
        |chunk| chunk.to = 0,
        |chunk| chunk.ticks[1].tick = 0,
        |chunk| chunk.ticks[0].step = i64::MIN,
        |chunk| chunk.series[0].ticks[1] = 9,
        |chunk| _ = chunk.series[0].values.pop(),
        |chunk| chunk.series.push(chunk.series[0].clone()),
    ];
    for (number, damage) in damage.into_iter().enumerate() {
        let mut bad = chunk.clone();
        damage(&mut bad);
        assert!(target.append(&bad).is_err(), "{number}");
    }
    target.append(&chunk).unwrap();
    assert!(target.append(&chunk).is_err(), "twice");
    assert!(target.finish(&good).is_err(), "log calls are missing");
}
