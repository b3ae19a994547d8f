//! Stores with runs, and everything that a reader reports of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clip_lab_store::{
    Axis, ConfigEntry, Goal, Hit, Level, NewArtifact, NewEvaluation, NewRun, Probe, RankSet, Reader,
    Recorder, RunId, Shown, Status, Store, Tick, new_uid, run_folder,
};
use clip_lab_transfer::{Local, Outcome, Remote, RunReport, Settings, Source, Target, copy};

const ROLE: &str = "CLIP_LAB_TRANSFER_TEST_ROLE";

/// Every run, or those whose name contains the filter.
pub fn select(reader: &Reader, filter: &str) -> anyhow::Result<Vec<String>> {
    let runs = reader.runs()?.into_iter().filter(|run| run.name.contains(filter));
    Ok(runs.map(|run| run.uid).collect())
}

pub fn local(store: &Path) -> Local {
    Local::new(store, select)
}

/// Copies every run.
pub fn push(from: &Path, to: &Path) -> Vec<RunReport> {
    transfer(&mut local(from), &mut local(to))
}

pub fn transfer(from: &mut dyn Source, to: &mut dyn Target) -> Vec<RunReport> {
    copy(from, to, "", &Settings::default(), &mut |_, _, _| {}).unwrap()
}

pub fn outcomes(reports: &[RunReport]) -> Vec<Outcome> {
    reports.iter().map(|report| report.outcome.clone()).collect()
}

pub fn at(step: u64) -> Tick {
    Tick { step, epoch: step as f64 / 7.0, samples: step * 4 }
}

/// Log calls for the steps: values that need every bit, and some that are not finite.
pub fn log(recorder: &Recorder, steps: std::ops::Range<u64>) {
    for step in steps {
        let loss = if step % 97 == 13 { f64::NAN } else { 1.0 / (step as f64 + 0.1) };
        recorder.log(at(step), &[("train/z", loss), ("train/a", step as f64 / 3.0)]);
        if step % 10 == 0 {
            recorder.log(at(step), &[("val/loss", (step as f64).sin())]);
        }
    }
}

pub fn image() -> (String, Vec<u8>) {
    let jpeg = b"not a real JPEG".to_vec();
    (blake3::hash(&jpeg).to_hex()[..32].to_owned(), jpeg)
}

/// An evaluation during training: ranks and a probe.
pub fn evaluate(recorder: &Recorder, step: u64) {
    let (digest, jpeg) = image();
    recorder.image(&digest, jpeg);
    let shown = Shown { name: "cat".into(), digest: Some(digest) };
    let hit = Hit { image: shown.clone(), score: 0.5, right: true };
    let (split, weights) = ("val".to_owned(), "raw".to_owned());
    recorder.probe(Probe {
        step,
        split,
        weights,
        images: vec![shown],
        top: vec![vec![hit]],
        ..Probe::default()
    });
    let ranks = vec![step as u32, 1, 2];
    let set = RankSet { step, split: "val".into(), suite: "retrieval".into(), ranks, ..RankSet::default() };
    recorder.rank(RankSet { direction: "t2i".into(), weights: "raw".into(), ..set });
}

pub fn save(recorder: &Recorder, step: u64) {
    let content = format!("weights of step {step}").repeat(1000);
    fs::write(recorder.folder().join("last.safetensors"), &content).unwrap();
    let (kind, name, path) = ("checkpoint".into(), "last".into(), "last.safetensors".into());
    let bytes = content.len() as u64;
    recorder.artifact(NewArtifact { kind, name, step: Some(step), path, bytes, digest: None });
}

/// Records a run with something of everything. Returns its uid.
pub fn record(store: &Path, name: &str, steps: u64) -> String {
    let entry = ConfigEntry { key: "optimizer.lr".into(), value: "0.1".into(), origin: "default".into() };
    let run = NewRun {
        uid: new_uid(),
        name: name.into(),
        study: Some("tricks".into()),
        seed: u64::MAX,
        spec_text: "[run]\nname = \"a\"\n".into(),
        config: vec![entry],
        goal_metric: Some("val/loss".into()),
        ..NewRun::default()
    };
    let recorder = Recorder::start(store, run.clone()).unwrap();
    fs::write(recorder.folder().join("spec.toml"), &run.spec_text).unwrap();
    fs::create_dir(recorder.folder().join("charts")).unwrap();
    fs::write(recorder.folder().join("charts/loss.svg"), "<svg/>").unwrap();
    recorder.describe_metric("val/loss", "nats", Goal::Down);
    recorder.set_environment("code", "abc".into());
    log(&recorder, 0..steps);
    evaluate(&recorder, steps / 2);
    save(&recorder, steps);
    recorder.event(Level::Warning, "test", Some(3), "an event");
    assert_eq!(recorder.finish(Status::Finished, Some("done")), None);
    let edit = Store::open(store).unwrap();
    let id = Reader::open(store).unwrap().run(&run.uid).unwrap().id;
    edit.tag(id, "paper").unwrap();
    edit.note(id, "a note").unwrap();
    edit.evaluate(id, &evaluation("cifar10", 0.25)).unwrap();
    run.uid
}

