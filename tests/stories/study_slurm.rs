//! Studies on a cluster: the command for one run, and array jobs of a real SLURM, if it is installed.

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    cluster::Cluster,
    lab::Lab,
    program::{Running, assert_contains, until},
};

/// The name of the second arm is one that a shell would run.
const ARM: &str = r#"it's "large"; touch owned; $(touch owned)"#;
const STUDY: &str = r#"base = "tiny.toml"
metric = "val/retrieval/t2i/hit@1"
seeds = [0, 1]
set = { "run.steps" = 6 }

[[arm]]
name = "small"

[[arm]]
name = """it's "large"; touch owned; $(touch owned)"""
set = { "optimizer.lr" = 1e-2 }
"#;
const SUBMIT: [&str; 4] = ["run", "rates.toml", "--launcher", "slurm"];

fn lab(study: &str) -> Lab {
    let lab = Lab::new();
    lab.write("rates.toml", study);
    lab
}

/// One arm and seed, long enough to be stopped.
fn long() -> Lab {
    lab(&STUDY.replace("[0, 1]", "[0]").replace("= 6 }", "= 600, \"run.checkpoint_every\" = 1 }"))
}

fn start(cluster: &Cluster, lab: &Lab, args: &[&str]) -> Running {
    Running::spawn(cluster.on(lab.program(env!("CARGO_BIN_EXE_clip-lab"), args)))
}

/// What a program of SLURM prints.
fn slurm(cluster: &Cluster, program: &str, args: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    let output = cluster.on(command).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn queue(cluster: &Cluster) -> String {
    slurm(cluster, "squeue", &["--noheader", "--array", "--format=%i %T %r"])
}

/// Arm, seed, state and value of the runs in the table of `--json`.
fn rows(text: &str) -> Vec<(String, u64, String, Value)> {
    let table: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |row: &Value| {
        (text(&row["arm"]), row["seed"].as_u64().unwrap(), text(&row["state"]), row["value"].clone())
    };
    table["runs"].as_array().unwrap().iter().map(row).collect()
}

fn states(rows: &[(String, u64, String, Value)]) -> Vec<&str> {
    rows.iter().map(|(_, _, state, _)| state.as_str()).collect()
}

/// The number of array jobs that were submitted.
fn submissions(lab: &Lab) -> usize {
    let entries = fs::read_dir(lab.path("runs/slurm")).unwrap().flatten();
    entries.filter(|entry| entry.path().join("job.sh").exists()).count()
}

/// Output of all elements.
fn output(lab: &Lab) -> String {
    let folders = fs::read_dir(lab.path("runs/slurm")).unwrap().flatten().map(|entry| entry.path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|path| fs::read_dir(path).unwrap().flatten());
    let logs = files.filter(|file| file.path().extension().is_some_and(|name| name == "log"));
    logs.map(|file| fs::read_to_string(file.path()).unwrap()).collect()
}

#[test]
fn what_is_missing_is_submitted_once() {
    let folder = tempfile::tempdir().unwrap();
    let Some(cluster) = Cluster::start(folder.path()) else { return };
    let lab = lab(STUDY);
    let dry = [&SUBMIT[..], &["--dry-run", "--json"]].concat();
    let before = rows(&start(&cluster, &lab, &dry).wait().success());
    assert_eq!(states(&before), ["not run"; 4]);
    assert!(!lab.path("runs").exists());

    // Two submissions at the same moment.
    let submit = [&SUBMIT[..], &["--json", "--sbatch", "--comment 'a b; $(touch owned)' --time=10"]].concat();
    let both = [(); 2].map(|()| start(&cluster, &lab, &submit));
    let both = both.map(Running::wait);
    let mut submitted = 0;
    for done in both {
        submitted += usize::from(done.err.contains("submitted 4 runs as job "));
        let table = rows(&done.success());
        let known = ["submitted", "pending", "running", "done"];
        assert!(table.iter().all(|(_, _, state, _)| known.contains(&state.as_str())), "{table:?}");
    }
    assert_eq!((submitted, submissions(&lab)), (1, 1));
    until("the queue is empty", || queue(&cluster).is_empty());

    let again = start(&cluster, &lab, &submit).wait();
    assert_eq!(again.err, "", "nothing is submitted");
    let after = rows(&again.success());
    assert_eq!(states(&after), ["done"; 4], "{}", output(&lab));
    assert_eq!((submissions(&lab), lab.runs().len()), (1, 4));
    assert!(!lab.path("owned").exists() && !lab.path("runs/owned").exists());
    // The same results as on this machine.
    let local = self::lab(STUDY);
    assert_eq!(rows(&local.run(&["run", "rates.toml", "--json"]).success()), after);

    // A run that was deleted is missing again.
    lab.run(&["runs", "delete", "rates/small/1", "--yes"]).success();
    let done = start(&cluster, &lab, &SUBMIT).wait();
    assert_contains(&done.err, &["submitted 1 run as job ", "runs/slurm/"]);
    assert_contains(
        &done.success(),
        &["small", "submitted", "_0", "3 of 4 done", "resume   clip-lab run rates.toml --launcher slurm"],
    );
    until("the queue is empty", || queue(&cluster).is_empty());
    assert_contains(&start(&cluster, &lab, &SUBMIT).wait().success(), &["4 of 4 done (4 earlier)"]);
    lab.run(&["report", "rates.toml", "--out", "report"]).success();
}

/// Waits until the run has a checkpoint of the attempt.
fn until_saved(lab: &Lab, attempt: u64) -> Value {
    until("the run has a checkpoint", || {
        let folders = fs::read_dir(lab.path("runs")).into_iter().flatten().flatten();
        folders.map(|entry| entry.path().join("last.safetensors")).any(|path| path.exists())
    });
    until("the attempt has begun", || {
        let run = lab.newest();
        run["attempt"] == attempt && run["status"] == "running"
    });
    lab.newest()
}

#[test]
fn an_element_that_is_requeued_resumes_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let Some(cluster) = Cluster::start(folder.path()) else { return };
    let lab = long();
    let submit = [&SUBMIT[..], &["--only", "small"]].concat();
    start(&cluster, &lab, &submit).wait().success();
    let job = queue(&cluster).split_whitespace().next().unwrap().to_owned();
    // SLURM waits some time before it starts a requeued job.
    let release = || {
        until("the element is pending", || queue(&cluster).contains("PENDING"));
        let shown = start(&cluster, &lab, &submit).wait();
        assert_eq!(shown.err, "", "nothing is submitted");
        assert_contains(&shown.success(), &["small", "pending", &job]);
        slurm(&cluster, "scontrol", &["update", &format!("JobId={job}"), "StartTime=now"]);
    };
    until_saved(&lab, 1);
    // As before the time limit.
    slurm(&cluster, "scancel", &["--batch", "--signal=USR1", &job]);
    release();
    until_saved(&lab, 2);
    slurm(&cluster, "scontrol", &["requeue", &job]);
    release();
    until("the queue is empty", || queue(&cluster).is_empty());
    let run = lab.newest();
    assert_eq!((&run["status"], &run["attempt"]), (&"finished".into(), &3.into()), "{}", output(&lab));
    assert_contains(
        &output(&lab),
        &[
            "the time limit is near",
            "stopped, with a checkpoint",
            "[small 0] resumes at step ",
            "1 of 1 done",
        ],
    );
    let whole = long();
    whole.run(&["run", "rates.toml", "--only", "small"]).success();
    assert_eq!(lab.losses(), whole.losses());
    let value = |lab: &Lab| rows(&lab.run(&["run", "rates.toml", "--only", "small", "--json"]).success());
    assert_eq!(value(&lab), value(&whole));
    assert_eq!(submissions(&lab), 1);
}

