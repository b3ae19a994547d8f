//! Processes started on one machine.

use std::{
    env, fs,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, Stdio},
    sync::Mutex,
    thread::sleep,
    time::{Duration, Instant},
};

use clip_lab_launch::{FORWARDED, Launch, World, end_with_parent};

const ROLE: &str = "CLIP_LAB_LAUNCH_TEST_ROLE";

/// This test binary as a process that runs only the test `child_process`.
fn child(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["child_process", "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.stdout(Stdio::null());
    command
}

/// Starts `count` processes; their exit code, and the lines of ranks above 0.
fn launch(count: usize, role: &str) -> (u8, Vec<(usize, String)>) {
    let lines = Mutex::new(Vec::new());
    let line = |rank, text: &str| lines.lock().unwrap().push((rank, text.to_owned()));
    let launch = Launch { count, grace: Duration::from_millis(300), signals: &[], line: &line };
    let code = launch.run(&|| child(role)).unwrap();
    (code, lines.into_inner().unwrap())
}

#[test]
fn child_process() {
    let Ok(role) = env::var(ROLE) else { return };
    let rank = World::from_environment().map_or(0, |world| world.rank);
    let folder = env::var("CLIP_LAB_LAUNCH_TEST_FOLDER").unwrap_or_default();
    let folder = Path::new(&folder);
    match (role.as_str(), rank) {
        ("world", _) => eprintln!("{:?}", World::from_environment().unwrap()),
        ("fails", 1) => std::process::exit(7),
        ("killed", 1) => rustix::process::kill_current_process_group(rustix::process::Signal::KILL).unwrap(),
        ("fails" | "killed", _) => sleep(Duration::from_secs(60)),
        ("deaf", 1) => std::process::exit(9),
        ("deaf", _) => {
            let _signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]).unwrap();
            sleep(Duration::from_secs(60));
        }
        // A launcher, whose children write their process numbers.
        ("launcher", _) => {
            let line = |_, _: &str| {};
            let grace = Duration::from_secs(10);
            let launch = Launch { count: 2, grace, signals: &FORWARDED, line: &line };
            std::process::exit(launch.run(&|| child("waits")).unwrap().into());
        }
        ("waits", rank) => {
            assert!(end_with_parent());
            let mut signals = signal_hook::iterator::Signals::new(FORWARDED).unwrap();
            fs::write(folder.join(format!("new{rank}")), std::process::id().to_string()).unwrap();
            fs::rename(folder.join(format!("new{rank}")), folder.join(rank.to_string())).unwrap();
            let signal = signals.forever().next().unwrap();
            // Rank 0 takes longer to save.
            sleep(Duration::from_millis(if rank == 0 { 400 } else { 0 }));
            let more = signals.pending().count() as i32;
            std::process::exit(40 + signal + more);
        }
        _ => panic!("{role}"),
    }
}

#[test]
fn every_process_knows_its_place() {
    let (code, mut lines) = launch(3, "world");
    lines.retain(|(_, line)| line.contains("World"));
    lines.sort();
    assert_eq!((code, lines.len()), (0, 2), "{lines:?}");
    for (rank, line) in lines {
        assert!(
            line.contains(&format!("rank: {rank}, size: 3, local_rank: {rank}, local_size: 3")),
            "{line}"
        );
        assert!(line.contains("host: \"127.0.0.1\""), "{line}");
    }
}

#[test]
fn one_failure_ends_all_with_its_code() {
    let start = Instant::now();
    assert_eq!(launch(3, "fails").0, 7);
    assert_eq!(launch(2, "killed").0, 128 + 9);
    assert_eq!(launch(2, "deaf").0, 9, "SIGKILL after the grace");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_command_that_does_not_exist_is_an_error() {
    let launch = Launch { count: 2, grace: Duration::ZERO, signals: &[], line: &|_, _| {} };
    assert!(launch.run(&|| Command::new("/nonexistent")).is_err());
}

/// The process numbers of the two children of a launcher, once both run.
fn children(folder: &Path) -> Vec<i32> {
    let start = Instant::now();
    loop {
        let pid = |rank| fs::read_to_string(folder.join(rank)).ok()?.parse().ok();
        let pids: Vec<i32> = ["0", "1"].into_iter().filter_map(pid).collect();
        if pids.len() == 2 {
            return pids;
        }
        assert!(start.elapsed() < Duration::from_secs(15), "the children did not start");
        sleep(Duration::from_millis(10));
    }
}

fn launcher(folder: &Path) -> Command {
    let mut command = child("launcher");
    command.env("CLIP_LAB_LAUNCH_TEST_FOLDER", folder);
    command
}

fn kill(pid: u32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

#[test]
fn a_signal_reaches_every_process_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut launcher = launcher(folder.path()).spawn().unwrap();
    children(folder.path());
    kill(launcher.id(), rustix::process::Signal::TERM);
    // 15 for SIGTERM, and none after it.
    assert_eq!(launcher.wait().unwrap().code(), Some(40 + 15));
}

#[test]
fn no_process_outlives_a_killed_launcher() {
    let folder = tempfile::tempdir().unwrap();
    let mut launcher = launcher(folder.path()).spawn().unwrap();
    let pids = children(folder.path());
    kill(launcher.id(), rustix::process::Signal::KILL);
    assert_eq!(launcher.wait().unwrap().signal(), Some(9));
    let start = Instant::now();
    let lives = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    while pids.iter().any(lives) {
        assert!(start.elapsed() < Duration::from_secs(10), "{pids:?} live on");
        sleep(Duration::from_millis(20));
    }
}