pub fn evaluation(name: &str, value: f64) -> NewEvaluation {
    let ranks =
        RankSet { suite: "zero_shot".into(), direction: "i2c".into(), ranks: vec![7], ..RankSet::default() };
    NewEvaluation {
        name: name.into(),
        step: 5,
        weights: "raw".into(),
        data: "d".into(),
        settings: serde_json::json!({ "batch": 1 }),
        metrics: vec![("top1".into(), value, Goal::Up)],
        ranks: vec![ranks],
    }
}

/// Resumes a run after `from`, as far as `to`.
pub fn resume(store: &Path, uid: &str, from: u64, to: u64) {
    let recorder = Recorder::resume(store, uid, from).unwrap();
    log(&recorder, from + 1..to);
    evaluate(&recorder, to);
    save(&recorder, to);
    assert_eq!(recorder.finish(Status::Interrupted, None), None);
}

/// Everything that readers report of a store, without row ids, and the files.
pub fn content(store: &Path) -> String {
    let reader = Reader::open(store).unwrap();
    let mut text = String::new();
    for mut run in reader.runs().unwrap() {
        let (id, uid) = (run.id, run.uid.clone());
        run.id = RunId(0);
        run.dir = PathBuf::new();
        text +=
            &format!("{run:?}\n{:?}\n{}\n", reader.environment(id).unwrap(), reader.spec_text(id).unwrap());
        text += &format!("{:?}\n{:?}\n", reader.config(id).unwrap(), reader.metric_order(id).unwrap());
        for series in reader.series(id).unwrap() {
            let points: Vec<_> = reader.points(id, &series.name).unwrap();
            let bits: Vec<_> =
                points.iter().map(|point| (point.step, point.wall_ms, point.value.to_bits())).collect();
            text += &format!("{series:?} {bits:?}\n");
            for buckets in [1, 7, 60] {
                let buckets = reader.buckets(id, &series.name, Axis::Epoch, None, buckets).unwrap();
                text += &format!("{buckets:?}\n");
            }
        }
        let events = reader.events(id, 0).unwrap();
        let events: Vec<_> = events.into_iter().map(|e| (e.at_ms, e.level, e.kind, e.step, e.text)).collect();
        let notes: Vec<_> = reader.notes(id).unwrap().into_iter().map(|n| (n.at_ms, n.text)).collect();
        let files = reader.artifacts(id).unwrap();
        let files: Vec<_> =
            files.into_iter().map(|f| (f.at_ms, f.kind, f.name, f.step, f.path, f.bytes, f.digest)).collect();
        let evaluations = reader.evaluations(id).unwrap();
        let evaluations: Vec<_> = evaluations
            .into_iter()
            .map(|e| (e.at_ms, e.name, e.step, e.weights, e.data, e.settings, e.metrics))
            .collect();
        text +=
            &format!("{events:?}\n{notes:?}\n{:?}\n{files:?}\n{evaluations:?}\n", reader.tags(id).unwrap());
        text += &format!("{:?}\n{:?}\n", reader.ranks(id).unwrap(), reader.probes(id).unwrap());
        text += &format!("{:?}\n", reader.image(&image().0).unwrap());
        text += &files_of(&run_folder(store, &uid).unwrap(), "");
    }
    text
}

/// Names and contents of the files below a folder, except locks.
fn files_of(folder: &Path, above: &str) -> String {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let mut text = String::new();
    for path in entries {
        let name = format!("{above}{}", path.file_name().unwrap().display());
        match path.is_dir() {
            true => text += &files_of(&path, &format!("{name}/")),
            false if name == "run.lock" => {}
            false => text += &format!("{name}: {}\n", blake3::hash(&fs::read(&path).unwrap()).to_hex()),
        }
    }
    text
}

/// This test program as a child process that runs only the test `child_process` of `module`.
pub fn child(module: &str, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([format!("{module}::child_process").as_str(), "--exact", "--nocapture", "-q"]);
    command.env(ROLE, role).stderr(Stdio::null());
    command
}

/// The role of this child process; none if it is not one.
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// The store `path`, served by a child process through a program in place of the ssh client, which runs the command that
/// it is given, as a shell on the other machine would.
pub fn remote(folder: &Path, path: &Path) -> Remote {
    use std::os::unix::fs::PermissionsExt as _;
    let [ssh, program] = ["ssh", "clip lab"].map(|name| folder.join(name));
    let exe = std::env::current_exe().unwrap();
    let serve = format!(
        "#!/bin/sh\n[ \"$1 $2 $3\" = 'runs serve-store --' ] || exit 2\n{ROLE}=\"$4\" exec '{}' pipe::child_process --exact --nocapture 3>&1 >/dev/null 2>&1\n",
        exe.display()
    );
    for (file, script) in [
        (&ssh, "#!/bin/sh\n[ \"$1 $2\" = '-T me@host' ] || exit 1\nexec sh -c \"$3\"\n"),
        (&program, &*serve),
    ] {
        fs::write(file, script).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let address = clip_lab_transfer::Address::read(&format!("ssh://me@host{}", path.display())).unwrap();
    let program = format!("'{}'", program.display());
    Remote::start(Command::new(ssh).args(address.ssh_arguments(&program).unwrap())).unwrap()
}
