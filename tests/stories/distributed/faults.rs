//! Processes that are killed, stopped or fail: all end, and the run can be resumed.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::trained::{Trained, lab, spec, weights};
use crate::{
    lab::Lab,
    program::{Running, assert_contains, until},
};

#[test]
fn a_run_is_resumed_with_another_number_of_processes() {
    let long = ["--set", "run.steps=120", "--set", "run.checkpoint_every=4"];
    let whole = lab(&spec("plugin = \"clip\"", ""));
    whole.run(&[&["run", "tiny.toml"], &long[..]].concat()).success();
    for (before, after, name) in [("2", "1", "TERM"), ("1", "2", "TERM"), ("2", "2", "KILL")] {
        let lab = lab(&spec("plugin = \"clip\"", ""));
        let mut run = lab.start(&[&["run", "tiny.toml", "--nproc", before], &long[..]].concat());
        run.until_out("step ");
        if name == "TERM" {
            run.signal("TERM");
            run.wait().stopped();
        } else {
            until("a checkpoint is written", || lab.folder().join("last.safetensors").exists());
            signal("KILL", ranks(&run)[1]);
            run.wait().failure();
        }
        let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
        let resume = ["run", "tiny.toml", "--nproc", after, "--resume", &uid];
        lab.run(&[&resume, &long[..]].concat()).success();
        let what = format!("SIG{name} with {before}, resumed with {after}");
        Trained::newest(&lab).assert_equals(&Trained::newest(&whole), &what);
        let events = lab.events("processes").join("\n");
        assert_eq!(
            events.contains(&format!("{after} instead of {before} processes")),
            before != after,
            "{events}"
        );
    }
}

/// The processes of a run by rank.
fn ranks(run: &Running) -> Vec<u32> {
    let children = format!("/proc/{0}/task/{0}/children", run.child.id());
    let mut ranks = Vec::new();
    for child in fs::read_to_string(children).unwrap().split_whitespace() {
        let variables = fs::read(format!("/proc/{child}/environ")).unwrap_or_default();
        let rank = variables.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"RANK="));
        let number = |rank: &[u8]| String::from_utf8_lossy(rank).parse::<usize>().unwrap();
        ranks.extend(rank.map(|rank| (number(rank), child.parse().unwrap())));
    }
    ranks.sort_unstable();
    ranks.into_iter().map(|(_, pid)| pid).collect()
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap().success());
}

/// A run of two processes that has begun to train, with a checkpoint.
fn begun(lab: &Lab) -> Running {
    let long = ["--set", "run.steps=20000", "--set", "run.checkpoint_every=1", "--set", "run.eval_every=0"];
    let mut run = lab.start(&[&["run", "tiny.toml", "--nproc", "2", "--timeout", "5"], &long[..]].concat());
    run.until_out("step ");
    until("a checkpoint is written", || lab.folder().join("last.safetensors").exists());
    run
}

#[test]
fn a_killed_or_stopped_process_ends_the_others_and_the_checkpoint_is_sound() {
    for (name, rank, status) in [("KILL", 1, "failed"), ("STOP", 1, "failed"), ("KILL", 0, "crashed")] {
        let lab = lab(&spec("plugin = \"clip\"", ""));
        let run = begun(&lab);
        let (all, started) = (ranks(&run), Instant::now());
        signal(name, all[rank]);
        let done = run.wait();
        let seconds = started.elapsed();
        assert!(!done.status.success() && seconds < Duration::from_secs(100), "{name} {rank}: {done:?}");
        assert_contains(&done.err, &["another rank"]);
        println!("{name} of rank {rank}: ended after {:.1} s: {}", seconds.as_secs_f64(), done.err.trim());
        // The heartbeat of a run that was killed is recent for a moment.
        until("the status is known", || lab.newest()["status"] != "running");
        let shown = lab.newest();
        assert_eq!(shown["status"], status, "{name} {rank}: {shown}");
        lab.run(&["model", "show", shown["uid"].as_str().unwrap()]).success();
        assert!(!weights(&lab.folder().join("last.safetensors")).is_empty());
        for pid in all {
            assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} has not ended");
        }
    }
}

#[test]
fn a_signal_to_one_process_stops_all_with_a_checkpoint() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let run = begun(&lab);
    signal("TERM", ranks(&run)[1]);
    run.wait().stopped();
    let shown = lab.newest();
    assert_eq!(shown["status"], "interrupted", "{shown}");
    let saved = weights(&lab.folder().join("last.safetensors"));
    assert!(saved.iter().all(|(_, values)| values.iter().all(|value| value.is_finite())));
}

#[test]
fn a_loss_that_is_not_finite_ends_all_processes() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let run = lab.run(&["run", "tiny.toml", "--nproc", "2", "--set", "optimizer.lr=1e30"]);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    assert_contains(&lab.events("non_finite").join("\n"), &["the loss became", "was not applied"]);
}

#[test]
fn a_full_disk_of_rank_0_ends_all_processes() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    // Files are limited to 8 MiB: the store is smaller, a checkpoint is larger, so writing it fails half way.
    let full = "trap '' XFSZ; ulimit -f 8192; exec \"$@\"";
    let program = env!("CARGO_BIN_EXE_clip-lab");
    let args = ["-c", full, "sh", program, "run", "tiny.toml", "--nproc", "2"];
    let error = Running::spawn(lab.program("sh", &args)).wait().failure();
    assert_contains(
        &error,
        &["saving a checkpoint", "rank 1: error: rank 1 of 2 gave up", "another rank failed: rank 0"],
    );
    assert_eq!(lab.newest()["status"], "failed");
}
