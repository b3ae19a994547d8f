//! Stores that something else wrote to: invalid rows, foreign triggers, special files, file systems without writing.

use std::path::Path;

use crate::common::{OtherProgram, at, new_run};
use clip_lab_store::{NewArtifact, Reader, Recorder, Status, Store, StoreError};

fn recorded(folder: &Path) -> std::path::PathBuf {
    let store = folder.join("s.db");
    let recorder = Recorder::start(&store, new_run("a")).unwrap();
    for step in 1..50 {
        recorder.log(at(step), &[("loss", 1.0 / step as f64)]);
    }
    recorder.artifact(NewArtifact {
        kind: "checkpoint".into(),
        name: "best".into(),
        step: Some(2),
        path: "best.safetensors".into(),
        bytes: 12,
        digest: None,
    });
    assert_eq!(recorder.finish(Status::Finished, None), None);
    store
}

/// Reads what the commands read.
fn read_all(store: &Path) -> Result<(), StoreError> {
    let reader = Reader::open(store)?;
    for run in reader.runs()? {
        reader.events(run.id, 0)?;
        reader.artifacts(run.id)?;
        reader.ranks(run.id)?;
        reader.probes(run.id)?;
        reader.config(run.id)?;
        reader.environment(run.id)?;
        reader.newest_steps(run.id)?;
        for series in reader.series(run.id)? {
            reader.points(run.id, &series.name)?;
            reader.buckets(run.id, &series.name, clip_lab_store::Axis::Step, None, 100)?;
        }
    }
    Ok(())
}

#[test]
fn invalid_rows_leave_the_rest_readable() {
    let damages = [
        "UPDATE metric SET n = -1, n_nan = 9223372036854775807, n_inf = -1, last_step = -1, min_step = -5",
        "UPDATE tick SET step = -1, samples = -1",
        "UPDATE tick SET step = 9223372036854775807, wall_ms = -9223372036854775807, active_ms = -1, epoch = 1e999",
        "UPDATE point SET flag = 99, value = NULL",
        "UPDATE point SET tick = 9223372036854775807 WHERE tick = 2",
        "UPDATE point SET tick = -9223372036854775807 WHERE tick = 5",
        "UPDATE rollup SET n = -1, n_bad = -1, tick0 = 9223372036854775807, tick1 = -1, sum = 1e999",
        "UPDATE artifact SET bytes = -1, step = -1, at_ms = 9223372036854775807",
        "UPDATE run SET step = -1, samples = -1, total_steps = -1, active_ms = -1, attempt = -1, pid = -1",
        "UPDATE run SET started_ms = -9223372036854775807, heartbeat_ms = 9223372036854775807",
        "INSERT INTO probe (run, step, split, weights, seen) SELECT id, 1, 'val', 'raw', '[[[' FROM run",
    ];
    for damage in damages {
        let folder = tempfile::tempdir().unwrap();
        let store = recorded(folder.path());
        OtherProgram::open(&store).run(damage);
        read_all(&store).unwrap_or_else(|error| panic!("{damage}: {error}"));
        assert_eq!(Reader::open(&store).unwrap().runs().unwrap().len(), 1, "{damage}");
    }
}

#[test]
fn triggers_and_views_of_others_are_refused() {
    for foreign in [
        "CREATE TRIGGER spy AFTER INSERT ON tag BEGIN DELETE FROM run; END",
        "CREATE VIEW spy AS SELECT * FROM run",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = recorded(folder.path());
        OtherProgram::open(&store).run(foreign);
        for error in [Store::open(&store).map(drop).unwrap_err(), Reader::open(&store).map(drop).unwrap_err()]
        {
            assert!(error.to_string().contains("triggers or views"), "{error}");
        }
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo.db");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let names = [fifo.as_path(), folder.path(), Path::new("/dev/zero"), Path::new(":memory:")];
    for name in names.into_iter().chain([Path::new("file:x?mode=memory")]) {
        for error in [Store::open(name).map(drop).unwrap_err(), Reader::open(name).map(drop).unwrap_err()] {
            assert!(error.to_string().contains("cannot be a store"), "{}: {error}", name.display());
        }
    }
}

#[test]
fn a_store_killed_while_it_was_created_says_so_and_is_completed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    std::fs::write(&store, "").unwrap();
    assert!(matches!(Reader::open(&store), Err(StoreError::Unfinished(_))));
    drop(Store::open(&store).unwrap());
    assert_eq!(Reader::open(&store).unwrap().runs().unwrap().len(), 0);
}
