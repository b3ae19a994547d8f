//! A Python environment in the cache with the libraries that exported models are tested with.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::checkout::Checkout;

/// Package versions, installed from the registry that pip is configured with.
const REQUIREMENTS: &str = include_str!("../python.txt");
/// In a finished environment, contains its requirements.
const MARKER: &str = ".requirements";

/// Creates `python/` in the cache unless it exists with the same requirements.
pub fn set_up(checkout: &Checkout) -> Result<()> {
    let folder = checkout.cache.join("python");
    if is_ready(&folder) {
        eprintln!("ready: {}", folder.display());
        return Ok(());
    }
    // torch's wheel for this platform is the CUDA build, which cannot be imported without the CUDA libraries.
    eprintln!("creating {}: downloads about 3 GB, takes 5 GB", folder.display());
    fs::create_dir_all(&checkout.cache)
        .with_context(|| format!("cannot create {}", checkout.cache.display()))?;
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
    // Unpacked in the environment's folder: /tmp is often small.
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
    ensure!(status.success(), "`{program}` failed ({status}); retry with `cargo xtask python`");
    Ok(())
}
