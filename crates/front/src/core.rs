//! The other binary: everything that needs libtorch.

mod loader;

use std::{env, ffi::OsStr, os::unix::process::CommandExt as _, path::PathBuf, process::Command};

use anyhow::{Result, anyhow, ensure};

/// `clip-lab-core` beside this program, ready to be given its arguments. Its threads wait without spinning, unless the
/// user says otherwise (see [`clip_lab_cli::threads`]).
///
/// # Errors
/// When it is not there, or cannot start because a library is missing.
pub fn command() -> Result<Command> {
    let core = path()?;
    loader::check(&core)?;
    let mut command = Command::new(core);
    command.envs(clip_lab_cli::threads());
    Ok(command)
}

fn path() -> Result<PathBuf> {
    let core = env::current_exe()?.with_file_name("clip-lab-core");
    ensure!(core.exists(), "{} is missing: build or install both binaries together", core.display());
    Ok(core)
}

/// Becomes `clip-lab-core` with the same arguments. Returns only when that fails.
pub fn become_core<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> anyhow::Error {
    match command() {
        Ok(mut core) => {
            let error = core.args(arguments).exec();
            anyhow!("{}: {error}", core.get_program().display())
        }
        Err(error) => error,
    }
}
