//! Runs that are stopped, killed, or have a full disk: checkpoints, and bit-exact resume.

use std::{
    env, fs,
    os::unix::process::ExitStatusExt as _,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use crate::{
    lab::Lab,
    program::{Running, assert_contains, bytes, until},
};

/// Long enough to be stopped, with a checkpoint every 24 steps.
const LONG: [&str; 6] = ["run", "tiny.toml", "--set", "run.steps=144", "--set", "run.checkpoint_every=4"];

/// The losses of such a run without a stop.
fn whole() -> &'static [(u64, String)] {
    static LOSSES: OnceLock<Vec<(u64, String)>> = OnceLock::new();
    LOSSES.get_or_init(|| {
        let lab = Lab::new();
        lab.run(&LONG).success();
        let losses = lab.losses();
        assert_eq!(losses.len(), 144);
        losses
    })
}

/// A run stopped after its first checkpoint.
fn stopped() -> (Lab, String) {
    let lab = Lab::new();
    let mut run = lab.start(&LONG);
    run.until_out("step ");
    run.signal("TERM");
    let done = run.wait();
    assert_contains(&done.err, &["saving a checkpoint first", "again to stop at once"]);
    let out = done.stopped();
    (lab, out)
}

#[test]
fn a_stopped_run_saves_and_resumes_bit_exactly() {
    let (lab, out) = stopped();
    let run = lab.newest();
    assert_eq!(run["status"], "interrupted");
    let step = run["step"].as_u64().unwrap();
    assert!((1..144).contains(&step));
    assert_contains(run["reason"].as_str().unwrap(), &[&format!("stopped at step {step}")]);
    assert_contains(&out, &[&format!("stopped at step {step}; a checkpoint is saved")]);
    assert_eq!(lab.losses(), whole()[..step as usize]);
    // The printed command resumes it.
    let named = out.lines().find_map(|line| line.strip_prefix("resume     ")).unwrap();
    let (program, command) = named.split_once(' ').unwrap();
    assert!(program.ends_with("clip-lab"), "{program}");
    assert_contains(
        &lab.run(&command.split(' ').collect::<Vec<_>>()).success(),
        &[&format!("resuming at step {step}"), "finished"],
    );
    let run = lab.newest();
    assert_eq!((&run["status"], &run["attempt"]), (&"finished".into(), &2.into()));
    assert_eq!(lab.runs().len(), 1);
    assert_eq!(lab.losses(), whole());
}

#[test]
fn sigusr1_saves_and_is_never_a_second_signal() {
    let lab = Lab::new();
    let mut run = lab.start(&LONG);
    run.until_out("step ");
    for signal in ["USR1", "TERM", "USR1"] {
        run.signal(signal);
    }
    let done = run.wait();
    assert!(!done.err.contains("stopped at once"), "{done:?}");
    assert_contains(&done.stopped(), &["a checkpoint is saved"]);
    assert_eq!(lab.newest()["status"], "interrupted");
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let lab = Lab::new();
    // Each update takes seconds.
    let heavy = ["model.image.widths=[256,256]", "model.image.image_size=96", "run.batch=48"];
    let sets = heavy.iter().flat_map(|edit| ["--set", edit]);
    let args: Vec<&str> = ["run", "tiny.toml"].into_iter().chain(sets).collect();
    let mut run = lab.start(&args);
    run.until_out("step ");
    run.signal("INT");
    run.until_err("saving a checkpoint first");
    let asked = Instant::now();
    run.signal("INT");
    let done = run.wait();
    assert_eq!(done.status.code(), Some(128 + 2), "{done:?}");
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_contains(&done.err, &["stopped at once"]);
    // It could not record its end, so it is shown as running until its heartbeat expires.
    lab.tamper("UPDATE run SET heartbeat_ms = heartbeat_ms - 20000");
    assert_eq!(lab.newest()["status"], "crashed");
}

