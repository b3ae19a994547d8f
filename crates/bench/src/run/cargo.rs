//! Builds what is measured.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, anyhow};

use super::Failure;
use crate::lab::Lab;

impl Lab {
    /// A program of the root package; builds both at the first call.
    pub fn program(&self, name: &str) -> Result<PathBuf, Failure> {
        if self.built.get().is_none() {
            build(self, &["--package", "clip-lab", "--bins"])?;
            let _ = self.built.set(());
        }
        Ok(self.programs.join(name))
    }
}

/// `cargo build ARGS` in the checkout, with its output on the terminal. Nothing with `--programs`.
pub fn build(lab: &Lab, args: &[&str]) -> Result<(), Failure> {
    if lab.prebuilt {
        return Ok(());
    }
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg("build").args(args).current_dir(&lab.here);
    // `cargo run` set these for this program; some build scripts depend on them and would run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let status = command.status().context("cannot start cargo")?;
    match status.success() {
        true => Ok(()),
        false if lab.stopped() => Err(Failure::Stopped),
        false => Err(anyhow!("`cargo build {}` failed", args.join(" ")).into()),
    }
}
