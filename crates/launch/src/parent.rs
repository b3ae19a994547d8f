//! A process that ends when its launcher is gone.

use std::env;

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal, test_kill_process};

/// The process of [`crate::Launch`], for its children.
pub const LAUNCHER: &str = "CLIP_LAB_LAUNCHER_PID";

/// Makes the system kill this process when its launcher ends, even by SIGKILL, so that no orphan keeps a GPU. Does nothing
/// if no [`Launch`](crate::Launch) started it. Call it first in `main`; it survives `exec`.
///
/// False if the launcher has ended already: exit.
pub fn end_with_parent() -> bool {
    let Some(launcher) = env::var(LAUNCHER).ok().and_then(|pid| Pid::from_raw(pid.parse().ok()?)) else {
        return true;
    };
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // After the request: a launcher that ended before it would not be noticed.
    if getppid() == Some(launcher) {
        return true;
    }
    let _ = set_parent_process_death_signal(None);
    // A child of a child inherits the variable.
    test_kill_process(launcher).is_ok()
}