#[test]
fn child_processes_take_signals_even_if_the_suite_ignores_them() {
    const INNER: &str = "CLIP_LAB_IGNORES_SIGNALS";
    let lab = Lab::empty();
    if env::var_os(INNER).is_none() {
        let (suite, name) = (env::current_exe().unwrap(), thread::current().name().unwrap().to_owned());
        let ignoring = "trap '' HUP INT TERM; exec \"$@\"";
        let mut again = lab.program("sh", &["-c", ignoring, "sh", suite.to_str().unwrap(), "--exact", &name]);
        let output = again.env(INNER, "1").output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{out}");
        assert_contains(&out, &["1 passed"]);
        return;
    }
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let sleeping = Running::spawn(lab.program("sleep", &["60"]));
        sleeping.signal(name);
        assert_eq!(sleeping.wait().status.signal(), Some(number), "{name}");
    }
}

#[test]
fn a_signal_ignored_at_the_start_stays_ignored() {
    let lab = Lab::new();
    let program = env!("CARGO_BIN_EXE_clip-lab");
    let args = [&["-c", "trap '' INT; exec \"$@\"", "sh", program][..], &LONG].concat();
    let mut run = Running::spawn(lab.program("sh", &args));
    run.until_out("step ");
    run.signal("INT");
    let out = run.wait().success();
    assert_contains(&out, &["finished"]);
    assert_eq!(lab.losses().len(), 144);
}

#[test]
fn a_killed_run_is_shown_as_crashed_and_resumes_bit_exactly() {
    let lab = Lab::new();
    let run = lab.start(&LONG);
    until("a checkpoint", || {
        let folders = fs::read_dir(lab.path("runs")).into_iter().flatten().flatten();
        folders.map(|entry| entry.path().join("last.safetensors")).any(|path| path.exists())
    });
    run.signal("KILL");
    assert_eq!(run.wait().status.code(), None);
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let spec = lab.folder().join("spec.toml");
    let resume = ["run", spec.to_str().unwrap(), "--resume", &uid];
    // Its heartbeat is recent, so it may still be running.
    assert_eq!(lab.newest()["status"], "running");
    assert_contains(&lab.run(&resume).failure(), &["still running", "stop it first"]);
    lab.tamper("UPDATE run SET heartbeat_ms = heartbeat_ms - 20000");
    assert_eq!(lab.newest()["status"], "crashed");
    assert_contains(&lab.run(&["runs", "show", &uid]).success(), &["crashed", "/144"]);
    lab.run(&resume).success();
    assert_eq!(lab.newest()["status"], "finished");
    assert_eq!(lab.losses(), whole());
}

#[test]
fn a_full_disk_loses_new_checkpoints_but_not_the_previous_one() {
    let (lab, _) = stopped();
    let (spec, checkpoint) = (lab.folder().join("spec.toml"), lab.folder().join("last.safetensors"));
    let (uid, old) = (lab.newest()["uid"].as_str().unwrap().to_owned(), bytes(&checkpoint));
    // Files are limited to 4 MiB: the store is smaller, a checkpoint is larger, so writing it fails half way.
    assert!(old.len() > 8 << 20);
    let full = "trap '' XFSZ; ulimit -f 8192; exec \"$@\"";
    let program = env!("CARGO_BIN_EXE_clip-lab");
    let args = ["-c", full, "sh", program, "run", spec.to_str().unwrap(), "--resume", &uid];
    let error = Running::spawn(lab.program("sh", &args)).wait().failure();
    assert_contains(
        &error,
        &["saving a checkpoint", "cannot write", "last.safetensors", "the existing file is unchanged"],
    );
    // It continued to its end, reported each failure, and damaged nothing.
    let run = lab.newest();
    assert_eq!((&run["status"], &run["step"]), (&"failed".into(), &144.into()));
    assert_contains(run["reason"].as_str().unwrap(), &["cannot write"]);
    let events = lab.events("checkpoint");
    assert!(events.len() > 2 && events.iter().all(|text| text.contains("cannot write")), "{events:?}");
    assert_eq!(lab.losses(), whole());
    assert_eq!(bytes(&checkpoint), old);
    let partial = fs::read_dir(lab.folder())
        .unwrap()
        .flatten()
        .any(|file| file.file_name().to_string_lossy().ends_with(".partial"));
    assert!(!partial, "half a checkpoint was left behind");
    lab.run(&["run", spec.to_str().unwrap(), "--resume", &uid]).success();
    assert_eq!(lab.newest()["status"], "finished");
    assert_eq!(lab.losses(), whole());
}