#[test]
fn a_command_runs_one_arm_and_seed() {
    let lab = lab(STUDY);
    let out = lab.run(&["run", "rates.toml", "--only", ARM, "--seeds=1"]).success();
    assert_contains(&out, &["1 of 1 done (0 earlier)"]);
    let runs = lab.runs();
    assert_eq!((runs.len(), &runs[0]["arm"], &runs[0]["seed"]), (1, &ARM.into(), &1.into()));
    let out = lab.run(&["run", "rates.toml", "--seeds", "0,1", "--dry-run"]).success();
    assert_eq!((out.lines().count(), out.matches("would run").count()), (4, 3));
    let error = lab.run(&["run", "rates.toml", "--seeds", "7"]).failure();
    assert_contains(&error, &["--seeds 7: the seeds of rates.toml are [0, 1]"]);
}

#[test]
fn what_cannot_be_submitted_is_an_error() {
    let lab = lab(STUDY);
    let error = lab.run(&["run", "tiny.toml", "--launcher", "slurm"]).failure();
    assert_contains(&error, &["--launcher is for studies, and tiny.toml is a spec"]);
    let error = lab.run(&[&SUBMIT[..], &["--sbatch", "gpu"]].concat()).failure();
    assert_contains(&error, &["--sbatch: \"gpu\" is not an option"]);
    let mut command = lab.program(env!("CARGO_BIN_EXE_clip-lab"), &SUBMIT);
    command.env("PATH", "/nowhere");
    let error = Running::spawn(command).wait().failure();
    assert_contains(&error, &["`sbatch` is not found", "on a login node", "apt-get install slurm-client"]);
    assert!(!lab.path("runs").exists());
}

/// The long study, once its run has a checkpoint, and the process of the run.
fn begun(lab: &Lab) -> (Running, String) {
    let study = lab.start(&["run", "rates.toml", "--only", "small", "--seeds", "0"]);
    let pid = until_saved(lab, 1)["pid"].to_string();
    (study, pid)
}

fn kill(lab: &Lab, signal: &str, pid: &str) {
    Running::spawn(lab.program("kill", &["-s", signal, pid])).wait().success();
}

#[test]
fn a_signal_to_all_processes_saves_a_checkpoint() {
    for signal in ["TERM", "USR1"] {
        let lab = long();
        let (study, pid) = begun(&lab);
        study.signal(signal);
        kill(&lab, signal, &pid);
        let done = study.wait();
        assert_contains(&done.out, &["[small 0] stopped, with a checkpoint"]);
        done.stopped();
        assert_eq!(lab.newest()["status"], "interrupted", "{signal}");
    }
}

#[test]
fn a_run_whose_machine_failed_resumes_elsewhere() {
    let lab = long();
    let (study, pid) = begun(&lab);
    study.signal("KILL");
    study.wait();
    kill(&lab, "KILL", &pid);
    lab.tamper("UPDATE run SET host = 'failed'");
    let out = lab.run(&["run", "rates.toml", "--only", "small", "--seeds", "0"]).success();
    assert_contains(
        &out,
        &["was started on failed: checking whether it runs", "[small 0] resumes at step ", "1 of 1 done"],
    );
    assert_eq!(lab.newest()["attempt"], 2);
}
