//! External faults: locks, killed processes, foreign files, deleted files, concurrent starts.

use std::{path::Path, thread::sleep, time::Duration};

use crate::common::{OtherProgram, at, fast_policy, new_run, until};
use clip_lab_store::{NewRun, Reader, Recorder, Status, Store};

fn steps(store: &Path, name: &str) -> Vec<u64> {
    let reader = Reader::open(store).unwrap();
    let run = reader.run(name).unwrap();
    reader.points(run.id, "loss").unwrap().iter().map(|p| p.step).collect()
}

#[test]
fn a_locked_store_never_stops_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let new = new_run("a");
    let recorder = Recorder::start_with(&store, new.clone(), fast_policy()).unwrap();
    recorder.log(at(0), &[("loss", 1.0)]);
    recorder.flush();
    let mut other = OtherProgram::open(&store);
    other.run("BEGIN EXCLUSIVE");
    for step in 1..50 {
        recorder.log(at(step), &[("loss", f64::NAN)]);
        sleep(Duration::from_millis(5));
    }
    until("the fault is reported", || {
        recorder.fault().is_some_and(|f| f.contains("locked by another program"))
    });
    assert!(folder.path().join(&new.uid).join("spool.jsonl").exists());
    other.run("COMMIT");
    until("the store is available", || recorder.fault().is_none());
    recorder.log(at(50), &[("loss", 2.0)]);
    assert_eq!(recorder.finish(Status::Finished, None), None);
    assert_eq!(steps(&store, "a"), (0..=50).collect::<Vec<_>>());
    assert!(!folder.path().join(&new.uid).join("spool.jsonl").exists());
}

#[test]
fn records_spooled_at_the_end_are_added_at_the_next_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let new = new_run("b");
    let recorder = Recorder::start_with(&store, new.clone(), fast_policy()).unwrap();
    let mut other = OtherProgram::open(&store);
    other.run("BEGIN EXCLUSIVE");
    recorder.log(at(3), &[("loss", 1.0)]);
    let fault = recorder.finish(Status::Finished, None).unwrap();
    let tag = format!("clip-lab runs tag {} TAG", new.uid);
    for part in ["2 records are only in ", "spool.jsonl, of step 3, with the end of the run", tag.as_str()] {
        assert!(fault.contains(part), "{fault}");
    }
    assert!(!fault.contains("training continues"), "{fault}");
    other.run("COMMIT");
    // The process that left it must be dead: write a pid into the spool that no process has.
    let spool = folder.path().join(&new.uid).join("spool.jsonl");
    let text = std::fs::read_to_string(&spool).unwrap();
    let pid = format!("\"pid\":{}", std::process::id());
    std::fs::write(&spool, text.replace(&pid, &format!("\"pid\":{}", i32::MAX))).unwrap();
    let kept = std::fs::read(&spool).unwrap();
    assert_eq!(Store::open(&store).unwrap().notice(), None);
    assert_eq!(steps(&store, "b"), [3]);
    assert_eq!(Reader::open(&store).unwrap().run("b").unwrap().status, Status::Finished);
    // A spool that was not removed is not added twice, and one without its store is not lost.
    std::fs::write(&spool, &kept).unwrap();
    OtherProgram::open(&store).run("UPDATE run SET status = 'running'");
    drop(Store::open(&store).unwrap());
    assert_eq!(steps(&store, "b"), [3]);
    std::fs::write(&spool, kept).unwrap();
    let empty = folder.path().join("other.db");
    drop(Store::open(&empty).unwrap());
    assert_eq!(steps(&empty, "b"), [3]);
}

#[test]
fn a_deleted_store_is_created_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let recorder = Recorder::start_with(&store, new_run("c"), fast_policy()).unwrap();
    recorder.log(at(0), &[("loss", 1.0)]);
    recorder.flush();
    for file in ["s.db", "s.db-wal", "s.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(file));
    }
    recorder.log(at(1), &[("loss", 1.0)]);
    until("the fault is reported", || recorder.fault().is_some_and(|f| f.contains("deleted")));
    until("a new store exists", || recorder.fault().is_none());
    recorder.log(at(2), &[("loss", 1.0)]);
    recorder.finish(Status::Finished, None);
    assert_eq!(steps(&store, "c"), [1, 2]);
}

#[test]
fn eight_runs_start_at_once_and_record_under_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let write = |name: String| {
        let recorder = Recorder::start(&store, new_run(&name)).unwrap();
        for step in 0..2000 {
            recorder.log(at(step), &[("loss", 1.0), ("lr", 0.5)]);
        }
        assert_eq!(recorder.finish(Status::Finished, None), None);
    };
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|i| scope.spawn(move || write(format!("w{i}")))).collect();
        until("the store exists", || Reader::open(&store).is_ok());
        let reader = Reader::open(&store).unwrap();
        while !writers.iter().all(|w| w.is_finished()) {
            reader.runs().unwrap();
            sleep(Duration::from_millis(10));
        }
    });
    (0..8).for_each(|i| assert_eq!(steps(&store, &format!("w{i}")).len(), 2000));
}

#[test]
fn other_files_are_rejected_with_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let refused = |name: &str| Store::open(&path(name)).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(Reader::open(&path("none.db")).err().unwrap().to_string().contains("no store at"));
    drop(Store::open(&path("ours.db")).unwrap());
    OtherProgram::open(&path("ours.db")).run("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2");
    assert!(refused("ours.db").contains("schema version 9999"), "{}", refused("ours.db"));
    OtherProgram::open(&path("theirs.db")).run("CREATE TABLE cookies (a)");
    assert!(refused("theirs.db").contains("not a clip-lab store"), "{}", refused("theirs.db"));
    std::fs::write(path("text.db"), "not a database, but long enough to be read as one".repeat(90)).unwrap();
    assert!(refused("text.db").contains("not a SQLite database"), "{}", refused("text.db"));
    assert!(Recorder::start(&path("text.db"), NewRun::default()).is_err());
}
