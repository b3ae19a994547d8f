//! Downloads from a faulty hub: retries, error messages, and partial files.

use std::{fs, time::Duration};

use crate::support::{COMMIT, CONFIG, MODEL, SECRET, Scene, sha256, weights};
use clip_lab_hub::Hub;
use clip_lab_testing::{Fault, Server};

const NAME: &str = "hf:org/tiny";

#[test]
fn a_repository_is_cached_in_the_standard_layout_and_downloaded_once() {
    let scene = Scene::new(&[]);
    let folder = scene.fetch(scene.hub(), NAME).unwrap();
    let (repo, bytes) = (scene.repo(), weights());
    assert_eq!(folder, repo.join("snapshots").join(COMMIT));
    assert_eq!(fs::read_to_string(repo.join("refs/main")).unwrap(), COMMIT);
    assert_eq!(fs::read(folder.join("config.json")).unwrap(), CONFIG);
    let link = fs::read_link(folder.join("model.safetensors")).unwrap();
    assert_eq!(link.to_str().unwrap(), format!("../../blobs/{}", sha256(&bytes)));
    assert!(fs::read(folder.join("model.safetensors")).unwrap() == bytes);
    let blobs = fs::read_dir(repo.join("blobs")).unwrap().count();
    assert_eq!(blobs, 2, "no partial file is left");
    let before = scene.requests();
    assert_eq!(scene.fetch(scene.hub(), NAME).unwrap(), folder);
    assert_eq!(scene.fetch(Hub { offline: true, ..scene.hub() }, NAME).unwrap(), folder);
    // The same by its commit, also without the network.
    assert_eq!(scene.fetch(scene.hub(), &format!("{NAME}@{COMMIT}")).unwrap(), folder);
    assert_eq!(scene.requests(), before);
}

#[test]
fn the_token_is_only_sent_to_the_hub() {
    let scene = Scene::new(&[Fault::Part(0.5)]);
    scene.fetch(scene.with_token(), NAME).unwrap();
    let (hub, storage) = (scene.server.hub.asked(), scene.server.storage.asked());
    let bearer = format!("Bearer {SECRET}");
    assert!(!hub.is_empty() && hub.iter().all(|asked| asked.authorization.as_ref() == Some(&bearer)));
    assert!(storage.len() == 2 && storage.iter().all(|asked| asked.authorization.is_none()), "{storage:?}");
}

#[test]
fn transient_faults_are_retried() {
    let stall = Fault::Stall(Duration::from_millis(900));
    let cases: [&[Fault]; 5] = [
        &[Fault::Status(500), Fault::Status(503), Fault::Status(429)],
        &[Fault::Part(0.5), Fault::Part(0.5), Fault::Part(0.0)],
        &[stall, stall],
        &[Fault::Part(0.5), Fault::Whole],
        &[Fault::Status(403), Fault::Part(0.3), stall], // an expired signed URL
    ];
    for faults in cases {
        let scene = Scene::new(faults);
        let folder = scene.fetch(scene.hub(), NAME).unwrap_or_else(|error| panic!("{faults:?}: {error:#}"));
        assert!(fs::read(folder.join("model.safetensors")).unwrap() == weights(), "{faults:?}");
    }
    // The listing and the small files as well.
    let scene = Scene::new(&[]);
    let files = ["config.json", "model.safetensors"];
    scene.server.list(MODEL, "main", COMMIT, &files, &[Fault::Status(500), Fault::Part(0.5), stall]);
    scene.server.small(MODEL, COMMIT, "config.json", CONFIG, &[Fault::Status(502), Fault::Part(0.5), stall]);
    scene.fetch(scene.hub(), NAME).unwrap();
}

#[test]
fn an_interrupted_download_resumes_also_in_the_next_call() {
    let mut faults = vec![Fault::Part(0.5), Fault::Part(0.5)];
    faults.extend([Fault::Status(500); 4]);
    let scene = Scene::new(&faults);
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(message.contains("model.safetensors: gave up after 4 attempts without progress"), "{message}");
    let partly = scene.repo().join("blobs").join(sha256(&weights())).with_extension("incomplete");
    assert_eq!(fs::metadata(&partly).unwrap().len(), 150_000);
    scene.fetch(scene.hub(), NAME).unwrap();
    let froms: Vec<usize> = scene.server.storage.asked().iter().map(|asked| asked.from).collect();
    assert_eq!(froms, [0, 100_000, 150_000, 150_000, 150_000, 150_000, 150_000]);
    assert!(!partly.exists());
}

#[test]
fn access_errors_give_advice() {
    let scene = Scene::new(&[]);
    let list = |fault| scene.server.list(MODEL, "main", COMMIT, &["config.json"], &[fault; 9]);
    list(Fault::Refuse(401, "GatedRepo"));
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(
        message.contains("gated (401 Unauthorized): accept its terms at https://huggingface.co/org/tiny"),
        "{message}"
    );
    assert!(message.contains("set a token in HF_TOKEN or in "), "{message}");
    list(Fault::Refuse(403, "GatedRepo"));
    let message = scene.fetch_error(scene.with_token(), NAME);
    assert!(message.contains("closed to this token (403 Forbidden): accept its terms"), "{message}");
    list(Fault::Status(401));
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(
        message.contains("there is no such repository, or it is private") && message.contains("HF_TOKEN"),
        "{message}"
    );
    list(Fault::Refuse(404, "RevisionNotFound"));
    assert!(scene.fetch_error(scene.hub(), NAME).contains("it has no revision `main`"));
    let message = scene.fetch_error(scene.hub(), "hf:org/other");
    assert!(message.contains("no such repository or file (404): check the name"), "{message}");
    assert_eq!(fs::read_dir(scene.cache.path()).unwrap().count(), 0, "nothing is saved");
}

