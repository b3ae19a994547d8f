//! `scripts/gpu-check.sh`, which the first user of a GPU runs.

use std::{path::Path, process::Command};

#[test]
fn the_check_of_a_gpu_runs_in_its_small_form() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = Path::new(env!("CARGO_BIN_EXE_clip-lab")).parent().unwrap();
    let mut command = Command::new("bash");
    command.arg(root.join("scripts/gpu-check.sh")).args(["--small", "--python", "/nonexistent", "--bin"]);
    let output = command.arg(programs).output().unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("losses of a stopped and resumed run: equal"), "{out}");
    for model in ["| ViT-B-16 | 8 |", "| RN50 | 8 |"] {
        let row = out.lines().find(|line| line.starts_with(model)).unwrap_or_else(|| panic!("{out}"));
        let speed: f64 = row.split('|').nth(3).unwrap().trim().parse().unwrap();
        assert!(speed > 0.0, "{row}");
    }
}
