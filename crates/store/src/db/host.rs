//! The machine, boot and process that record a run.

use serde::{Deserialize, Serialize};

use crate::RunRow;

/// A process, identified so that a later one with the same pid is not mistaken for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Host name.
    pub host: String,
    /// Changes at every boot; empty where the system has none.
    pub boot_id: String,
    /// Process id.
    pub pid: i64,
}

impl Host {
    /// This process.
    pub fn here() -> Host {
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Host {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            boot_id: boot_id.trim().into(),
            pid: std::process::id().into(),
        }
    }
}

/// Whether `process` has ended, as seen from `here`; none if it is on another machine.
pub fn process_ended(process: &Host, here: &Host) -> Option<bool> {
    if process.host != here.host {
        return None;
    }
    if process.boot_id != here.boot_id {
        return Some(true);
    }
    pid_ended(process.pid)
}

/// Whether no process with this pid runs here any more. A zombie counts as ended: it stays in the process table until its
/// parent waits for it.
fn pid_ended(pid: i64) -> Option<bool> {
    let number = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    let gone = rustix::process::test_kill_process(number) == Err(rustix::io::Errno::SRCH);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which is in parentheses and may contain parentheses.
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    Some(gone || matches!(state, Some('Z' | 'X')))
}

/// Whether the process that records `run` is known to have ended; false for another machine.
///
/// The store itself reports such a run as crashed only after 8 s without a heartbeat.
pub fn recorder_ended(run: &RunRow) -> bool {
    run.host == Host::here().host && pid_ended(run.pid) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_identified_by_machine_boot_and_pid() {
        let here = Host::here();
        assert_eq!(process_ended(&here, &here), Some(false));
        assert_eq!(process_ended(&Host { boot_id: "other".into(), ..here.clone() }, &here), Some(true));
        assert_eq!(process_ended(&Host { host: "other".into(), ..here.clone() }, &here), None);
        assert_eq!(process_ended(&Host { pid: i32::MAX.into(), ..here.clone() }, &here), Some(true));
    }

    #[test]
    fn a_zombie_process_has_ended() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let (pid, here) = (i64::from(child.id()), Host::here());
        let gone = || process_ended(&Host { pid, ..here.clone() }, &here);
        assert_eq!(gone(), Some(false));
        child.kill().unwrap();
        let start = std::time::Instant::now();
        while gone() == Some(false) && start.elapsed().as_secs() < 20 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!(gone(), Some(true));
        child.wait().unwrap();
    }
}
