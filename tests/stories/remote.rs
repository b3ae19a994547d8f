//! Shards at URLs with secrets, and runs that are stopped during a download.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use clip_lab_testing::{Fault, Server};

use crate::{
    lab::{Lab, TINY},
    program::{assert_contains, bytes, until},
};

/// A lab, a server with its shard after these faults, and the shard's URL.
fn scene(faults: &[Fault]) -> (Lab, Server, String) {
    let (lab, server) = (Lab::new(), Server::start());
    lab.run(&["data", "pack", "tiny.toml", "--out", "packed"]).success();
    let url = server.put("/train.tar", &bytes(&lab.path("packed/train-000000.tar")), faults);
    (lab, server, url)
}

/// Writes a spec that trains two steps on the shard at `url`.
fn spec(lab: &Lab, url: &str) {
    let data = format!("plugin = \"webdataset\"\nshards = \"{url}\"");
    let spec =
        TINY.replace("plugin = \"captions\"\nroot = \"data\"", &data).replace("steps = 12", "steps = 2");
    let val = "plugin = \"captions\"\nroot = \"data\"\nsplit = \"val\"";
    lab.write("shards.toml", spec.replace("warmup = 2", "warmup = 0").replace("split = \"val\"", val));
}

/// Every file below a folder that contains `text`.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if bytes(&path).windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

#[test]
fn a_run_stopped_during_a_download_ends_at_once_and_the_next_resumes_it() {
    let (lab, server, url) = scene(&[Fault::Slow(Duration::from_millis(200))]);
    spec(&lab, &url);
    let run = lab.start(&["run", "shards.toml"]);
    let partly = || {
        let files = fs::read_dir(lab.path("cache/webdataset/shards")).into_iter().flatten().flatten();
        files.filter(|file| file.path().extension().is_some_and(|of| of == "part")).last()
    };
    until("a part", || partly().is_some_and(|part| part.metadata().unwrap().len() > 0));
    let asked = Instant::now();
    run.signal("TERM");
    let done = run.wait();
    // The rest of the download would take more than 9 s.
    assert!(!done.status.success() && asked.elapsed() < Duration::from_secs(6), "{done:?}");
    assert_contains(&done.err, &["stopped before training; downloaded files are kept"]);
    let partial_bytes = partly().unwrap().metadata().unwrap().len();
    assert_contains(&lab.run(&["run", "shards.toml"]).success(), &["48 images", "finished"]);
    assert_eq!(server.asked().last().unwrap().from as u64, partial_bytes);
    assert_eq!(lab.runs().len(), 1, "the first left no record");
}

#[test]
fn secrets_in_addresses_stay_in_the_spec_and_may_change_before_a_run_resumes() {
    let (lab, server, url) = scene(&[]);
    let signed = |word: &str| format!("{}?token={word}", url.replace("http://", "http://me:hunter2@"));
    spec(&lab, &signed("hunter3"));
    let done = lab.run(&["run", "shards.toml", "--set", "optimizer.lr=2e-3"]);
    assert!(!done.err.contains("hunter") && !done.out.contains("hunter"), "{done:?}");
    done.success();
    assert_eq!(server.asked()[0].authorization.as_deref(), Some("Basic bWU6aHVudGVyMg=="));
    // The store has no secrets; the run's folder has them, readable only by the owner.
    assert_eq!(holding(&lab.path("runs"), "hunter"), ["spec.toml"]);
    let copy = lab.folder().join("spec.toml");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert_contains(&lab.shown().to_string(), &["withheld@", "?token=withheld"]);
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    lab.run(&["report", &uid, "--out", "report"]).success();
    lab.run(&["model", "export", &uid, "--format", "torchscript", "--out", "exported"]).success();
    for folder in ["report", "exported"] {
        // The text is also a token of CLIP's vocabulary.
        let found: Vec<String> = holding(&lab.path(folder), "hunter");
        assert!(found.iter().all(|file| file == "tokenizer.json"), "{folder}: {found:?}");
    }
    // The same run with another signature.
    let renewed = fs::read_to_string(&copy).unwrap().replace("hunter3", "hunter4");
    lab.write("renewed.toml", &renewed);
    let interrupted = "UPDATE run SET status = 'interrupted'";
    lab.tamper(interrupted);
    assert_contains(&lab.run(&["run", "renewed.toml", "--resume", &uid]).success(), &["resuming at step 2"]);
    lab.tamper(interrupted);
    lab.write("other.toml", renewed.replace("lr = 2e-3", "lr = 3e-3"));
    assert_contains(&lab.run(&["run", "other.toml", "--resume", &uid]).failure(), &["the spec of run"]);
    // Without the cached shard, the run's own spec still has the credentials.
    fs::remove_dir_all(lab.path("cache/webdataset")).unwrap();
    let before = server.requests();
    lab.run(&["eval", &uid, "--split", "val", "--no-record"]).success();
    assert!(server.asked()[before..].iter().all(|asked| asked.authorization.is_some()));
}
