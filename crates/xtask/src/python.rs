//! Python with the tools that exported models are tested against, in a virtual environment of the cache.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::checkout::Checkout;

/// Names and versions, which pip takes from the registry that it is set up with.
const REQUIREMENTS: &str = include_str!("../python.txt");
/// What a finished environment was made from.
const MARKER: &str = ".requirements";

/// Makes `python/` in the cache unless it is there with the same requirements.
pub fn set_up(checkout: &Checkout) -> Result<()> {
    let folder = checkout.cache.join("python");
    if is_ready(&folder) {
        eprintln!("ready: {}", folder.display());
        return Ok(());
    }
    // The wheel of torch for this platform is the one for CUDA, and does not open without CUDA's libraries.
    eprintln!("making {}: some 3 GB are fetched, 5 GB are kept", folder.display());
    fs::create_dir_all(&checkout.cache)
        .with_context(|| format!("cannot make {}", checkout.cache.display()))?;
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let list = folder.join("requirements.txt");
    fs::write(&list, REQUIREMENTS).with_context(|| format!("cannot write {}", list.display()))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-cache-dir",
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "-r",
    ]);
    // Unpacked where the environment lies: /tmp is often small.
    run(pip.arg(&list).env("TMPDIR", &folder))?;
    fs::write(folder.join(MARKER), REQUIREMENTS).context("cannot mark the environment as finished")?;
    eprintln!("ready: {}", folder.display());
    Ok(())
}

fn is_ready(folder: &Path) -> bool {
    fs::read_to_string(folder.join(MARKER)).is_ok_and(|made_from| made_from == REQUIREMENTS)
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.status().with_context(|| {
        format!(
            "cannot start `{program}`; on Debian and Ubuntu: apt install python3 python3-venv python3-pip"
        )
    })?;
    ensure!(status.success(), "`{program}` failed ({status}); `cargo xtask python` tries again");
    Ok(())
}
