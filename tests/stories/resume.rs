//! A resumed run is the same run: complete, recorded by one process, with each result once.

use std::{fs, path::PathBuf};

use crate::{
    lab::Lab,
    program::{Running, assert_contains, bytes, until},
};

const LONG: [&str; 8] = [
    "run",
    "tiny.toml",
    "--set",
    "run.steps=60",
    "--set",
    "run.checkpoint_every=1",
    "--set",
    "run.eval_every=0",
];

/// A stopped run, and the command that resumes it.
fn stopped() -> (Lab, Vec<String>) {
    let lab = Lab::new();
    let mut run = lab.start(&LONG);
    run.until_out("step ");
    run.signal("TERM");
    run.wait().stopped();
    let resume = resume(&lab);
    (lab, resume)
}

fn resume(lab: &Lab) -> Vec<String> {
    let run = lab.newest();
    let spec = lab.folder().join("spec.toml");
    ["run", spec.to_str().unwrap(), "--resume", run["uid"].as_str().unwrap()].map(str::to_owned).into()
}

fn try_to(lab: &Lab, resume: &[String], more: &[&str]) -> crate::program::Done {
    let args: Vec<&str> = resume.iter().map(String::as_str).chain(more.iter().copied()).collect();
    lab.run(&args)
}

fn checkpoint(lab: &Lab) -> PathBuf {
    lab.folder().join("last.safetensors")
}

#[test]
fn changed_data_are_detected() {
    let (lab, resume) = stopped();
    for index in 0..4 {
        fs::copy(lab.path("data/20.png"), lab.path(&format!("data/{index:02}.png"))).unwrap();
    }
    let before = bytes(&checkpoint(&lab));
    let refused = try_to(&lab, &resume, &[]).failure();
    assert_contains(&refused, &["[data.train] have changed", "--allow-changed"]);
    assert_eq!((lab.newest()["attempt"].as_u64(), bytes(&checkpoint(&lab))), (Some(1), before));
    try_to(&lab, &resume, &["--allow-changed"]).success();
    assert_eq!(lab.newest()["status"], "finished");
    assert_contains(
        &lab.events("resume").join("\n"),
        &["resumed with --allow-changed", "[data.train] have changed"],
    );
}

#[test]
fn changed_settings_are_named_except_threads() {
    let (lab, resume) = stopped();
    let refused = try_to(&lab, &resume, &["--set", "optimizer.lr=0.5", "--set", "loss.scale=3.0"]).failure();
    assert_contains(&refused, &["optimizer.lr: 0.001 then, 0.5 now", "loss.scale: unset then, 3.0 now"]);
    let refused = try_to(&lab, &resume, &["--set", "run.threads=2", "--set", "run.seed=9"]).failure();
    assert_contains(&refused, &["run.seed: 3 then, 9 now"]);
    assert!(!refused.contains("run.threads"), "{refused}");
    try_to(&lab, &resume, &["--set", "run.threads=2"]).success();
}

#[test]
fn a_damaged_checkpoint_is_not_resumed_from() {
    let (lab, resume) = stopped();
    let (path, whole) = (checkpoint(&lab), bytes(&checkpoint(&lab)));
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let metadata = whole.windows(9).position(|window| window == b"\"samples\"").unwrap() + 11;
    let offsets =
        [metadata, header, header + 1000, (header + whole.len()) / 2, whole.len() - 1000, whole.len() - 1];
    for offset in offsets {
        let mut damaged = whole.clone();
        damaged[offset] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert_contains(&try_to(&lab, &resume, &[]).failure(), &["last.safetensors", "damaged"]);
    }
    assert_eq!(lab.newest()["attempt"], 1);
    fs::write(&path, &whole).unwrap();
    try_to(&lab, &resume, &[]).success();
    assert_eq!(lab.newest()["status"], "finished");
}

