//! Starts `clip-lab-core`, which runs everything that needs libtorch.

mod loader;

use std::{env, ffi::OsStr, os::unix::process::CommandExt as _, path::PathBuf, process::Command};

use anyhow::{Result, anyhow, ensure};

/// A command for the `clip-lab-core` beside this program, without arguments, with the environment that it needs
/// ([`clip_lab_cli::libtorch_environment`]).
///
/// # Errors
/// If it does not exist, or cannot start because a library is missing.
pub fn command() -> Result<Command> {
    let core = path()?;
    loader::check(&core)?;
    let mut command = Command::new(core);
    command.envs(clip_lab_cli::libtorch_environment());
    Ok(command)
}

fn path() -> Result<PathBuf> {
    let core = env::current_exe()?.with_file_name("clip-lab-core");
    ensure!(core.exists(), "{} is missing: build or install both binaries together", core.display());
    Ok(core)
}

/// Replaces this process with `clip-lab-core` and the same arguments. Returns only on failure.
pub fn exec_core<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> anyhow::Error {
    match command() {
        Ok(mut core) => {
            let error = core.args(arguments).exec();
            anyhow!("{}: {error}", core.get_program().display())
        }
        Err(error) => error,
    }
}
