//! Killed writers: the file stays intact, only the last moment is lost, and the next writer resumes.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use crate::{
    child::{child, role},
    common::{OtherProgram, at, new_run, until},
};
use clip_lab_store::{Reader, Recorder, Status, now_ms};

/// The largest loss before a kill that the project promises, milliseconds.
const PROMISE: i64 = 250;
/// The same on a busy machine.
const BUSY: i64 = 1500;

#[test]
fn a_killed_writer_loses_at_most_the_last_moment() {
    let lost = kill(12);
    assert!(lost.iter().all(|ms| *ms < BUSY), "{lost:?}");
}

#[test]
#[ignore = "takes minutes: cargo test -p clip-lab-store --test processes kills -- --ignored --nocapture"]
fn two_hundred_killed_writers() {
    let mut lost = kill(200);
    lost.sort_unstable();
    let late = lost.iter().filter(|ms| **ms > PROMISE).count();
    println!(
        "200 writers killed, every file intact; lost: median {} ms, at most {} ms; {late} lost more than {PROMISE} ms",
        lost[100], lost[199]
    );
    assert!(lost.iter().all(|ms| *ms < BUSY), "{lost:?}");
}

/// Kills `times` writers of one store at random moments. Returns the milliseconds lost before each kill.
fn kill(times: usize) -> Vec<i64> {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    let mut random = now_ms() as u64;
    let once = |number| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let name = format!("killed{number}");
        let mut writer = child("kills", "writer", folder.path(), &name).spawn().unwrap();
        let call_log = folder.path().join(&name);
        until("the writer has logged", || !logged(&call_log).is_empty());
        sleep(Duration::from_millis((random >> 33) % 600));
        let killed = now_ms();
        writer.kill().unwrap();
        writer.wait().unwrap();
        after(&store, &name, &logged(&call_log), killed)
    };
    (0..times).map(once).collect()
}

/// Checks the store after a kill, and resumes the run.
fn after(store: &Path, name: &str, logged: &[(u64, i64)], killed: i64) -> i64 {
    assert_eq!(OtherProgram::open(store).text("PRAGMA integrity_check"), "ok");
    let reader = Reader::open(store).unwrap();
    let run = reader.run(name).unwrap();
    let steps = || -> Vec<u64> {
        let points = reader.points(run.id, "loss").unwrap_or_default();
        points.iter().map(|point| point.step).collect()
    };
    let kept = steps();
    assert!(kept.iter().copied().eq(0..kept.len() as u64), "a gap in {kept:?}");
    let lost = logged.iter().find(|(step, _)| *step >= kept.len() as u64).map_or(0, |(_, ms)| killed - ms);
    OtherProgram::open(store)
        .run("UPDATE run SET heartbeat_ms = heartbeat_ms - 20000 WHERE status = 'running'");
    assert_eq!(reader.run(name).unwrap().status, Status::Crashed);
    let half = kept.len() as u64 / 2;
    let next = Recorder::resume(store, &run.uid, half).unwrap();
    next.log(at(half + 1), &[("loss", 2.0)]);
    assert_eq!(next.finish(Status::Finished, None), None);
    assert_eq!(steps().last(), Some(&(half + 1)));
    assert_eq!(reader.run(name).unwrap().status, Status::Finished);
    lost.max(0)
}

/// The writer's log of its calls: step and time.
fn logged(call_log: &Path) -> Vec<(u64, i64)> {
    let text = std::fs::read_to_string(call_log).unwrap_or_default();
    let entry =
        |line: &str| line.split_once(' ').and_then(|(s, ms)| Some((s.parse().ok()?, ms.parse().ok()?)));
    text.lines().filter_map(entry).collect()
}

/// Not a test: the process that is killed above.
#[test]
fn child_process() {
    let Some((_, folder, name)) = role() else { return };
    let recorder = Recorder::start(&folder.join("s.db"), new_run(&name)).unwrap();
    let call_log: PathBuf = folder.join(name);
    let mut call_log = OpenOptions::new().create(true).append(true).open(call_log).unwrap();
    for step in 0.. {
        recorder.log(at(step), &[("loss", 1.0), ("lr", 0.1)]);
        call_log.write_all(format!("{step} {}\n", now_ms()).as_bytes()).unwrap();
        sleep(Duration::from_millis(1));
    }
}
