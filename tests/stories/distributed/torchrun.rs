//! Processes that a launcher starts with torchrun's variables.

use std::net::TcpListener;

use super::trained::{Trained, lab, spec};
use crate::{
    lab::Lab,
    program::{Done, Running, assert_contains},
};

/// Starts two processes as a launcher does, each with more arguments.
fn launched(lab: &Lab, more: [&[&str]; 2]) -> Vec<Done> {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string();
    let start = |rank: usize| {
        let mut command = lab.program(env!("CARGO_BIN_EXE_clip-lab"), &["run", "tiny.toml"]);
        command.args(more[rank]).env("RANK", rank.to_string()).env("LOCAL_RANK", rank.to_string());
        command.env("WORLD_SIZE", "2").env("LOCAL_WORLD_SIZE", "2");
        command.env("MASTER_ADDR", "localhost").env("MASTER_PORT", &port);
        Running::spawn(command)
    };
    let all: Vec<Running> = (0..2).map(start).collect();
    all.into_iter().map(Running::wait).collect()
}

#[test]
fn the_variables_of_torchrun_make_a_process_one_of_several() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    lab.run(&["run", "tiny.toml"]).success();
    let one = Trained::newest(&lab);
    for done in launched(&lab, [&[], &[]]) {
        done.success();
    }
    Trained::newest(&lab).assert_equals(&one, "by torchrun's variables, 1 and 2");
    assert_eq!(lab.runs().len(), 2, "rank 0 alone records");
}

#[test]
fn processes_with_different_specs_do_not_train() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    for done in launched(&lab, [&[], &["--set", "optimizer.lr=0.1"]]) {
        assert_contains(&done.failure(), &["the spec differs between the processes: rank 0 has"]);
    }
}
