//! The other binary: everything that needs libtorch.

use std::{env, ffi::OsStr, os::unix::process::CommandExt as _, path::PathBuf, process::Command};

use anyhow::{Result, anyhow, ensure};

/// `clip-lab-core` beside this program.
///
/// # Errors
/// When it is not there.
pub fn path() -> Result<PathBuf> {
    let core = env::current_exe()?.with_file_name("clip-lab-core");
    ensure!(core.exists(), "{} is missing: build or install both binaries together", core.display());
    Ok(core)
}

/// Becomes `clip-lab-core` with the same arguments. Returns only when that fails.
pub fn become_core<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> anyhow::Error {
    match path() {
        Ok(core) => anyhow!("{}: {}", core.display(), Command::new(&core).args(arguments).exec()),
        Err(error) => error,
    }
}
