//! Repositories of a hub that is at fault: what is outlasted, what is told, what is left behind.

mod support;

use std::{fs, time::Duration};

use clip_lab_faulty::{Fault, Server};
use clip_lab_hub::Hub;
use support::{COMMIT, CONFIG, MODEL, SECRET, Scene, sha256, weights};

const NAME: &str = "hf:org/tiny";

#[test]
fn a_repository_lies_in_the_layout_of_the_hub_and_is_asked_for_once() {
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
    assert_eq!(blobs, 2, "nothing half is left");
    let before = scene.requests();
    assert_eq!(scene.fetch(scene.hub(), NAME).unwrap(), folder);
    assert_eq!(scene.fetch(Hub { offline: true, ..scene.hub() }, NAME).unwrap(), folder);
    // By its commit it is the same, and needs no network either.
    assert_eq!(scene.fetch(scene.hub(), &format!("{NAME}@{COMMIT}")).unwrap(), folder);
    assert_eq!(scene.requests(), before);
}

#[test]
fn the_token_goes_to_the_hub_and_to_nobody_else() {
    let scene = Scene::new(&[Fault::Part(0.5)]);
    scene.fetch(scene.with_token(), NAME).unwrap();
    let (hub, storage) = (scene.server.hub.asked(), scene.server.storage.asked());
    let bearer = format!("Bearer {SECRET}");
    assert!(!hub.is_empty() && hub.iter().all(|asked| asked.authorization.as_ref() == Some(&bearer)));
    assert!(storage.len() == 2 && storage.iter().all(|asked| asked.authorization.is_none()), "{storage:?}");
}

#[test]
fn faults_that_pass_are_outlasted() {
    let stall = Fault::Stall(Duration::from_millis(900));
    let cases: [&[Fault]; 5] = [
        &[Fault::Status(500), Fault::Status(503), Fault::Status(429)],
        &[Fault::Part(0.5), Fault::Part(0.5), Fault::Part(0.0)],
        &[stall, stall],
        &[Fault::Part(0.5), Fault::Whole],
        &[Fault::Status(403), Fault::Part(0.3), stall], // a signed address that has run out
    ];
    for faults in cases {
        let scene = Scene::new(faults);
        let folder = scene.fetch(scene.hub(), NAME).unwrap_or_else(|error| panic!("{faults:?}: {error:#}"));
        assert!(fs::read(folder.join("model.safetensors")).unwrap() == weights(), "{faults:?}");
    }
    // The list and the small files as well.
    let scene = Scene::new(&[]);
    let files = ["config.json", "model.safetensors"];
    scene.server.list(MODEL, "main", COMMIT, &files, &[Fault::Status(500), Fault::Part(0.5), stall]);
    scene.server.small(MODEL, COMMIT, "config.json", CONFIG, &[Fault::Status(502), Fault::Part(0.5), stall]);
    scene.fetch(scene.hub(), NAME).unwrap();
}

#[test]
fn a_broken_line_is_gone_on_with_from_where_it_broke_by_the_next_call_too() {
    let mut faults = vec![Fault::Part(0.5), Fault::Part(0.5)];
    faults.extend([Fault::Status(500); 4]);
    let scene = Scene::new(&faults);
    let words = scene.refusal(scene.hub(), NAME);
    assert!(words.contains("model.safetensors: given up after 4 tries that brought nothing"), "{words}");
    let partly = scene.repo().join("blobs").join(sha256(&weights())).with_extension("incomplete");
    assert_eq!(fs::metadata(&partly).unwrap().len(), 150_000);
    scene.fetch(scene.hub(), NAME).unwrap();
    let froms: Vec<usize> = scene.server.storage.asked().iter().map(|asked| asked.from).collect();
    assert_eq!(froms, [0, 100_000, 150_000, 150_000, 150_000, 150_000, 150_000]);
    assert!(!partly.exists());
}

#[test]
fn closed_doors_say_what_opens_them() {
    let scene = Scene::new(&[]);
    let list = |fault| scene.server.list(MODEL, "main", COMMIT, &["config.json"], &[fault; 9]);
    list(Fault::Refuse(401, "GatedRepo"));
    let words = scene.refusal(scene.hub(), NAME);
    assert!(
        words.contains("gated (401 Unauthorized): accept its terms at https://huggingface.co/org/tiny"),
        "{words}"
    );
    assert!(words.contains("give a token by HF_TOKEN or in "), "{words}");
    list(Fault::Refuse(403, "GatedRepo"));
    let words = scene.refusal(scene.with_token(), NAME);
    assert!(words.contains("closed to this token (403 Forbidden): accept its terms"), "{words}");
    list(Fault::Status(401));
    let words = scene.refusal(scene.hub(), NAME);
    assert!(
        words.contains("there is no such repository, or it is private") && words.contains("HF_TOKEN"),
        "{words}"
    );
    list(Fault::Refuse(404, "RevisionNotFound"));
    assert!(scene.refusal(scene.hub(), NAME).contains("it has no revision `main`"));
    let words = scene.refusal(scene.hub(), "hf:org/other");
    assert!(words.contains("no such repository or file (404): is the name right?"), "{words}");
    assert_eq!(fs::read_dir(scene.cache.path()).unwrap().count(), 0, "nothing is noted of what is not there");
}

