//! A full disk: records that do not fit wait in memory; records that are lost are counted and reported.
//!
//! Simulated by a limit on file sizes: writes fail in the same way, without a separate file system.

use std::{path::Path, process::Command, time::Duration};

use crate::{
    child::{child, role},
    common::{OtherProgram, at, fast_policy, new_run, until},
};
use clip_lab_store::{FlushPolicy, Reader, Recorder, Status, Store};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const STEPS: u64 = 920;

/// Limits the size of files this process writes.
fn limit(bytes: Option<u64>) {
    let now = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: bytes, ..now }).unwrap();
}

fn log(recorder: &Recorder, steps: std::ops::Range<u64>) {
    for step in steps {
        recorder.log(at(step), &[("loss", step as f64), ("lr", 0.1), ("train/logit_scale", 14.0)]);
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn run(role: &str, folder: &Path) {
    // Writing past the limit raises SIGXFSZ, which must be ignored; child processes inherit that.
    let inner = child("full_disk", role, folder, role);
    let mut outer = Command::new("sh");
    outer.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        outer.env(name, value.unwrap());
    }
    let output = outer.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn steps(folder: &Path, name: &str) -> (Status, Vec<u64>, Vec<String>) {
    let store = folder.join("s.db");
    drop(Store::open(&store).unwrap());
    let reader = Reader::open(&store).unwrap();
    let run = reader.run(name).unwrap();
    let steps = reader.points(run.id, "loss").unwrap().iter().map(|point| point.step).collect();
    (run.status, steps, reader.events(run.id, 0).unwrap().into_iter().map(|event| event.text).collect())
}

#[test]
fn a_disk_that_is_full_for_a_while_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    run("for a while", folder.path());
    let (status, steps, events) = steps(folder.path(), "for a while");
    assert_eq!(steps, (0..STEPS).collect::<Vec<_>>());
    assert_eq!(status, Status::Finished);
    assert!(!events.iter().any(|text| text.contains("lost")), "{events:?}");
}

#[test]
fn a_disk_that_stays_full_is_reported_with_the_missing_steps() {
    let folder = tempfile::tempdir().unwrap();
    run("to the end", folder.path());
    let (status, steps, events) = steps(folder.path(), "to the end");
    assert_eq!(status, Status::Finished, "the end of the run fits");
    let missing: Vec<u64> = (0..STEPS).filter(|step| !steps.contains(step)).collect();
    let (first, last) = (missing[0], missing[missing.len() - 1]);
    let message = format!("{} records are lost, of steps {first} to {last}", missing.len());
    assert!(events.iter().any(|text| text.contains(&message)), "{message} in {events:?}");
}

#[test]
fn an_unreadable_spool_is_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let recorder = Recorder::start_with(&store, new_run("a"), fast_policy()).unwrap();
    let spool = recorder.folder().join("spool.jsonl");
    std::fs::write(&spool, "{\"spool\":\"01").unwrap();
    let mut other = OtherProgram::open(&store);
    other.run("BEGIN EXCLUSIVE");
    log(&recorder, 0..20);
    until("records are spooled", || recorder.fault().is_some_and(|text| text.contains("spool.jsonl")));
    other.run("COMMIT");
    until("the store is available", || recorder.fault().is_none());
    let renamed = std::fs::read_dir(recorder.folder()).unwrap().flatten();
    let renamed = renamed.filter(|file| file.file_name().to_string_lossy().starts_with("spool.unreadable-"));
    assert_eq!(renamed.count(), 1);
    assert_eq!(recorder.finish(Status::Finished, None), None);
    assert_eq!(steps(folder.path(), "a").1, (0..20).collect::<Vec<_>>());
}

/// Not a test: the process whose disk is full.
#[test]
fn child_process() {
    let Some((role, folder, name)) = role() else { return };
    let mut policy = FlushPolicy { closing: Duration::from_millis(500), ..fast_policy() };
    if role == "to the end" {
        // Small writes, which fill the spool to its last bytes.
        policy.points = 1;
    }
    let recorder = Recorder::start_with(&folder.join("s.db"), new_run(&name), policy).unwrap();
    log(&recorder, 0..50);
    recorder.flush();
    if role == "for a while" {
        limit(Some(1));
        log(&recorder, 50..600);
        until("records wait in memory", || {
            recorder.fault().is_some_and(|text| text.contains("wait in memory"))
        });
        limit(None);
        log(&recorder, 600..STEPS);
        assert_eq!(recorder.finish(Status::Finished, None), None);
    } else {
        // The WAL is already larger than that; a spool has room for some records.
        limit(Some(32 << 10));
        log(&recorder, 50..STEPS);
        let fault = recorder.finish(Status::Finished, None).unwrap();
        assert!(fault.contains("is full") && fault.contains("records are lost, of steps"), "{fault}");
    }
}
