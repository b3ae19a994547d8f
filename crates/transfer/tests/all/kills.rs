//! Killed copies: both stores stay whole, and the next copy completes them.

use std::{
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use clip_lab_store::{Reader, run_folder};

use crate::common::{child, content, push, record, resume, role};

#[test]
fn a_killed_copy_is_completed() {
    kill(4);
}

#[test]
#[ignore = "takes minutes: cargo test -p clip-lab-transfer kills -- --ignored --nocapture"]
fn a_hundred_killed_copies() {
    println!("100 copies killed: {} of them before their end", kill(100));
}

/// Kills `times` copies at random moments. Returns how many had not ended.
fn kill(times: u64) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let a = folder.path().join("a/s.db");
    let uids: Vec<String> = (0..3).map(|number| record(&a, &format!("r{number}"), 3000)).collect();
    let mut unfinished = 0;
    let (mut random, mut whole) = (0x2545_f491_4f6c_dd1d_u64, Duration::from_millis(400));
    let mut target = PathBuf::new();
    for number in 0..times {
        if number % 4 == 0 {
            target = folder.path().join(format!("b{number}/s.db"));
        }
        // Between the kills the source records more.
        if number % 4 == 2 {
            resume(&a, &uids[0], 1000 + number, 2500);
        }
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut copy = child("kills", &format!("{}\n{}", a.display(), target.display())).spawn().unwrap();
        sleep(whole.mul_f64((random >> 40) as f64 / (1 << 24) as f64));
        let ended = copy.try_wait().unwrap().is_some();
        unfinished += usize::from(!ended);
        copy.kill().unwrap();
        copy.wait().unwrap();
        // About the time of a whole copy, however busy the machine is.
        whole = whole.mul_f64(if ended { 0.7 } else { 1.2 });
        check(&target);
        if number % 4 == 3 || number + 1 == times {
            push(&a, &target);
            assert_eq!(content(&a), content(&target), "after kill {number}");
        }
    }
    unfinished
}

/// No run of a partial copy lists a file that is not there, and its rows can be read.
fn check(store: &Path) {
    let Ok(reader) = Reader::open(store) else { return };
    for run in reader.runs().unwrap() {
        for file in reader.artifacts(run.id).unwrap() {
            assert!(run_folder(store, &run.uid).unwrap().join(&file.path).exists(), "{file:?}");
        }
        for series in reader.series(run.id).unwrap() {
            assert_eq!(reader.points(run.id, &series.name).unwrap().len() as u64, series.n);
        }
    }
}

/// Not a test: the copy that is killed above.
#[test]
fn child_process() {
    let Some(role) = role() else { return };
    let Some((from, to)) = role.split_once('\n') else { return };
    push(Path::new(from), Path::new(to));
}
