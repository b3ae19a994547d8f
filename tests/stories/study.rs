//! Studies: missing runs are run, interrupted ones resumed, and conflicting ones rejected.

use std::fs;

use serde_json::Value;

use crate::{
    lab::Lab,
    program::{Running, assert_contains, until},
};

const STUDY: &str = r#"question = "does a larger rate pay?"
base = "tiny.toml"
metric = "val/retrieval/t2i/hit@1"
seeds = [0, 1]
set = { "run.steps" = 6 }

[[arm]]
name = "small"

[[arm]]
name = "large"
set = { "optimizer.lr" = 1e-2 }
"#;

fn lab(study: &str) -> Lab {
    let lab = Lab::new();
    lab.write("rates.toml", study);
    lab
}

/// Arm, seed and a field of every run, oldest first.
fn runs(lab: &Lab, field: &str) -> Vec<(String, u64, Value)> {
    let all = lab.runs();
    let one = |run: &Value| {
        (
            run["arm"].as_str().unwrap_or_default().to_owned(),
            run["seed"].as_u64().unwrap(),
            run[field].clone(),
        )
    };
    all.iter().rev().map(one).collect()
}

/// The lines of the final table, without run names.
fn results(out: &str) -> Vec<String> {
    let table = out.split("study rates\n").nth(1).unwrap_or_else(|| panic!("no table in {out}"));
    let rows = table.lines().skip(1).take_while(|line| line.starts_with("  "));
    rows.map(|row| row.split_whitespace().take(4).collect::<Vec<_>>().join(" ")).collect()
}

