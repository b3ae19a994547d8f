//! Shards that are truncated or vanish, and servers that are slow, faulty or down.

use std::{fs, time::Duration};

use clip_lab_testing::{Fault, Server};

use crate::{
    lab::{Lab, TINY},
    program::{assert_contains, bytes},
};

/// A lab whose images are packed into `packed/train-000000.tar` to `-000006.tar`, and a spec of `shards`.
fn packed() -> Lab {
    let lab = Lab::new();
    lab.run(&["data", "pack", "tiny.toml", "--out", "packed", "--shard-size", "20KB"]).success();
    lab
}

/// Writes the spec that trains on shards at `location`.
fn spec(lab: &Lab, location: &str) {
    let data = format!("plugin = \"webdataset\"\nshards = \"{location}\"\nstall_seconds = 0.2\ntries = 4");
    let spec = TINY.replace("plugin = \"captions\"\nroot = \"data\"", &data);
    lab.write("shards.toml", spec.replace("split = \"val\"", "shards = \"packed/val-000000.tar\""));
}

const ALL: &str = "train-{000000..000006}.tar";

#[test]
fn a_slow_and_faulty_server_costs_time_but_no_images() {
    let lab = packed();
    spec(&lab, &format!("packed/{ALL}"));
    lab.run(&["run", "shards.toml"]).success();
    let local = lab.losses();
    let server = Server::start();
    let faults = [
        vec![],
        vec![Fault::Status(500), Fault::Status(503)],
        vec![Fault::Part(0.5), Fault::Part(0.5)],
        vec![Fault::Stall(Duration::from_millis(600))],
        vec![Fault::HalfOfWhole],
    ];
    for number in 0..7 {
        let name = format!("train-{number:06}.tar");
        let faults = faults.get(number).map_or(&[][..], |faults| faults);
        server.put(&format!("/{name}"), &bytes(&lab.path("packed").join(name)), faults);
    }
    spec(&lab, &server.put(&format!("/{ALL}"), &[], &[]));
    lab.run(&["run", "shards.toml"]).success();
    assert!(lab.losses() == local, "the same images in the same order");
    assert!(lab.events("data").is_empty());
    let (asked, before) = (server.requests(), lab.losses());
    lab.run(&["run", "shards.toml"]).success();
    assert_eq!((server.requests(), lab.losses()), (asked, before), "all of it is cached");
}

#[test]
fn an_unavailable_shard_is_named_and_stops_the_run_above_the_tolerance() {
    let lab = packed();
    let server = Server::start();
    for number in 0..7 {
        let name = format!("train-{number:06}.tar");
        let faults = if number == 3 { vec![Fault::Status(500); 99] } else { vec![] };
        server.put(&format!("/{name}"), &bytes(&lab.path("packed").join(name)), &faults);
    }
    spec(&lab, &server.put(&format!("/{ALL}"), &[], &[]));
    let refused = lab.run(&["run", "shards.toml"]).failure();
    assert_contains(
        &refused,
        &["1 of 7 shards cannot be used, more than tolerate = 0.05 allows", "train-000003.tar", "500"],
    );
    lab.run(&["run", "shards.toml", "--set", "data.train.tolerate=0.2"]).success();
    let events = lab.events("data").join("\n");
    assert_contains(&events, &["skipped: ", "train-000003.tar", "gave up after 4 attempts"]);
}

#[test]
fn a_truncated_tar_gives_the_samples_before_the_cut() {
    let lab = packed();
    let cut = lab.path("packed/train-000002.tar");
    let whole = bytes(&cut);
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    spec(&lab, &format!("packed/{ALL}"));
    assert_contains(
        &lab.run(&["run", "shards.toml"]).failure(),
        &["1 of 7 shards cannot be used", "train-000002.tar"],
    );
    lab.run(&["run", "shards.toml", "--set", "data.train.tolerate=0.2"]).success();
    assert_contains(&lab.events("data").join("\n"), &["train-000002.tar", "images before that are used"]);
}

#[test]
fn a_shard_that_vanishes_during_a_run_stops_it_with_a_list() {
    let lab = packed();
    spec(&lab, &format!("packed/{ALL}"));
    let mut run = lab.start(&["run", "shards.toml", "--set", "run.steps=100000"]);
    run.until_out("step ");
    fs::remove_file(lab.path("packed/train-000004.tar")).unwrap();
    let refused = run.wait().failure();
    assert_contains(&refused, &["of 42 training images cannot be used, more than tolerate = 0.05 allows"]);
    assert_contains(&refused, &["train-000004.tar", "No such file"]);
    assert!(lab.events("broken_picture").iter().all(|event| event.contains("train-000004.tar")));
    assert_eq!(lab.newest()["status"], "failed");
}
