//! A real SLURM, if it is installed: `apt-get install slurmctld slurmd slurm-client munge`.

use std::{
    env, fs,
    fs::Permissions,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::program::until;

/// Daemons of SLURM, with this machine as the only node.
pub struct Cluster {
    conf: PathBuf,
    daemons: Vec<Child>,
}

impl Cluster {
    /// Starts the daemons with files in `folder`; none if they are not installed.
    pub fn start(folder: &Path) -> Option<Self> {
        for program in ["munged", "slurmctld", "slurmd", "srun"] {
            if !is_installed(program) {
                eprintln!("SKIPPED: {program} is not installed");
                return None;
            }
        }
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        let at = |name: &str| folder.join(name).display().to_string();
        fs::write(at("key"), "a key of the tests alone".repeat(8)).unwrap();
        fs::set_permissions(at("key"), Permissions::from_mode(0o600)).unwrap();
        let conf = folder.join("slurm.conf");
        fs::write(&conf, configuration(folder)).unwrap();
        let mut cluster = Self { conf, daemons: Vec::new() };
        let files = ["key-file", "socket", "pid-file", "log-file", "seed-file"];
        let files = files.map(|name| format!("--{name}={}", at(name.trim_end_matches("-file"))));
        cluster.daemon(Command::new("munged").args(["--foreground", "--force"]).args(files));
        until("munged listens", || folder.join("socket").exists());
        cluster.daemon(Command::new("slurmctld").arg("-D"));
        cluster.daemon(Command::new("slurmd").arg("-D"));
        until("the node is idle", || {
            let output = Command::new("sinfo").arg("-h").env("SLURM_CONF", &cluster.conf).output().unwrap();
            String::from_utf8_lossy(&output.stdout).contains("idle")
        });
        Some(cluster)
    }

    fn daemon(&mut self, command: &mut Command) {
        command
            .env("SLURM_CONF", &self.conf)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.daemons.push(command.spawn().unwrap());
    }

    /// A command, for SLURM's programs to find the cluster.
    pub fn on(&self, mut command: Command) -> Command {
        command.env("SLURM_CONF", &self.conf);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn configuration(folder: &Path) -> String {
    let (folder, host) = (folder.display(), fs::read_to_string("/proc/sys/kernel/hostname").unwrap());
    let host = host.trim().split('.').next().unwrap();
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap();
    let user = user.trim();
    let [controller, node] = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    format!(
        "ClusterName=stories
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={}
SlurmdPort={}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
",
        port(&controller),
        port(&node)
    )
}
