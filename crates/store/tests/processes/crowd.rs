//! Eight trainers and two dashboards on one store, each a process of its own.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    child::{child, role},
    common::{at, new_run},
};
use clip_lab_store::{Axis, Reader, Recorder, RunId, Status, StoreError};

const TRAINERS: usize = 8;
const READERS: usize = 2;
const NAMES: [&str; 12] =
    ["loss", "lr", "grad", "scale", "i2t", "t2i", "hit", "time", "load", "gib", "ema", "norm"];

#[test]
fn eight_trainers_and_two_dashboards_for_five_seconds() {
    crowd(5);
}

#[test]
#[ignore = "takes a minute: cargo test -p clip-lab-store --test processes crowd -- --ignored --nocapture"]
fn eight_trainers_and_two_dashboards_for_a_minute() {
    crowd(60);
}

fn crowd(seconds: u64) {
    let folder = tempfile::tempdir().unwrap();
    let start = |role: &str, number: usize| {
        let name = format!("{role}{number}");
        let process =
            child("crowd", role, folder.path(), &name).env("SECONDS_TO_GO", seconds.to_string()).spawn();
        (name, process.unwrap())
    };
    let trainers = (0..TRAINERS).map(|number| start("trainer", number));
    let mut crowd: Vec<_> = trainers.chain((0..READERS).map(|number| start("reader", number))).collect();
    assert!(crowd.iter_mut().all(|(_, process)| process.wait().unwrap().success()));
    let results = |name: &str| -> Vec<u64> {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        text.split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    let reader = Reader::open(&folder.path().join("s.db")).unwrap();
    let (mut total, mut worst) = (0, 0);
    for number in 0..TRAINERS {
        let name = format!("trainer{number}");
        let [logged, faults, dropped, longest] = results(&name)[..] else {
            panic!("{name} wrote too few numbers")
        };
        assert_eq!((faults, dropped), (0, 0), "{name}");
        let run = reader.run(&name).unwrap();
        assert_eq!(run.status, Status::Finished);
        let series = reader.series(run.id).unwrap();
        assert!(series.len() == NAMES.len() && series.iter().all(|s| s.n == logged), "{name}: {logged}");
        let steps: Vec<u64> = reader.points(run.id, "norm").unwrap().iter().map(|p| p.step).collect();
        assert!(steps.iter().copied().eq(0..logged));
        (total, worst) = (total + logged * NAMES.len() as u64, worst.max(longest));
    }
    let reads: Vec<u64> = (0..READERS).map(|number| results(&format!("reader{number}"))[0]).collect();
    assert!(reads.iter().all(|reads| *reads > seconds), "{reads:?}");
    println!(
        "{TRAINERS} trainers and {READERS} dashboards for {seconds} s: {total} points, none lost; {reads:?} reads, \
         no busy error; the longest log call took {worst} µs"
    );
}

/// Not a test: a child process of the tests above.
#[test]
fn child_process() {
    let Some((role, folder, name)) = role() else { return };
    let seconds = std::env::var("SECONDS_TO_GO").unwrap().parse().unwrap();
    let until = Instant::now() + Duration::from_secs(seconds);
    let result = match role.as_str() {
        "trainer" => train(&folder, &name, until),
        _ => read(&folder.join("s.db"), until),
    };
    std::fs::write(folder.join(name), result).unwrap();
}

/// Logs 500 times a second. Returns the number of calls, store faults, lost records, and the longest call in µs.
fn train(folder: &Path, name: &str, until: Instant) -> String {
    let recorder = Recorder::start(&folder.join("s.db"), new_run(name)).unwrap();
    let (mut step, mut faults, mut longest) = (0, 0, Duration::ZERO);
    while Instant::now() < until {
        let begin = Instant::now();
        recorder.log(at(step), &NAMES.map(|metric| (metric, step as f64)));
        longest = longest.max(begin.elapsed());
        faults += u64::from(recorder.fault().is_some());
        step += 1;
        sleep(Duration::from_millis(2));
    }
    let dropped = recorder.dropped();
    faults += u64::from(recorder.finish(Status::Finished, None).is_some());
    format!("{step} {faults} {dropped} {}", longest.as_micros())
}

/// Reads everything ten times a second, the most a dashboard does. Returns the number of reads; any error except a store
/// that does not exist yet is a failure.
fn read(store: &Path, until: Instant) -> String {
    let reader = loop {
        match Reader::open(store) {
            Ok(reader) => break reader,
            Err(StoreError::Missing(_) | StoreError::Unfinished(_) | StoreError::Older { .. })
                if Instant::now() < until =>
            {
                sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("{error}"),
        }
    };
    let mut reads = 0;
    while Instant::now() < until {
        reader.changed().unwrap();
        let runs = reader.runs().unwrap();
        let asked: Vec<(RunId, &str)> =
            runs.iter().flat_map(|run| NAMES.map(|name| (run.id, name))).collect();
        reader.buckets_of(&asked, Axis::Step, None, 240).unwrap();
        runs.iter().for_each(|run| drop(reader.series(run.id).unwrap()));
        reads += 1;
        sleep(Duration::from_millis(100));
    }
    reads.to_string()
}
