//! Which machine, which boot and which process records.

use serde::{Deserialize, Serialize};

/// A process, named so that a later one with the same number is not taken for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Machine.
    pub host: String,
    /// Changes with every boot; empty where the system has none.
    pub boot_id: String,
    /// Process number.
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

/// Whether `process` is known to be gone, seen from `here`. A process of another machine cannot be seen.
pub fn process_gone(process: &Host, here: &Host) -> Option<bool> {
    if process.host != here.host {
        return None;
    }
    if process.boot_id != here.boot_id {
        return Some(true);
    }
    let pid = rustix::process::Pid::from_raw(process.pid as i32)?;
    Some(rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_judged_by_machine_boot_and_number() {
        let here = Host::here();
        assert_eq!(process_gone(&here, &here), Some(false));
        assert_eq!(process_gone(&Host { boot_id: "other".into(), ..here.clone() }, &here), Some(true));
        assert_eq!(process_gone(&Host { host: "other".into(), ..here.clone() }, &here), None);
        assert_eq!(process_gone(&Host { pid: i32::MAX.into(), ..here.clone() }, &here), Some(true));
    }
}
