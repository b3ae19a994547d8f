//! Hub data sets as folders. The tests set environment variables in a child process.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::support::Scene;
use clip_lab_testing::{Fault, Server};

const SET: &str = "datasets/org/birds";
const COMMIT: &str = "c0ffee";

fn birds() -> Scene {
    let scene = Scene::empty();
    let files =
        [".gitattributes", "birds.py", "train/a/1.png", "train/b/2.png", "test/a/3.png", "weights.pt"];
    scene.server.list(SET, "main", COMMIT, &files, &[]);
    for file in files {
        scene.server.small(SET, COMMIT, file, file.as_bytes(), &[]);
    }
    scene
}

/// Runs `data_folder` in a child process with this hub in its environment.
fn data_folder_in_child(scene: &Scene, root: &str, more: &[(&str, &str)]) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "data::asks_for_data", "--ignored", "--nocapture"]);
    for name in ["HF_HUB_OFFLINE", "HF_HUB_CACHE", "HF_TOKEN"] {
        child.env_remove(name);
    }
    child.env("HF_HOME", scene.cache.path()).env("HF_ENDPOINT", scene.server.address()).env("ROOT", root);
    child.envs(more.iter().copied()).output().unwrap()
}

fn outcome(output: &Output) -> String {
    let line = String::from_utf8_lossy(&output.stdout)
        .lines()
        .find(|line| line.starts_with("=> "))
        .map(str::to_owned);
    line.unwrap_or_else(|| panic!("{output:?}"))
}

/// Run by the tests below in a child process.
#[test]
#[ignore = "part of other tests"]
fn asks_for_data() {
    let root = std::env::var("ROOT").unwrap();
    let here = clip_lab_hub::is_local(Path::new(&root));
    match clip_lab_hub::data_folder(Path::new(&root)) {
        Ok(folder) => println!("\n=> {here} {}", folder.display()),
        Err(error) => println!("\n=> {here} {error:#}"),
    }
}

#[test]
fn only_the_requested_folder_is_downloaded_and_code_never() {
    let scene = birds();
    let snapshot = scene.cache.path().join("hub/datasets--org--birds/snapshots").join(COMMIT);
    let first =
        outcome(&data_folder_in_child(&scene, "hf:datasets/org/birds/train", &[("HF_TOKEN", "hf_x")]));
    assert_eq!(first, format!("=> false {}", snapshot.join("train").display()));
    assert!(snapshot.join("train/b/2.png").exists() && !snapshot.join("test").exists());
    assert!(
        scene
            .server
            .hub
            .asked()
            .iter()
            .all(|request| request.authorization.as_deref() == Some("Bearer hf_x"))
    );
    let second =
        outcome(&data_folder_in_child(&scene, "hf:datasets/org/birds/train", &[("HF_HUB_OFFLINE", "1")]));
    assert_eq!(second, format!("=> true {}", snapshot.join("train").display()));
    let whole = outcome(&data_folder_in_child(&scene, "hf:datasets/org/birds", &[]));
    assert_eq!(whole, format!("=> false {}", snapshot.display()));
    assert!(snapshot.join("test/a/3.png").exists());
    for never in ["birds.py", "weights.pt", ".gitattributes"] {
        assert!(!snapshot.join(never).exists(), "{never}");
    }
}

#[test]
fn missing_paths_are_reported_with_existing_ones() {
    let scene = birds();
    let message = outcome(&data_folder_in_child(&scene, "hf:datasets/org/birds/trian", &[]));
    assert!(
        message.contains("it contains nothing at `trian`; its top level has ")
            && message.contains("test, train"),
        "{message}"
    );
    let message = outcome(&data_folder_in_child(&scene, "hf:org/birds", &[]));
    assert!(
        message.contains("hf:org/birds is a model; a data set is written hf:datasets/org/birds"),
        "{message}"
    );
    let message =
        outcome(&data_folder_in_child(&scene, "hf:datasets/org/birds", &[("HF_ENDPOINT", "me:secret@host")]));
    assert!(message.contains("HF_ENDPOINT") && !message.contains("secret"), "{message}");
    assert_eq!(outcome(&data_folder_in_child(&scene, "some/folder", &[])), "=> true some/folder");
}

#[test]
fn a_token_is_sent_neither_to_a_proxy_nor_over_http() {
    let (scene, proxy) = (birds(), Server::start());
    let name = "hf:datasets/org/birds/train";
    let through = [("HF_TOKEN", "hf_x"), ("HTTP_PROXY", proxy.address()), ("http_proxy", proxy.address())];
    // Requests to this machine use no proxy.
    let first = outcome(&data_folder_in_child(
        &scene,
        name,
        &[&through[..], &[("no_proxy", ""), ("NO_PROXY", "")]].concat(),
    ));
    assert!(first.contains("snapshots"), "{first}");
    assert!(scene.server.hub.asked().iter().all(|request| request.authorization.is_some()));
    assert_eq!(proxy.requests(), 0);
    // Requests to another host over http:// use it, without the token.
    let away = |closed: &[Fault]| {
        let path = "http://hub.example/api/datasets/org/birds/revision/main?blobs=true";
        proxy.put(path, b"{\"sha\":\"c0ffee\",\"siblings\":[]}", closed);
        let more = [("HF_ENDPOINT", "http://hub.example"), ("NO_PROXY", ""), ("no_proxy", "")];
        let empty = tempfile::tempdir().unwrap();
        let home = [("HF_HOME", empty.path().to_str().unwrap())];
        outcome(&data_folder_in_child(&scene, name, &[&through[..], &more[..], &home[..]].concat()))
    };
    let message = away(&[]);
    assert!(message.contains("it contains nothing at `train`"), "{message}");
    let message = away(&[Fault::Status(401)]);
    assert!(message.contains("sent without a token") && message.contains("https://"), "{message}");
    assert!(proxy.requests() >= 2 && proxy.asked().iter().all(|request| request.authorization.is_none()));
    assert!(!message.contains("hf_x"));
}
