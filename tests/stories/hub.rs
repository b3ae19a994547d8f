//! Models, data sets and shards of a local hub server: downloaded, resumed, denied.

use std::{fs, path::Path, process::Command, time::Duration};

use clip_lab_testing::{Fault, HubServer, sha256};

use crate::{
    lab::{Lab, TINY},
    program::{Done, Running, assert_contains},
    support::goldens,
};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const SECRET: &str = "hf_doNotTell";

/// The command clip-lab in the lab, with this hub in its environment.
fn command(lab: &Lab, hub: &HubServer, args: &[&str]) -> Command {
    let mut command = lab.program(env!("CARGO_BIN_EXE_clip-lab"), args);
    command.env_remove("HF_HUB_OFFLINE").env("HF_ENDPOINT", hub.address()).env("HF_TOKEN", SECRET);
    command.env("HF_HUB_DOWNLOAD_TIMEOUT", "5");
    command
}

fn run(lab: &Lab, hub: &HubServer, args: &[&str]) -> Done {
    let done = Running::spawn(command(lab, hub, args)).wait();
    assert!(!done.out.contains(SECRET) && !done.err.contains(SECRET), "{done:?}");
    done
}

/// Serves a folder's files as `repo`; the weights after these faults.
fn put(hub: &HubServer, repo: &str, folder: &Path, faults: &[Fault]) {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (name, bytes) = (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
        // Skips the reference outputs, which are not part of the model.
        if name == "io.safetensors" {
            continue;
        }
        match name.ends_with(".safetensors") {
            true => hub.large(repo, COMMIT, &name, &bytes, &sha256(&bytes), faults),
            false => hub.small(repo, COMMIT, &name, &bytes, &[]),
        }
        names.push(name);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    hub.list(repo, "main", COMMIT, &names, &[]);
}

#[test]
fn a_model_is_shown_despite_network_errors_and_offline_the_second_time() {
    let clip = goldens("models/hf_clip");
    let (lab, hub) = (Lab::empty(), HubServer::start());
    put(&hub, "models/org/tiny", &clip, &[Fault::Part(0.4), Fault::Status(503)]);
    let output = run(&lab, &hub, &["model", "show", "hf:org/tiny"]).success();
    assert_contains(
        &output,
        &["vit", "clip_transformer", "from = \"hf:org/tiny\"", "tested, all tensors load"],
    );
    let asked = hub.hub.requests() + hub.storage.requests();
    let again = run(&lab, &hub, &["model", "show", "hf:org/tiny", "--json"]).success();
    assert!(again.contains("\"version\": 1") && again.contains("\"loads\": true"), "{again}");
    assert_eq!(hub.hub.requests() + hub.storage.requests(), asked, "what is here is not asked for");
    assert!(hub.storage.asked().iter().all(|asked| asked.authorization.is_none()));
    // The lab's environment is offline: the cache suffices.
    assert_eq!(lab.run(&["model", "show", "hf:org/tiny", "--json"]).success(), again);
}

#[test]
fn a_stopped_download_is_resumed_with_progress() {
    let clip = goldens("models/hf_clip");
    let (lab, hub) = (Lab::empty(), HubServer::start());
    put(&hub, "models/org/tiny", &clip, &[Fault::Slow(Duration::from_millis(100))]);
    let mut running = Running::spawn(command(&lab, &hub, &["model", "show", "hf:org/tiny"]));
    running.until_err("fetching hf:org/tiny: ");
    running.signal("INT");
    let done = running.wait();
    assert!(!done.status.success());
    // This hub lists no sizes, so the remaining time is unknown.
    assert_contains(&done.err, &[" of 5 files, ", " kB, ", " kB/s"]);
    let weights = sha256(&fs::read(clip.join("model.safetensors")).unwrap());
    let partly = lab.path("hub/hub/models--org--tiny/blobs").join(weights).with_extension("incomplete");
    let partial = fs::metadata(&partly).unwrap().len();
    assert!(partial > 0);
    run(&lab, &hub, &["model", "show", "hf:org/tiny"]).success();
    assert_eq!(hub.storage.asked().last().unwrap().from as u64, partial, "resumed from the partial file");
}

#[test]
fn a_gated_repository_is_reported_with_a_fix() {
    let (lab, hub) = (Lab::empty(), HubServer::start());
    hub.list("models/org/gated", "main", COMMIT, &["config.json"], &[Fault::Refuse(403, "GatedRepo"); 3]);
    let output = run(&lab, &hub, &["model", "show", "hf:org/gated"]).failure();
    assert_contains(
        &output,
        &["hf:org/gated", "closed to this token", "accept its terms at https://huggingface.co/org/gated"],
    );
    let output = run(&lab, &hub, &["model", "show", "hf:org/nobody"]).failure();
    assert_contains(&output, &["no such repository or file (404): check the name"]);
    hub.list("models/org/pickled", "main", COMMIT, &["pytorch_model.bin", "config.json"], &[]);
    let output = run(&lab, &hub, &["model", "show", "hf:org/pickled"]).failure();
    assert_contains(&output, &["holds no safetensors, and Python pickles are never read"]);
}

#[test]
fn a_data_set_of_the_hub_is_trained_on() {
    let (lab, hub) = (Lab::new(), HubServer::start());
    put(&hub, "datasets/org/squares", &lab.path("data"), &[]);
    let spec = TINY.replace("root = \"data\"", "root = \"hf:datasets/org/squares\"");
    assert_ne!(spec, TINY);
    lab.write("hub.toml", spec);
    fs::rename(lab.path("data"), lab.path("gone")).unwrap();
    assert_contains(&run(&lab, &hub, &["check", "hub.toml", "--no-cost"]).success(), &["captions"]);
    assert_eq!(hub.hub.requests(), 0, "a plan fetches no data");
    assert_contains(
        &run(&lab, &hub, &["run", "hub.toml", "--set", "run.steps=2"]).success(),
        &["48 images", "finished"],
    );
    let output =
        run(&lab, &hub, &["run", "hub.toml", "--set", "data.train.root=hf:datasets/squares"]).failure();
    assert_contains(&output, &["is not of the form hf:datasets/ORGANISATION/NAME"]);
    // The same as shards, which are downloaded one by one to the shard cache.
    fs::rename(lab.path("gone"), lab.path("data")).unwrap();
    lab.run(&["data", "pack", "tiny.toml", "--out", "shards"]).success();
    let shard = fs::read(lab.path("shards/train-000000.tar")).unwrap();
    hub.small("datasets/org/shards", "main", "train-000000.tar", &shard, &[Fault::Part(0.5)]);
    let sets = [
        "data.train={ plugin = \"webdataset\", shards = \"hf:datasets/org/shards/train-{000000..000000}.tar\" }",
        "data.val={ plugin = \"captions\", root = \"data\", split = \"val\" }",
    ];
    let done =
        run(&lab, &hub, &["run", "tiny.toml", "--set", "run.steps=2", "--set", sets[0], "--set", sets[1]]);
    assert_contains(&done.success(), &["48 images", "finished"]);
}

#[test]
fn a_model_of_the_hub_is_evaluated_on_data_of_the_hub_and_on_shards() {
    let clip = goldens("models/hf_clip");
    let (lab, hub) = (Lab::new(), HubServer::start());
    put(&hub, "models/org/tiny", &clip, &[]);
    put(&hub, "datasets/org/squares", &lab.path("data"), &[]);
    let judged = |data: &str| {
        let args = ["eval", "hf:org/tiny", "--data", data, "--split", "all", "--as", "squares", "--json"];
        let output = run(&lab, &hub, &args).success();
        serde_json::from_str::<serde_json::Value>(&output).unwrap()["metrics"].clone()
    };
    let of_hub = judged("hf:datasets/org/squares");
    assert!(of_hub["squares/retrieval/t2i/mean_rank"].as_f64().is_some_and(|rank| rank >= 1.0), "{of_hub}");
    // Without split names in the file names, the shards are one split.
    lab.run(&["data", "pack", "data", "--out", "packed"]).success();
    let shard = lab.path("packed/train-000000.tar");
    fs::create_dir(lab.path("shards")).unwrap();
    fs::rename(shard, lab.path("shards/squares.tar")).unwrap();
    let of_shards = judged("shards");
    assert!(of_shards["squares/retrieval/i2t/mrr"].as_f64().is_some(), "{of_shards}");
}
