//! `clip-lab check` through the binary: every spec is reported, and the exit code tells whether all are valid.

use std::process::{Command, Output};

use crate::support::serial_guard;

fn check(arguments: &[&str]) -> Output {
    let _guard = serial_guard();
    let mut command = Command::new(env!("CARGO_BIN_EXE_clip-lab-core"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("check").args(arguments).output().unwrap()
}

#[test]
fn a_valid_spec_is_summarised_in_a_line() {
    let output = check(&["experiments/vit_scratch.toml", "--set", "run.batch=64", "--no-cost"]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        out,
        "experiments/vit_scratch.toml: vit-scratch with vit and clip_transformer to 192 dimensions, clip loss, \
         20 epochs of emoji in batches of 64\n"
    );
}

#[test]
fn one_invalid_spec_fails_the_check_and_hides_no_other() {
    let output = check(&["nowhere.toml", "tests/spec_errors/no_eval.toml", "experiments/vit_scratch.toml"]);
    let faults = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3));
    assert!(faults.contains("cannot read the spec"), "{faults}");
    assert!(faults.contains("1 problem in tests/spec_errors/no_eval.toml"), "{faults}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("experiments/vit_scratch.toml: vit-scratch"));
}