fn args(more: &[&'static str]) -> Vec<&'static str> {
    [&["run", "rates.toml"], more].concat()
}

#[test]
fn every_arm_runs_once_with_every_seed() {
    let lab = lab(STUDY);
    let dry = lab.run(&args(&["--dry-run"])).success();
    assert_eq!(
        dry,
        "[small 0]  would run\n[large 0]  would run\n[small 1]  would run\n[large 1]  would run\n"
    );
    assert!(!lab.path("runs").exists());

    let out = lab.run(&args(&[])).success();
    assert_contains(&out, &["[small 0] starts", "(1 of 4)", "[large 1] finished: val/retrieval/t2i/hit@1 "]);
    assert_contains(&out, &["4 of 4 done (0 earlier), 0 failed", "compare  clip-lab compare rates.toml"]);
    let first = results(&out);
    assert!(
        first
            .iter()
            .zip(["small 0 done", "large 0 done", "small 1 done", "large 1 done"])
            .all(|(a, b)| a.starts_with(b)),
        "{first:?}"
    );
    let order = runs(&lab, "study");
    let wanted = [("small", 0), ("large", 0), ("small", 1), ("large", 1)];
    assert_eq!(order, wanted.map(|(arm, seed)| (arm.to_owned(), seed, "rates".into())));
    // Each run can be repeated from its own spec, which names its origin.
    let shown = lab.json(&["runs", "show", "rates/large/1"]);
    let spec =
        fs::read_to_string(lab.path("runs").join(shown["run"]["uid"].as_str().unwrap()).join("spec.toml"));
    assert_contains(&spec.unwrap(), &["seed = 1\nsteps = 6\n", "lr = 1e-2\n", "plugin = \"resnet\""]);
    for key in ["code", "data.train", "data.val"] {
        assert_eq!(shown["environment"][key].as_str().map(str::len), Some(16), "{key}");
    }

    let again = lab.run(&args(&[])).success();
    assert_contains(&again, &["4 of 4 done (4 earlier)"]);
    assert_eq!(results(&again), first);
    assert_eq!(runs(&lab, "uid").len(), 4);
}

#[test]
fn two_jobs_give_the_same_results_as_one() {
    let (one, two) = (lab(STUDY), lab(STUDY));
    let alone = results(&one.run(&args(&["--ui", "none"])).success());
    assert_eq!(results(&two.run(&args(&["--jobs", "2"])).success()), alone);
    let only = lab(STUDY);
    let out = only.run(&args(&["--only", "large", "--jobs", "2"])).success();
    assert_eq!(results(&out), [alone[1].as_str(), &alone[3]]);
}

#[test]
fn overrides_of_all_arms_are_part_of_the_next_command() {
    let lab = lab(&STUDY.replace("[0, 1]", "[0]"));
    lab.run(&args(&[])).success();
    let refused = lab.run(&args(&["--set", "run.batch=6"])).failure();
    assert_contains(
        &refused,
        &["run.batch: 8 then, 6 now", "clip-lab run rates.toml --set 'run.batch=6' --fresh"],
    );
}

#[test]
fn a_failed_arm_stops_no_other() {
    let broken = "\n[[arm]]\nname = \"broken\"\nset = { \"data.train.root\" = \"broken\" }\n";
    let lab = lab(&STUDY.replacen("\n[[arm]]", &format!("{broken}\n[[arm]]"), 1));
    fs::create_dir(lab.path("broken")).unwrap();
    for file in fs::read_dir(lab.path("data")).unwrap().flatten() {
        lab.write(&format!("broken/{}", file.file_name().to_string_lossy()), "no image");
    }
    fs::copy(lab.path("data/captions.csv"), lab.path("broken/captions.csv")).unwrap();
    let done = lab.run(&args(&[]));
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert_contains(
        &done.out,
        &["[broken 0] failed: ", "training images cannot be used", "4 of 6 done", "2 failed"],
    );
    assert_contains(&done.out, &["resume   clip-lab run rates.toml"]);
    assert!(results(&done.out).contains(&"broken 1 failed -".to_owned()), "{}", done.out);
}

#[test]
fn results_of_changed_specs_and_data_are_not_mixed() {
    let lab = lab(&STUDY.replace("[0, 1]", "[0]"));
    lab.run(&args(&[])).success();
    // A changed comment is not a change.
    lab.write("rates.toml", format!("# mine\n{}", STUDY.replace("[0, 1]", "[0]")));
    assert_contains(&lab.run(&args(&[])).success(), &["2 of 2 done (2 earlier)"]);

    lab.write("rates.toml", STUDY.replace("[0, 1]", "[0]").replace("1e-2", "2e-2"));
    let refused = lab.run(&args(&[])).failure();
    assert_contains(&refused, &["1 finished run of study rates is not what would run now; nothing was run"]);
    assert_contains(
        &refused,
        &["[large 0] run ", "optimizer.lr: 0.01 then, 0.02 now", "clip-lab run rates.toml --fresh"],
    );
    lab.write("data/00.png", fs::read(lab.path("data/01.png")).unwrap());
    let refused = lab.run(&args(&["--dry-run"])).failure();
    assert_contains(
        &refused,
        &["2 finished runs", "[small 0]", "the images or captions of [data.train] have changed"],
    );
    assert_eq!(runs(&lab, "uid").len(), 2);

    assert_contains(&lab.run(&args(&["--allow-changed"])).success(), &["2 of 2 done (2 earlier)"]);
    let notes = lab.json(&["runs", "show", "rates/large/0"])["notes"].to_string();
    assert_contains(
        &notes,
        &["kept in study rates with --allow-changed", "optimizer.lr: 0.01 then, 0.02 now"],
    );

    assert_contains(&lab.run(&args(&["--fresh"])).success(), &["2 of 2 done (0 earlier)"]);
    let all = runs(&lab, "uid");
    let superseded = all.iter().filter(|(_, _, uid)| {
        lab.json(&["runs", "show", uid.as_str().unwrap()])["tags"].to_string().contains("superseded")
    });
    assert_eq!((all.len(), superseded.count()), (4, 2));
    assert_contains(&lab.run(&args(&[])).success(), &["2 of 2 done (2 earlier)"]);
}

/// A study long enough to be interrupted, with an early checkpoint.
fn long() -> Lab {
    lab(&STUDY.replace("[0, 1]", "[0]").replace("= 6 }", "= 144, \"run.checkpoint_every\" = 2 }"))
}

/// The run of the first arm, once it has a checkpoint.
fn first_checkpoint(lab: &Lab) -> Value {
    until("a checkpoint", || {
        let folders = fs::read_dir(lab.path("runs")).into_iter().flatten().flatten();
        folders.map(|entry| entry.path().join("last.safetensors")).any(|path| path.exists())
    });
    lab.newest()
}

fn kill(lab: &Lab, run: &Value) {
    let pid = run["pid"].to_string();
    Running::spawn(lab.program("kill", &["-s", "KILL", &pid])).wait().success();
}

#[test]
fn a_killed_run_is_reported_and_resumed_by_the_next_call() {
    let lab = long();
    let study = lab.start(&args(&[]));
    kill(&lab, &first_checkpoint(&lab));
    let done = study.wait();
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert_contains(
        &done.out,
        &["[small 0] failed: its process was ended by signal 9", "[large 0] finished", "1 of 2 done"],
    );
    assert_contains(
        &lab.run(&args(&[])).success(),
        &["[small 0] resumes at step ", "2 of 2 done (1 earlier)"],
    );
    let attempts: Vec<Value> = runs(&lab, "attempt").into_iter().map(|(_, _, attempt)| attempt).collect();
    assert_eq!(attempts, [Value::from(2), 1.into()]);
}

#[test]
fn a_study_killed_with_its_run_resumes_once_the_run_counts_as_crashed() {
    let lab = long();
    let study = lab.start(&args(&[]));
    let run = first_checkpoint(&lab);
    study.signal("KILL");
    study.wait();
    // The run outlives its study and is not resumed by another process.
    assert_contains(
        &lab.run(&args(&["--dry-run", "--only", "small"])).success(),
        &["[small 0]  is running elsewhere"],
    );
    kill(&lab, &run);
    let mut study = lab.start(&args(&["--only", "small"]));
    study.until_out("crashed; it resumes");
    lab.tamper("UPDATE run SET heartbeat_ms = heartbeat_ms - 20000");
    assert_contains(&study.wait().success(), &["[small 0] resumes at step ", "1 of 1 done"]);
}

#[test]
fn a_stopped_study_saves_and_resumes() {
    let lab = long();
    let study = lab.start(&args(&[]));
    first_checkpoint(&lab);
    study.signal("INT");
    let done = study.wait();
    assert_eq!(done.status.code(), Some(130), "{done:?}");
    assert_contains(&done.err, &["every run saves a checkpoint first"]);
    assert_contains(&done.out, &["[small 0] stopped, with a checkpoint", "0 of 2 done"]);
    assert_eq!(results(&done.out), ["small 0 stopped -", "large 0 not run"]);
    assert_contains(
        &lab.run(&args(&[])).success(),
        &["[small 0] resumes at step ", "2 of 2 done (0 earlier)"],
    );
}

#[test]
fn faults_are_reported_before_anything_runs() {
    let lab =
        lab(&STUDY.replace("optimizer.lr", "optimizer.rl").replace("hit@1", "hit@1\"\nreferense = \"small"));
    let output = lab.run(&args(&[])).failure();
    assert_contains(
        &output,
        &["rates.toml:4:1", "the study has no setting `referense`", "did you mean `reference`?"],
    );
    lab.write("rates.toml", STUDY.replace("optimizer.lr", "optimizer.rl"));
    for command in ["run", "check"] {
        let output = lab.run(&[command, "rates.toml"]).failure();
        assert_contains(
            &output,
            &["tiny.toml [arm large]", "no setting `rl`", "rates.toml:12, set of arm `large` wrote this"],
        );
    }
    lab.write("rates.toml", STUDY.replace("val/retrieval", "val/zero_shot"));
    assert_contains(
        &lab.run(&["check", "rates.toml"]).failure(),
        &["no [[eval]] reports `zero_shot` on val", "in every arm of rates.toml"],
    );
    lab.write("rates.toml", STUDY.replace("hit@1", "hti@1"));
    for command in ["run", "check"] {
        let output = lab.run(&[command, "rates.toml"]).failure();
        assert_contains(
            &output,
            &["no [[eval]] reports `val/retrieval/t2i/hti@1`", "did you mean `val/retrieval/t2i/hit@1`?"],
        );
        assert_contains(&output, &["in every arm of rates.toml"]);
        assert_eq!(output.matches("error: ").count(), 1, "{output}");
    }
    lab.write("rates.toml", STUDY);
    let good = lab.run(&["check", "rates.toml"]).success();
    assert_contains(
        &good,
        &["rates.toml, arm large: tiny with resnet", "4 runs (2 arms, 2 seeds)", "compared with small"],
    );
    assert!(!lab.path("runs").exists());
}

#[test]
fn conflicting_flags_are_reported() {
    let lab = lab(STUDY);
    assert_contains(
        &lab.run(&["run", "tiny.toml", "--jobs", "2"]).failure(),
        &["--jobs is for studies, and tiny.toml is a spec"],
    );
    assert_contains(
        &lab.run(&args(&["--only", "smal"])).failure(),
        &["--only smal", "did you mean `small`?"],
    );
    assert_contains(&lab.run(&args(&["--name", "x"])).failure(), &["named after it, their arm and seed"]);
    assert_contains(
        &lab.run(&args(&["--ui", "dashboard"])).failure(),
        &["watch its runs with `clip-lab dashboard`"],
    );
    let core = env!("CARGO_BIN_EXE_clip-lab-core");
    let output = Running::spawn(lab.program(core, &["run", "rates.toml"])).wait().failure();
    assert_contains(&output, &["rates.toml is a study: run it with `clip-lab run rates.toml`"]);
}
