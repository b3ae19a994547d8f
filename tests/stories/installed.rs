//! Programs moved out of the checkout they were built in.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use crate::{
    lab::Lab,
    program::{Running, assert_contains, bytes},
};

/// Copies both programs to a folder.
fn moved(lab: &Lab) -> String {
    for name in ["clip-lab", "clip-lab-core"] {
        let program = Path::new(env!("CARGO_BIN_EXE_clip-lab")).with_file_name(name);
        copy(&program, &lab.path(name));
    }
    lab.path("clip-lab").to_str().unwrap().to_owned()
}

/// Copies by another process: a file that this process, or a child of another test, has open for writing cannot be
/// executed.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").args([from, to]).status().unwrap().success());
}

/// The folder in which the core looks for libtorch.
fn runpath() -> Option<String> {
    let core = env!("CARGO_BIN_EXE_clip-lab-core");
    let output = Command::new("readelf").args(["-d", core]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("RUNPATH") || line.contains("RPATH"))?;
    Some(line.split('[').nth(1)?.split(']').next()?.to_owned())
}

#[test]
fn a_moved_program_finds_libtorch_or_reports_what_is_missing() {
    let lab = Lab::empty();
    let Some(runpath) = runpath() else { return eprintln!("SKIPPED: there is no readelf") };
    let folder = Path::new(&runpath);
    assert_eq!(folder.canonicalize().unwrap(), folder, "the rpath has no links into the checkout");
    let program = moved(&lab);
    // Cargo sets libtorch's folder for tests and their children; a user's shell does not.
    let ask = |args: &[&str]| {
        let mut command = lab.program(&program, args);
        command.env_remove("LD_LIBRARY_PATH");
        Running::spawn(command).wait()
    };
    assert_contains(&ask(&["plugins", "loss"]).success(), &["siglip"]);
    // The same program without libtorch: a missing folder of the same length.
    let mut core = bytes(&lab.path("clip-lab-core"));
    let missing = runpath.replace("libtorch", "libtroch");
    let offsets: Vec<usize> = core
        .windows(runpath.len() + 1)
        .enumerate()
        .filter(|(_, seen)| seen.strip_suffix(&[0]) == Some(runpath.as_bytes()))
        .map(|(offset, _)| offset)
        .collect();
    offsets
        .iter()
        .for_each(|offset| core[*offset..*offset + missing.len()].copy_from_slice(missing.as_bytes()));
    let patched = lab.write("patched", core);
    fs::set_permissions(&patched, fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(lab.path("clip-lab-core")).unwrap();
    copy(&patched, &lab.path("clip-lab-core"));
    for args in [&["plugins", "loss"][..], &["doctor"]] {
        let done = ask(args);
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        assert_contains(
            &(done.out + &done.err),
            &["cannot start: ", "libtorch_cpu.so is not in", &missing, "cargo xtask setup"],
        );
    }
}