#[test]
fn what_a_server_cannot_mean_is_refused() {
    let bytes = weights();
    // Longer than the hub says.
    let scene = Scene::new(&[]);
    let place = scene.server.storage.put("/lfs/long", &bytes, &[]);
    let tag = format!("\"{}\"", sha256(&bytes));
    let file = format!("/org/tiny/resolve/{COMMIT}/model.safetensors");
    scene.server.hub.redirect(&file, &place, &[("x-linked-etag", &tag), ("x-linked-size", "1000")]);
    let words = scene.refusal(scene.hub(), NAME);
    assert!(words.contains("the hub says 1000 bytes and the server sends 200000"), "{words}");
    // Other bytes than the hub says, and then the right ones.
    scene.server.large(MODEL, COMMIT, "model.safetensors", &bytes, &sha256(b"other"), &[]);
    let words = scene.refusal(scene.hub(), NAME);
    assert!(words.contains("is not what the hub says (SHA-256"), "{words}");
    scene.server.large(MODEL, COMMIT, "model.safetensors", &bytes, &sha256(&bytes), &[]);
    scene.fetch(scene.hub(), NAME).unwrap();
    // In circles.
    let scene = Scene::new(&[]);
    scene.server.hub.redirect(&file, "/round", &[]);
    scene.server.hub.redirect("/round", &file, &[]);
    assert!(scene.refusal(scene.hub(), NAME).contains("redirects in circles"));
    // Names that climb, tags that climb, and no hub at all.
    scene.server.list("models/org/bad", "main", COMMIT, &["../../x"], &[]);
    assert!(scene.refusal(scene.hub(), "hf:org/bad").contains("would lie elsewhere: `../../x`"));
    scene.server.list("models/org/bad", "main", COMMIT, &["x"], &[]);
    let told = [("etag", "\"../../../x\""), ("x-repo-commit", COMMIT)];
    scene.server.hub.put_with(&format!("/org/bad/resolve/{COMMIT}/x"), b"x", &told, &[]);
    assert!(scene.refusal(scene.hub(), "hf:org/bad").contains("a tag that cannot name a file"));
    scene.server.hub.put("/api/models/org/page/revision/main", b"<html>", &[]);
    assert!(scene.refusal(scene.hub(), "hf:org/page").contains("what answers is no hub"));
}

#[test]
fn a_hub_that_is_silent_or_not_there_is_given_up() {
    let scene = Scene::new(&[]);
    let silent = [Fault::Stall(Duration::from_secs(2)); 9];
    scene.server.list(MODEL, "main", COMMIT, &["config.json"], &silent);
    let words = scene.refusal(scene.hub(), NAME);
    assert!(words.contains("given up after 4 tries") && words.contains("sent nothing for 0.3 s"), "{words}");
    let nowhere = Hub { endpoint: "http://127.0.0.1:9".parse().unwrap(), ..scene.hub() };
    assert!(scene.refusal(nowhere, NAME).contains("given up after 4 tries"));
}

#[test]
fn offline_nothing_is_asked_for() {
    let scene = Scene::new(&[]);
    let offline = || Hub { offline: true, ..scene.hub() };
    let words = scene.refusal(offline(), NAME);
    assert!(words.contains("HF_HUB_OFFLINE forbids to fetch it: fetch it once without"), "{words}");
    assert_eq!(scene.requests(), 0);
    // What another tool put there is taken as it lies, offline and when the hub cannot be reached.
    let snapshot = scene.repo().join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(scene.repo().join("refs")).unwrap();
    fs::write(scene.repo().join("refs/main"), COMMIT).unwrap();
    fs::write(snapshot.join("config.json"), CONFIG).unwrap();
    assert_eq!(scene.fetch(offline(), NAME).unwrap(), snapshot);
    assert_eq!(scene.requests(), 0);
    let nowhere = Hub { endpoint: "http://127.0.0.1:9".parse().unwrap(), ..scene.hub() };
    assert_eq!(scene.fetch(nowhere, NAME).unwrap(), snapshot);
    // With the hub there, what is missing is fetched.
    let folder = scene.fetch(scene.hub(), NAME).unwrap();
    assert!(folder.join("model.safetensors").exists());
}

#[test]
fn several_at_once_fetch_once() {
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
