//! Shards in s3:// and gs:// buckets, from a local server that mimics both services.

use std::{fs, process::Command};

use clip_lab_testing::{Fault, Server};

use crate::{
    lab::Lab,
    program::{Done, Running, assert_contains},
};

const SECRET: &str = "doNotTell";

/// A lab with shards, and the service endpoints in the environment of its programs.
struct Scene {
    lab: Lab,
    server: Server,
}

impl Scene {
    fn new() -> Self {
        let (lab, server) = (Lab::new(), Server::start());
        lab.run(&["data", "pack", "tiny.toml", "--out", "shards"]).success();
        let account = format!(
            r#"{{"gcs_base_url": "{}", "disable_oauth": true, "client_email": "", "private_key": "", "private_key_id": ""}}"#,
            server.address()
        );
        lab.write("account.json", account);
        Self { lab, server }
    }

    /// Serves a shard at `path`.
    fn put(&self, shard: &str, path: &str, faults: &[Fault]) {
        let bytes = fs::read(self.lab.path(&format!("shards/{shard}"))).unwrap();
        let headers = [("etag", "\"1\""), ("last-modified", "Fri, 27 Nov 2026 08:00:00 GMT")];
        self.server.put_with(path, &bytes, &headers, faults);
    }

    fn run(&self, train: &str) -> Done {
        let set = format!("data.train={{ plugin = \"webdataset\", shards = \"{train}\" }}");
        let val = "data.val={ plugin = \"captions\", root = \"data\", split = \"val\" }";
        let args = ["run", "tiny.toml", "--set", "run.steps=2", "--set", &set, "--set", val];
        let mut command: Command = self.lab.program(env!("CARGO_BIN_EXE_clip-lab"), &args);
        command.env("AWS_ENDPOINT_URL", self.server.address()).env("AWS_ALLOW_HTTP", "true");
        command
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_REGION", "eu-1");
        command.env("GOOGLE_SERVICE_ACCOUNT", self.lab.path("account.json"));
        let done = Running::spawn(command).wait();
        assert!(!done.out.contains(SECRET) && !done.err.contains(SECRET), "{done:?}");
        done
    }
}

#[test]
fn shards_in_buckets_are_downloaded_once_despite_network_errors() {
    let scene = Scene::new();
    let faults = [Fault::Status(500), Fault::Part(0.5)];
    scene.put("train-000000.tar", "/lab/set/train-000000.tar", &faults);
    scene.put("train-000000.tar", "/lab/set%2Ftrain%2D000000%2Etar", &faults);
    for bucket in ["s3://lab/set/train-{000000..000000}.tar", "gs://lab/set/train-000000.tar"] {
        let before = scene.server.requests();
        assert_contains(&scene.run(bucket).success(), &["48 images", "finished"]);
        let asked = &scene.server.asked()[before..];
        assert_eq!(asked.len(), 3, "{bucket}: {asked:?}");
        assert!(asked[2].from > 0, "resumed from the partial file: {asked:?}");
        let signed =
            asked[0].authorization.as_deref().is_some_and(|header| header.starts_with("AWS4-HMAC-SHA256"));
        assert_eq!(signed, bucket.starts_with("s3"), "{asked:?}");
    }
    let asked = scene.server.requests();
    scene.run("s3://lab/set/train-000000.tar").success();
    assert_eq!(scene.server.requests(), asked, "cached shards are not requested again");
}

#[test]
fn a_bucket_that_denies_access_fails_at_once() {
    let scene = Scene::new();
    scene.put("train-000000.tar", "/lab/closed.tar", &[Fault::Status(403); 9]);
    assert_contains(
        &scene.run("s3://lab/closed.tar").failure(),
        &["s3://lab/closed.tar", "rejected the credentials"],
    );
    assert_contains(
        &scene.run("gs://lab/none.tar").failure(),
        &["gs://lab/none.tar", "there is no such file (404)"],
    );
    assert_eq!(scene.server.requests(), 2);
}