#[test]
fn a_checkpoint_of_another_run_is_not_resumed_from() {
    let (lab, resume) = stopped();
    let (longer, folder) = (lab.path("longer"), lab.folder());
    let mut args = LONG.to_vec();
    args[3] = "run.steps=90";
    lab.run(&args).success();
    fs::rename(lab.folder().join("last.safetensors"), &longer).unwrap();
    fs::copy(&longer, folder.join("last.safetensors")).unwrap();
    assert_contains(&try_to(&lab, &resume, &[]).failure(), &["of another spec"]);
}

#[test]
fn only_one_of_many_concurrent_resumes_succeeds() {
    let (lab, resume) = stopped();
    let args: Vec<&str> = resume.iter().map(String::as_str).collect();
    let all: Vec<Running> = (0..4).map(|_| lab.start(&args)).collect();
    let done: Vec<_> = all.into_iter().map(Running::wait).collect();
    let refused: Vec<_> = done.iter().filter(|one| !one.status.success()).collect();
    assert_eq!(refused.len(), 3, "{done:?}");
    for one in refused {
        assert!(
            ["is still running", "is being recorded", "in use"]
                .iter()
                .any(|message| one.err.contains(message)),
            "{one:?}"
        );
    }
    assert_eq!((&lab.newest()["status"], &lab.newest()["attempt"]), (&"finished".into(), &2.into()));
    assert_eq!(lab.losses().len(), 60);
}

#[test]
fn results_on_test_are_recorded_once_and_a_finished_run_has_nothing_to_resume() {
    let lab = Lab::new();
    let spec = fs::read_to_string(lab.path("tiny.toml")).unwrap();
    lab.write("tiny.toml", spec.replace("[data.val]", "[data.test]\nsplit = \"val\"\n[data.val]"));
    lab.run(&["run", "tiny.toml"]).success();
    let resume = resume(&lab);
    let test = |lab: &Lab| {
        let shown = lab.shown();
        let series = shown["series"].as_array().unwrap().iter();
        let found: Vec<_> = series
            .filter(|one| one["name"].as_str().unwrap().starts_with("test/retrieval"))
            .cloned()
            .collect();
        assert!(!found.is_empty());
        found
    };
    let first = test(&lab);
    assert_contains(&try_to(&lab, &resume, &[]).err, &["is finished at step 12", "nothing to resume"]);
    assert_eq!(lab.newest()["attempt"], 1);
    // Killed between the last checkpoint and the end.
    lab.tamper("UPDATE run SET status = 'running', heartbeat_ms = heartbeat_ms - 20000, pid = 999999999");
    assert_eq!(lab.newest()["status"], "crashed");
    try_to(&lab, &resume, &[]).success();
    assert_eq!(lab.newest()["attempt"], 2);
    assert_eq!(test(&lab), first);
    assert!(first.iter().all(|series| series["n"] == 1), "{first:?}");
}

#[test]
fn closing_the_terminal_saves_a_checkpoint() {
    let lab = Lab::new();
    let mut run = lab.start(&LONG);
    run.until_out("step ");
    run.signal("HUP");
    run.wait().stopped();
    assert_eq!(lab.newest()["status"], "interrupted");
    // Under nohup the signal is ignored and the run continues.
    let args = ["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_clip-lab")];
    let mut run = Running::spawn(lab.program("sh", &[&args[..], &LONG[..]].concat()));
    run.until_out("step ");
    run.signal("HUP");
    run.wait().success();
    until("both are recorded", || lab.runs().len() == 2);
    assert_eq!(lab.newest()["status"], "finished");
}

#[test]
fn an_invalid_uid_is_rejected() {
    let lab = Lab::new();
    // A name that nobody else uses in the folder of temporary files.
    let name = format!("uid-{}", std::process::id());
    let uid = format!("../../{name}");
    assert_contains(&lab.run(&["run", "tiny.toml", "--uid", &uid]).failure(), &["not a run uid"]);
    assert!(!lab.path(&format!("../{name}")).exists() && lab.folders() == 0);
}
