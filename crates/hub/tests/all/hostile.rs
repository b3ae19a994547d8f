//! Hubs that report wrong digests, invalid names or endless listings.

use std::fs;

use crate::support::{COMMIT, CONFIG, MODEL, SECRET, Scene, weights};
use clip_lab_hub::Hub;
use clip_lab_testing::{Fault, git_sha1, sha256};

const NAME: &str = "hf:org/tiny";

/// Path of the file listing.
const LIST: &str = "/api/models/org/tiny/revision/main";

fn list(scene: &Scene, files: &str) {
    let text = format!("{{\"sha\":\"{COMMIT}\",\"siblings\":[{files}]}}");
    scene.server.hub.put(LIST, text.as_bytes(), &[]);
}

#[test]
fn small_files_with_a_wrong_git_digest_are_discarded() {
    let scene = Scene::new(&[]);
    let file = format!("/org/tiny/resolve/{COMMIT}/config.json");
    let tag = format!("\"{}\"", git_sha1(CONFIG));
    scene.server.hub.put_with(&file, &CONFIG.to_ascii_uppercase(), &[("etag", &tag)], &[]);
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(
        message.contains("config.json: the content does not match the hub's digest (git SHA-1 "),
        "{message}"
    );
    let blob = scene.repo().join("blobs").join(git_sha1(CONFIG));
    assert!(!blob.exists());
    assert_eq!(fs::metadata(blob.with_extension("incomplete")).unwrap().len(), 0);
    scene.server.small(MODEL, COMMIT, "config.json", CONFIG, &[]);
    let folder = scene.fetch(scene.hub(), NAME).unwrap();
    assert_eq!(fs::read(folder.join("config.json")).unwrap(), CONFIG);
}

#[test]
fn the_digest_of_the_listing_overrides_the_tag() {
    let scene = Scene::new(&[]);
    let config = format!("/org/tiny/resolve/{COMMIT}/config.json");
    scene.server.hub.put_with(&config, CONFIG, &[("etag", "\"aa01\"")], &[]);
    let small =
        |of: &[u8]| format!("{{\"rfilename\":\"config.json\",\"size\":1,\"blobId\":\"{}\"}}", git_sha1(of));
    list(&scene, &small(b"other"));
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(message.contains("(git SHA-1 "), "{message}");
    let scene = Scene::new(&[]);
    scene.server.hub.put_with(&config, CONFIG, &[("etag", "\"aa01\"")], &[]);
    list(&scene, &small(CONFIG));
    scene.fetch(scene.hub(), NAME).unwrap();
    // The git blob of a large file is its LFS pointer.
    let large = |of: &[u8]| {
        let (lfs, blob) = (sha256(of), "ab".repeat(20));
        format!(
            "{{\"rfilename\":\"model.safetensors\",\"blobId\":\"{blob}\",\"lfs\":{{\"sha256\":\"{lfs}\",\"size\":3}}}}"
        )
    };
    let scene = Scene::new(&[]);
    list(&scene, &large(b"other"));
    assert!(scene.fetch_error(scene.hub(), NAME).contains("(SHA-256 "));
    let scene = Scene::new(&[]);
    list(&scene, &large(&weights()));
    scene.fetch(scene.hub(), NAME).unwrap();
}

#[test]
fn endless_listings_are_not_read() {
    let scene = Scene::new(&[]);
    scene.server.hub.put(LIST, b"", &[Fault::Flood(1 << 33); 9]);
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(message.contains("larger than 67108864 bytes"), "{message}");
    assert!(scene.server.hub.sent() < 200 << 20, "{}", scene.server.hub.sent());
    let many = vec!["{\"rfilename\":\"a\",\"size\":1}"; 1_000_000].join(",");
    list(&scene, &many);
    let message = scene.fetch_error(scene.hub(), NAME);
    assert!(message.contains("it has 50000 files or more"), "{message}");
    assert_eq!(fs::read_dir(scene.cache.path()).unwrap().count(), 0, "nothing is saved");
}

#[test]
fn unsafe_and_invalid_names_write_nothing() {
    let long = "x".repeat(70_000);
    let deep = "d/".repeat(3000) + "x";
    for bad in ["../../x", "/tmp/x", "a/../../x", "..", "a\\u0000b", "a\\u001b]0;x", &long, &deep] {
        let scene = Scene::new(&[]);
        list(&scene, &format!("{{\"rfilename\":\"config.json\"}},{{\"rfilename\":\"{bad}\"}}"));
        let message = scene.fetch_error(scene.hub(), NAME);
        assert!(message.contains("it lists a file"), "{message}");
        assert!(message.len() < 600 && !message.contains('\u{1b}'), "{message}");
        assert_eq!(fs::read_dir(scene.cache.path()).unwrap().count(), 0, "{bad:.20}");
    }
    // A file and a folder with the same path.
    let scene = Scene::new(&[]);
    scene.server.small(MODEL, COMMIT, "a", b"a", &[]);
    scene.server.small(MODEL, COMMIT, "a/b", b"b", &[]);
    list(&scene, "{\"rfilename\":\"a\"},{\"rfilename\":\"a/b\"}");
    assert!(scene.fetch(scene.hub(), NAME).is_err());
}

#[test]
fn credentials_in_the_url_of_a_mirror_replace_the_token() {
    let scene = Scene::new(&[]);
    let endpoint = scene.server.address().replace("http://", "http://me:word@").parse().unwrap();
    scene.fetch(Hub { endpoint, ..scene.with_token() }, NAME).unwrap();
    let (hub, storage) = (scene.server.hub.asked(), scene.server.storage.asked());
    assert!(hub.iter().all(|asked| asked.authorization.as_deref() == Some("Basic bWU6d29yZA==")), "{hub:?}");
    assert!(storage.iter().all(|asked| asked.authorization.is_none()), "{storage:?}");
    assert!(!format!("{hub:?}").contains(SECRET));
}
