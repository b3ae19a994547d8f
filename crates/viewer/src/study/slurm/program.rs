//! SLURM's client programs.

use std::{
    io::ErrorKind,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use clip_lab_cli::shown;

/// A command of SLURM.
///
/// # Errors
/// If it is not installed here.
pub fn command(program: &'static str) -> Result<Command> {
    match Command::new(program).arg("--version").stdin(Stdio::null()).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "`{program}` is not found, with which `--launcher slurm` reaches SLURM: run this on a login node of the cluster \
             (on some after `module load slurm`), or install SLURM's client programs, on Debian with `apt-get install \
             slurm-client`"
        ),
        Err(error) => return Err(error).with_context(|| format!("starting {program}")),
        Ok(_) => {}
    }
    Ok(Command::new(program))
}

/// Runs a command of SLURM and returns what it prints.
///
/// # Errors
/// What it writes to standard error, if it fails.
pub fn output(mut command: Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("starting {program}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<String> = errors.lines().map(|line| shown(line.trim()).to_string()).collect();
        bail!("{program} failed: {}", errors.join("; "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
