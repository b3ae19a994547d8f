//! Probes are read back, also after faults, resumes and deletes; older stores are read and migrated.

use std::path::Path;

use crate::common::{OtherProgram, at, fast_policy, new_run};
use clip_lab_store::{Hit, Probe, Reader, Recorder, Shown, Status, Store};

fn shown(name: &str) -> Shown {
    Shown { name: name.into(), digest: (name != "broken").then(|| format!("digest of {name}")) }
}

fn probe(step: u64, weights: &str) -> Probe {
    let hit = |name, score, right| Hit { image: shown(name), score, right };
    Probe {
        step,
        split: "val".into(),
        weights: weights.into(),
        texts: vec!["a \"red\" fox".into(), "雪".into()],
        images: vec![shown("a"), shown("broken")],
        owner: vec![0, 1],
        similarity: vec![0.25, -1.0, 0.1235, 1.0],
        logit_scale: Some(14.285_714),
        queries: vec!["a \"red\" fox".into()],
        top: vec![vec![hit("a", 0.25, true), hit("broken", -1.0, false)]],
        rank: vec![0],
    }
}

/// Undoes the later migrations.
fn back_to_schema_1(store: &Path) {
    let mut other = OtherProgram::open(store);
    other.run("DROP TABLE probe");
    other.run("DROP TABLE picture");
    other.run("DROP TABLE evaluation_metric");
    other.run("DROP TABLE evaluation");
    other.run("ALTER TABLE run ADD COLUMN dir TEXT NOT NULL DEFAULT ''");
    other.run("DELETE FROM _sqlx_migrations WHERE version > 1");
}

#[test]
fn probes_are_read_by_step_and_thumbnails_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    for name in ["a", "b"] {
        let recorder = Recorder::start(&store, new_run(name)).unwrap();
        recorder.image("digest of a", vec![0xff, 0xd8, 0xff]);
        for (step, weights) in [(20, "raw"), (3, "ema"), (3, "raw")] {
            recorder.probe(probe(step, weights));
        }
        recorder.probe(probe(20, "raw"));
        recorder.finish(Status::Finished, None);
    }
    let reader = Reader::open(&store).unwrap();
    let of = |name: &str| reader.probes(reader.run(name).unwrap().id).unwrap();
    assert_eq!(of("a"), [probe(3, "ema"), probe(3, "raw"), probe(20, "raw")]);
    assert_eq!(reader.image("digest of a").unwrap(), Some(vec![0xff, 0xd8, 0xff]));
    assert_eq!(reader.image("another").unwrap(), None);
    assert_eq!(OtherProgram::open(&store).text("SELECT CAST(count(*) AS TEXT) FROM picture"), "1");
    Store::open(&store).unwrap().delete(reader.run("a").unwrap().id).unwrap();
    assert_eq!(OtherProgram::open(&store).text("SELECT CAST(count(*) AS TEXT) FROM probe"), "3");
    assert_eq!(of("b").len(), 3);
    assert!(reader.image("digest of a").unwrap().is_some(), "b shows it");
}

#[test]
fn cosines_keep_four_places_and_nan_stays_nan() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let recorder = Recorder::start(&store, new_run("a")).unwrap();
    let similarity = vec![0.123_456_78, f32::NAN, -0.999_96, 1.0];
    recorder.probe(Probe { similarity, logit_scale: None, ..probe(1, "raw") });
    recorder.finish(Status::Finished, None);
    let reader = Reader::open(&store).unwrap();
    let found = reader.probes(reader.run("a").unwrap().id).unwrap().remove(0);
    assert_eq!((found.similarity[0], found.similarity[2], found.similarity[3]), (0.1235, -1.0, 1.0));
    assert!(found.similarity[1].is_nan() && found.logit_scale.is_none());
}

#[test]
fn a_resumed_run_forgets_what_came_after() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let new = new_run("a");
    let recorder = Recorder::start(&store, new.clone()).unwrap();
    for step in [10, 20, 30] {
        recorder.probe(probe(step, "raw"));
    }
    recorder.finish(Status::Interrupted, None);
    let recorder = Recorder::resume(&store, &new.uid, 20).unwrap();
    recorder.probe(probe(25, "raw"));
    recorder.finish(Status::Finished, None);
    let reader = Reader::open(&store).unwrap();
    let steps = reader.probes(reader.run("a").unwrap().id).unwrap();
    assert_eq!(steps.iter().map(|p| p.step).collect::<Vec<_>>(), [10, 20, 25]);
}

#[test]
fn a_locked_store_gets_them_later() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let new = new_run("a");
    let recorder = Recorder::start_with(&store, new.clone(), fast_policy()).unwrap();
    let mut other = OtherProgram::open(&store);
    other.run("BEGIN EXCLUSIVE");
    recorder.image("d", vec![0, 255]);
    recorder.probe(probe(1, "raw"));
    while recorder.fault().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    other.run("COMMIT");
    assert_eq!(recorder.finish(Status::Finished, None), None);
    let reader = Reader::open(&store).unwrap();
    assert_eq!(reader.probes(reader.run("a").unwrap().id).unwrap(), [probe(1, "raw")]);
    assert_eq!(reader.image("d").unwrap(), Some(vec![0, 255]));
}

#[test]
fn a_store_of_schema_1_is_read_as_it_is_and_migrated_by_a_recorder() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let recorder = Recorder::start(&store, new_run("old")).unwrap();
    recorder.log(at(1), &[("loss", 1.5)]);
    recorder.finish(Status::Finished, None);
    back_to_schema_1(&store);
    let reader = Reader::open(&store).unwrap();
    let old = reader.run("old").unwrap().id;
    assert_eq!(reader.points(old, "loss").unwrap()[0].value, 1.5);
    assert!(reader.evaluations(old).unwrap().is_empty());
    assert!(reader.probes(old).unwrap().is_empty() && reader.image("d").unwrap().is_none());
    assert_eq!(
        OtherProgram::open(&store).text("SELECT CAST(max(version) AS TEXT) FROM _sqlx_migrations"),
        "1"
    );
    let recorder = Recorder::start(&store, new_run("new")).unwrap();
    recorder.probe(probe(2, "ema"));
    recorder.finish(Status::Finished, None);
    // The reader opened before the migration still works and sees new records.
    assert_eq!(reader.probes(reader.run("new").unwrap().id).unwrap(), [probe(2, "ema")]);
    assert_eq!(reader.points(old, "loss").unwrap()[0].value, 1.5);
}
