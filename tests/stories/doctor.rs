//! `clip-lab doctor`, on machines with faults.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::Value;

use crate::{
    lab::Lab,
    program::{Done, Running, assert_contains},
};

/// The finding on a topic: the mark, and the message with the advice.
fn finding(answer: &Value, topic: &str) -> (String, String) {
    let found = answer["findings"].as_array().unwrap().iter().find(|finding| finding["topic"] == topic);
    let found = found.unwrap_or_else(|| panic!("no {topic} in {answer}"));
    let message =
        format!("{} {}", found["found"].as_str().unwrap(), found["advice"].as_str().unwrap_or_default());
    (found["mark"].as_str().unwrap().to_owned(), message)
}

fn answer(done: Done) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"))
}

#[test]
fn a_machine_that_can_train_is_reported_as_such() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml", "--ui", "none", "--set", "run.steps=2"]).success();
    fs::create_dir_all(lab.path("cache/features")).unwrap();
    fs::write(lab.path("cache/features/a"), [0; 5000]).unwrap();
    let report = answer(lab.run(&["doctor", "--json"]));
    assert_eq!(report["good"], true, "{report}");
    let (mark, message) = finding(&report, "libtorch");
    assert_eq!(mark, "good");
    assert_contains(&message, &["2.13.0", "the core starts in", "threads"]);
    let (mark, message) = finding(&report, "store");
    assert_eq!(mark, "good");
    assert_contains(&message, &["lab.db: 1 run, ", "journal wal", "schema "]);
    assert_contains(&finding(&report, "cache").1, &["features of locked towers 5 kB"]);
    assert_contains(
        &finding(&report, "hub").1,
        &["does not exist yet: nothing was downloaded", "token not found"],
    );
    let (mark, message) = finding(&report, "weights");
    assert_eq!(mark, "remark");
    assert_contains(&message, &["resnet50-keras and minilm-l6 missing", "cargo xtask setup"]);
    assert_contains(&finding(&report, "terminal").1, &["none here"]);
    assert_contains(&finding(&report, "disk").1, &[" free for runs"]);
    // Text output: a line for each topic, and a summary.
    let lines = lab.run(&["doctor"]).success();
    assert_contains(&lines, &["✓ libtorch ", "! weights ", "everything required is available"]);
}

/// Runs `doctor` with another core, as if libtorch were missing.
fn with_core(lab: &Lab, core: &str) -> Done {
    let folder = lab.path("programs");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("clip-lab");
    // By another process: a file that this one has open for writing, and a child of another test with it, cannot start.
    let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_clip-lab")).arg(&program).status();
    assert!(copied.unwrap().success());
    let script = folder.join("clip-lab-core");
    fs::write(&script, core).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    Running::spawn(lab.program(program.to_str().unwrap(), &["doctor", "--json"])).wait()
}

#[test]
fn a_core_that_does_not_start_is_reported() {
    let lab = Lab::empty();
    let loader = "error while loading shared libraries: libtorch_cpu.so: cannot open shared object file";
    let done = with_core(&lab, &format!("#!/bin/sh\necho \"$0: {loader}\" >&2\nexit 127\n"));
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let report = answer(done);
    assert_eq!(report["good"], false);
    let (mark, message) = finding(&report, "libtorch");
    assert_eq!(mark, "broken");
    assert_contains(
        &message,
        &["nothing can be trained", "libtorch_cpu.so is not in any folder", "cargo xtask setup", "LIBTORCH"],
    );
    assert_eq!(finding(&report, "store").0, "good", "the other checks still run");
    // A core of another version.
    let report = answer(with_core(&lab, "#!/bin/sh\necho hello\n"));
    assert_contains(&finding(&report, "libtorch").1, &["its answer is of another version"]);
}

#[test]
fn a_locked_or_foreign_store_is_reported() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml", "--ui", "none", "--set", "run.steps=2"]).success();
    let lock = lab.lock();
    let done = lab.run(&["doctor", "--json"]);
    assert_eq!(done.status.code(), Some(1));
    let (mark, message) = finding(&answer(done), "store");
    assert_eq!(mark, "broken");
    assert_contains(&message, &["is locked by another program", "close what holds it open"]);
    drop(lock);
    lab.write("other.db", "no database, but long enough to be looked at");
    let done = lab.run(&["doctor", "--json", "--store", "other.db"]);
    assert_eq!(done.status.code(), Some(1));
    assert_contains(&finding(&answer(done), "store").1, &["other.db is not a clip-lab store", "--store"]);
    assert!(Path::new(&lab.path("other.db")).exists());
}

#[test]
fn a_missing_cache_is_not_a_fault() {
    let lab = Lab::empty();
    let done = lab.run(&["doctor", "--json"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let report = answer(done);
    let (mark, message) = finding(&report, "cache");
    assert_eq!(mark, "remark");
    assert_contains(&message, &["does not exist yet: nothing was downloaded", "cargo xtask setup"]);
    assert_contains(&finding(&report, "store").1, &["does not exist yet: the first run creates it"]);
}
