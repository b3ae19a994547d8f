//! Runs of other tools keep their own times, and are appended to.

use clip_lab_store::{
    Axis, ConfigEntry, Goal, ImportedPoints, NewRun, Origin, Reader, Status, Store, StoreError, Tick,
    derived_uid,
};

const START: i64 = 1_600_000_000_000;

fn new_run(lr: &str) -> NewRun {
    let entry = ConfigEntry { key: "lr".into(), value: lr.into(), origin: "params.txt:1".into() };
    NewRun { uid: derived_uid(START, [1; 16]), name: "vit".into(), config: vec![entry], ..NewRun::default() }
}

fn points(steps: std::ops::Range<u64>) -> Vec<ImportedPoints<'static>> {
    let row = |step: u64| ImportedPoints {
        at: Tick { step, epoch: step as f64 / 10.0, samples: 0 },
        wall_ms: START + step as i64 * 1000,
        values: vec![("loss", 1.0 / (step + 1) as f64), ("acc", step as f64)],
    };
    steps.map(row).collect()
}

#[test]
fn an_imported_run_keeps_its_times_and_is_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.db");
    let store = Store::open(&path).unwrap();
    let origin = Origin { host: "gpu-7".into(), started_ms: START };
    let mut import = store.import(&new_run("0.1"), &origin).unwrap();
    import.write(&points(0..100)).unwrap();
    import.describe_metric("acc", Goal::Up).unwrap();
    assert!(matches!(store.import(&new_run("0.1"), &origin), Err(StoreError::Refused(_))), "it is locked");
    import.finish(Status::Interrupted, Some("no end"), START + 99_000).unwrap();

    let reader = Reader::open(&path).unwrap();
    let run = reader.run("vit").unwrap();
    assert_eq!(
        (run.status, run.started_ms, run.ended_ms),
        (Status::Interrupted, START, Some(START + 99_000))
    );
    assert_eq!((run.host.as_str(), run.step, run.active_ms, run.epoch), ("gpu-7", 99, 99_000, 9.9));
    assert_eq!(reader.newest_steps(run.id).unwrap(), [("acc".into(), 99), ("loss".into(), 99)]);
    assert_eq!(reader.series(run.id).unwrap()[0].best(), Some((99.0, 99)));

    let later = Origin { started_ms: START + 5, ..origin };
    let mut import = store.import(&new_run("0.2"), &later).unwrap();
    import.write(&points(100..1000)).unwrap();
    import.finish(Status::Finished, None, START + 999_000).unwrap();
    let run = reader.run("vit").unwrap();
    assert_eq!((run.status, run.started_ms, run.reason), (Status::Finished, START, None));
    assert_eq!(reader.runs().unwrap().len(), 1);
    assert_eq!(reader.config(run.id).unwrap()[0].value, "0.2");
    let stored = reader.points(run.id, "loss").unwrap();
    assert_eq!((stored.len(), stored[500].wall_ms, stored[500].active_ms), (1000, START + 500_000, 500_000));
    let buckets = reader.buckets(run.id, "loss", Axis::WallSeconds, None, 50).unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket.n).sum::<u64>(), 1000);
    assert_eq!((buckets[0].x0, buckets.last().unwrap().x1), (0.0, 999.0));
}
