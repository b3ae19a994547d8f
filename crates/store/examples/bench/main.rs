//! Benchmarks of the store: `cargo run -p clip-lab-store --example bench [calls|many|long|baseline]...`
//!
//! Every figure is the best of several trials, because other programs may be running; targets are in brackets.

mod baseline;
mod calls;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clip_lab_store::{Axis, NewRun, Reader, Recorder, RunId, Status, StoreError, Tick, new_uid};

const NAMES: [&str; 12] =
    ["loss", "lr", "grad", "scale", "i2t", "t2i", "hit", "time", "load", "gib", "ema", "norm"];

fn main() -> Result<(), StoreError> {
    let selected: Vec<String> = std::env::args().skip(1).collect();
    type Part = fn(&Path) -> Result<(), StoreError>;
    let parts: [(&str, Part); 4] =
        [("calls", calls::run), ("many", many), ("long", one_long), ("baseline", baseline::run)];
    for (name, part) in parts {
        if selected.is_empty() || selected.iter().any(|arg| arg == name) {
            let folder = tempfile::tempdir().map_err(|cause| StoreError::File {
                path: std::env::temp_dir(),
                doing: "creating a folder",
                cause,
            })?;
            part(folder.path())?;
        }
    }
    Ok(())
}

fn start(store: &Path, name: &str) -> Result<Recorder, StoreError> {
    Recorder::start(store, NewRun { uid: new_uid(), name: name.into(), ..NewRun::default() })
}

/// The shortest time of `tries` trials.
fn best(tries: usize, mut run: impl FnMut() -> Result<(), StoreError>) -> Result<Duration, StoreError> {
    let mut shortest = Duration::MAX;
    for _ in 0..tries {
        let begin = Instant::now();
        run()?;
        shortest = shortest.min(begin.elapsed());
    }
    Ok(shortest)
}

/// Logs `points` at every step. Flushes regularly, so that nothing is lost.
fn fill(recorder: &Recorder, steps: u64, points: &mut [(&str, f64)]) {
    for step in 0..steps {
        points.iter_mut().for_each(|p| p.1 = (step as f64 * 0.01).sin());
        recorder.log(Tick { step, epoch: step as f64 / 100.0, samples: step * 64 }, points);
        if step % 20_000 == 19_999 {
            recorder.flush();
        }
    }
}

fn many(folder: &Path) -> Result<(), StoreError> {
    let store = &folder.join("many.db");
    let mut runs = Vec::new();
    let mut shortest = Duration::MAX;
    for run in 0..20 {
        let begin = Instant::now();
        let recorder = start(store, &format!("run{run}"))?;
        fill(&recorder, 20_000, &mut NAMES.map(|name| (name, 0.0)));
        assert_eq!(recorder.dropped(), 0);
        recorder.finish(Status::Finished, None);
        shortest = shortest.min(begin.elapsed());
        runs.push(begin.elapsed());
    }
    let points = (12 * 20_000) as f64;
    let bytes = store.metadata().map(|m| m.len()).unwrap_or(0);
    println!(
        "writer: {:.0} points/s, mean of 20 runs {:.0} [200,000]",
        points / shortest.as_secs_f64(),
        20.0 * points / runs.iter().sum::<Duration>().as_secs_f64()
    );
    println!("size: {:.1} bytes per point, ticks and rollups included [35]", bytes as f64 / points / 20.0);
    let mut buckets = 0;
    let whole = best(5, || {
        let reader = Reader::open(store)?;
        let runs = reader.runs()?;
        let names: Vec<_> =
            runs.iter().map(|run| Ok((run.id, reader.series(run.id)?))).collect::<Result<_, StoreError>>()?;
        let asked: Vec<(RunId, &str)> =
            names.iter().flat_map(|(run, series)| series.iter().map(|s| (*run, s.name.as_str()))).collect();
        let read = reader.buckets_of(&asked, Axis::Step, None, 240)?;
        buckets = read.iter().flatten().map(Vec::len).sum::<usize>();
        Ok(())
    })?;
    println!("open 20 runs x 12 series x 20,000 points: {whole:.1?} to {buckets} buckets [150 ms]");
    let one_by_one = best(3, || {
        let reader = Reader::open(store)?;
        for run in reader.runs()? {
            for series in reader.series(run.id)? {
                reader.buckets(run.id, &series.name, Axis::Step, None, 240)?;
            }
        }
        Ok(())
    })?;
    println!("  the same, one series at a time: {one_by_one:.1?}");
    Ok(())
}

fn one_long(folder: &Path) -> Result<(), StoreError> {
    let store = &folder.join("long.db");
    let recorder = start(store, "long")?;
    fill(&recorder, 1_000_000, &mut [("loss", 0.0)]);
    recorder.finish(Status::Finished, None);
    let reader = Reader::open(store)?;
    let run = reader.run("long")?;
    for (what, tries, range) in
        [("cold", 1, None), ("warm", 5, None), ("a slice", 5, Some((300_001.0, 700_003.0)))]
    {
        let mut buckets = 0;
        let took = best(tries, || {
            buckets = reader.buckets(run.id, "loss", Axis::Step, range, 240)?.len();
            Ok(())
        })?;
        println!("1,000,000 points to {buckets} buckets, {what}: {took:.1?} [20 ms]");
    }
    let took = best(2, || reader.points(run.id, "loss").map(drop))?;
    println!("  the same points read one by one: {took:.0?}");
    Ok(())
}