#[test]
fn inconsistent_responses_are_rejected() {
    let bytes = weights();
    // Longer than the hub reports.
    let scene = Scene::new(&[]);
    let place = scene.server.storage.put("/lfs/long", &bytes, &[]);
    let tag = format!("\"{}\"", sha256(&bytes));
    let file = format!("/org/tiny/resolve/{COMMIT}/model.safetensors");
    scene.server.hub.redirect(&file, &place, &[("x-linked-etag", &tag), ("x-linked-size", "1000")]);
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(message.contains("the hub reports 1000 bytes, but the server sends 200000"), "{message}");
    // Other content than the hub reports, then the correct one.
    scene.server.large(MODEL, COMMIT, "model.safetensors", &bytes, &sha256(b"other"), &[]);
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(message.contains("does not match the hub's digest (SHA-256"), "{message}");
    scene.server.large(MODEL, COMMIT, "model.safetensors", &bytes, &sha256(&bytes), &[]);
    scene.fetch(scene.hub(), NAME).unwrap();
    // A redirect loop.
    let scene = Scene::new(&[]);
    scene.server.hub.redirect(&file, "/round", &[]);
    scene.server.hub.redirect("/round", &file, &[]);
    assert!(scene.fetch_error(scene.hub(), NAME).contains("redirects more than 10 times"));
    // Unsafe names, unsafe tags, and a server that is not a hub.
    scene.server.list("models/org/bad", "main", COMMIT, &["../../x"], &[]);
    assert!(scene.fetch_error(scene.hub(), "hf:org/bad").contains("outside of the repository: `../../x`"));
    scene.server.list("models/org/bad", "main", COMMIT, &["x"], &[]);
    let headers = [("etag", "\"../../../x\""), ("x-repo-commit", COMMIT)];
    scene.server.hub.put_with(&format!("/org/bad/resolve/{COMMIT}/x"), b"x", &headers, &[]);
    assert!(scene.fetch_error(scene.hub(), "hf:org/bad").contains("etag is not a valid file name"));
    scene.server.hub.put("/api/models/org/page/revision/main", b"<html>", &[]);
    assert!(scene.fetch_error(scene.hub(), "hf:org/page").contains("the endpoint is not a hub"));
}

#[test]
fn a_hub_that_does_not_respond_fails() {
    let scene = Scene::new(&[]);
    let silent = [Fault::Stall(Duration::from_secs(2)); 9];
    scene.server.list(MODEL, "main", COMMIT, &["config.json"], &silent);
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(
        message.contains("gave up after 4 attempts") && message.contains("sent nothing for 0.3 s"),
        "{message}"
    );
    let nowhere = Hub { endpoint: "http://127.0.0.1:9".parse().unwrap(), ..scene.hub() };
    assert!(scene.fetch_error(nowhere, NAME).contains("gave up after 4 attempts"));
}

#[test]
fn offline_makes_no_request() {
    let scene = Scene::new(&[]);
    let offline = || Hub { offline: true, ..scene.hub() };
    let message = scene.fetch_error(offline(), NAME);
    assert!(message.contains("HF_HUB_OFFLINE is set: download it once without"), "{message}");
    assert_eq!(scene.requests(), 0);
    // A snapshot of another tool is used as it is, offline and when the hub cannot be reached.
    let snapshot = scene.repo().join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(scene.repo().join("refs")).unwrap();
    fs::write(scene.repo().join("refs/main"), COMMIT).unwrap();
    fs::write(snapshot.join("config.json"), CONFIG).unwrap();
    assert_eq!(scene.fetch(offline(), NAME).unwrap(), snapshot);
    assert_eq!(scene.requests(), 0);
    let nowhere = Hub { endpoint: "http://127.0.0.1:9".parse().unwrap(), ..scene.hub() };
    assert_eq!(scene.fetch(nowhere, NAME).unwrap(), snapshot);
    // When the hub can be reached, missing files are downloaded.
    let folder = scene.fetch(scene.hub(), NAME).unwrap();
    assert!(folder.join("model.safetensors").exists());
}

#[test]
fn concurrent_calls_download_once() {
    let scene = Scene::new(&[Fault::Slow(Duration::from_millis(2))]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| scene.fetch(scene.hub(), NAME).unwrap());
        }
    });
    assert_eq!(scene.server.storage.requests(), 1);
}

#[test]
fn a_mirror_below_a_path_and_redirects_within_the_hub_are_followed() {
    let (scene, mirror) = (Scene::empty(), Server::start());
    let tag = "\"aa01\"";
    mirror.put(
        "/hub/api/models/org/tiny/revision/v%2F1",
        b"{\"sha\":\"c0ffee\",\"siblings\":[{\"rfilename\":\"a b.json\"}]}",
        &[],
    );
    mirror.redirect("/hub/org/tiny/resolve/c0ffee/a%20b.json", "/moved/here", &[]);
    mirror.put_with("/moved/here", b"{}", &[("etag", tag)], &[]);
    let hub = Hub { endpoint: format!("{}/hub/", mirror.address()).parse().unwrap(), ..scene.with_token() };
    let folder = scene.fetch(hub, "hf:org/tiny@v/1").unwrap();
    assert_eq!(fs::read(folder.join("a b.json")).unwrap(), b"{}");
    assert!(scene.repo().join("refs/v/1").exists());
    assert!(mirror.asked().iter().all(|asked| asked.authorization.is_some()));
}
