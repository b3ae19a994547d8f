//! What the store costs, on this machine: `cargo run -p clip-lab-store --example bench`.

use std::{path::Path, time::Instant};

use clip_lab_store::{Axis, NewRun, Reader, Recorder, Status, StoreError, Tick, new_uid};

const NAMES: [&str; 12] =
    ["loss", "lr", "grad", "scale", "i2t", "t2i", "hit", "time", "load", "gib", "ema", "norm"];

fn main() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().map_err(|source| StoreError::File {
        path: std::env::temp_dir(),
        doing: "creating a folder",
        source,
    })?;
    let (small, long) = (folder.path().join("small.db"), folder.path().join("long.db"));
    calls(folder.path(), &folder.path().join("calls.db"))?;
    many(folder.path(), &small)?;
    one_long(folder.path(), &long)
}

fn start(folder: &Path, store: &Path, name: &str) -> Result<Recorder, StoreError> {
    let uid = new_uid();
    Recorder::start(store, NewRun { dir: folder.join(&uid), uid, name: name.into(), ..NewRun::default() })
}

/// Logs `points` at every step. Slows down when the line is long, so that nothing is lost.
fn fill(recorder: &Recorder, steps: u64, points: &mut [(&str, f64)]) {
    for step in 0..steps {
        points.iter_mut().for_each(|p| p.1 = (step as f64 * 0.01).sin());
        recorder.log(Tick { step, epoch: step as f64 / 100.0, samples: step * 64 }, points);
        if step % 20_000 == 19_999 {
            recorder.flush();
        }
    }
}

fn calls(folder: &Path, store: &Path) -> Result<(), StoreError> {
    let recorder = start(folder, store, "calls")?;
    let points = NAMES.map(|name| (name, 0.5));
    let mut nanos: Vec<u128> = Vec::new();
    for step in 0..20_000 {
        let begin = Instant::now();
        recorder.log(Tick { step, epoch: 0.0, samples: 0 }, &points);
        nanos.push(begin.elapsed().as_nanos());
        std::thread::sleep(std::time::Duration::from_micros(50));
    }
    nanos.sort_unstable();
    println!(
        "log call, 12 values: median {} ns, p99 {} ns",
        nanos[nanos.len() / 2],
        nanos[nanos.len() * 99 / 100]
    );
    recorder.finish(Status::Finished, None);
    Ok(())
}

fn many(folder: &Path, store: &Path) -> Result<(), StoreError> {
    let begin = Instant::now();
    for run in 0..20 {
        let recorder = start(folder, store, &format!("run{run}"))?;
        fill(&recorder, 20_000, &mut NAMES.map(|name| (name, 0.0)));
        assert_eq!(recorder.dropped(), 0);
        recorder.finish(Status::Finished, None);
    }
    let points = 20 * 12 * 20_000;
    let bytes = store.metadata().map(|m| m.len()).unwrap_or(0);
    println!("ingest: {:.0} points/s", points as f64 / begin.elapsed().as_secs_f64());
    println!("size: {:.1} bytes a point, ticks and rollups included", bytes as f64 / points as f64);
    let begin = Instant::now();
    let reader = Reader::open(store)?;
    let mut buckets = 0;
    for run in reader.runs()? {
        for series in reader.series(run.id)? {
            buckets += reader.buckets(run.id, &series.name, Axis::Step, None, 240)?.len();
        }
    }
    println!("open 20 runs x 12 series x 20,000 points: {:.0?} ({buckets} buckets)", begin.elapsed());
    Ok(())
}

fn one_long(folder: &Path, store: &Path) -> Result<(), StoreError> {
    let recorder = start(folder, store, "long")?;
    fill(&recorder, 1_000_000, &mut [("loss", 0.0)]);
    recorder.finish(Status::Finished, None);
    let reader = Reader::open(store)?;
    let run = reader.run("long")?;
    for (what, range) in [("cold", None), ("warm", None), ("a slice", Some((300_001.0, 700_003.0)))] {
        let begin = Instant::now();
        let buckets = reader.buckets(run.id, "loss", Axis::Step, range, 240)?;
        println!("1,000,000 points to {} buckets, {what}: {:.1?}", buckets.len(), begin.elapsed());
    }
    Ok(())
}
