//! A store locked by another program, or written by a newer clip-lab.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    lab::Lab,
    program::{Running, assert_contains, bytes, until},
};

#[test]
fn a_store_locked_during_a_run_gets_its_records_later() {
    let lab = Lab::new();
    let mut run = lab.start(&["run", "tiny.toml", "--set", "run.steps=100000", "--set", "run.eval_every=0"]);
    run.until_out("step ");
    let aside = lab.folder().join("spool.jsonl");
    let lock = lab.lock();
    until("the spool file exists", || aside.exists());
    drop(lock);
    until("the spooled records are in the store", || !aside.exists());
    run.signal("TERM");
    run.wait().stopped();
    let now = lab.newest();
    assert_eq!(now["status"], "interrupted");
    let steps: Vec<u64> = lab.losses().iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, (1..=now["step"].as_u64().unwrap()).collect::<Vec<_>>(), "no step is missing");
    assert_contains(
        &lab.events("store").concat(),
        &["was unavailable for a while", "spooled records were added"],
    );
}

#[test]
fn a_run_waits_for_a_store_locked_at_the_start_and_then_fails() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml", "--set", "run.steps=2"]).success();
    let lock = lab.lock();
    let run = lab.start(&["run", "tiny.toml", "--name", "patient", "--set", "run.steps=2"]);
    sleep(Duration::from_secs(2));
    // Readers do not wait.
    assert_eq!(lab.runs().len(), 1);
    drop(lock);
    run.wait().success();
    assert_eq!(lab.newest()["name"], "patient");
    let _lock = lab.lock();
    let started = Instant::now();
    let error = lab.run(&["run", "tiny.toml", "--set", "run.steps=2"]).failure();
    assert_contains(&error, &["lab.db is locked by another program", "close whatever holds it"]);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(lab.folders(), 2, "a run that could not start leaves no folder");
}

#[test]
fn a_newer_store_is_not_changed() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml", "--set", "run.steps=2"]).success();
    lab.tamper("UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)");
    let before = bytes(&lab.store());
    let commands: [&[&str]; 5] = [
        &["run", "tiny.toml"],
        &["runs", "list"],
        &["runs", "tag", "tiny", "x"],
        &["runs", "delete", "tiny", "--yes"],
        &["export", "tiny", "--metric", "train/loss", "--out", "x.csv"],
    ];
    let expected = ["schema version 9999", "use the newer clip-lab", "--store"];
    for args in commands {
        assert_contains(&lab.run(args).failure(), &expected);
    }
    // The dashboard needs a terminal, shows the error there, and exits at a key.
    let dashboard =
        ["-c", include_str!("terminal.py"), "newer clip-lab", env!("CARGO_BIN_EXE_clip-lab"), "dashboard"];
    assert_contains(
        &Running::spawn(lab.program("python3", &dashboard)).wait().success(),
        &["schema version 9999", "newer clip-lab"],
    );
    assert_eq!(bytes(&lab.store()), before);
    assert_eq!(lab.folders(), 1);
}
