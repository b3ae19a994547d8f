//! This test program as a child process.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const ROLE: &str = "CLIP_LAB_STORE_TEST_ROLE";
const FOLDER: &str = "CLIP_LAB_STORE_TEST_FOLDER";
const NAME: &str = "CLIP_LAB_STORE_TEST_NAME";

/// This test program as a child process that runs only the test `child_process` of `module`.
pub fn child(module: &str, role: &str, folder: &Path, name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([format!("{module}::child_process").as_str(), "--exact"]).stdout(Stdio::null());
    command.env(ROLE, role).env(FOLDER, folder).env(NAME, name);
    command
}

/// Role, folder and name of this child process; none if it is not one.
pub fn role() -> Option<(String, PathBuf, String)> {
    let var = |name| std::env::var(name).ok();
    Some((var(ROLE)?, var(FOLDER)?.into(), var(NAME)?))
}
