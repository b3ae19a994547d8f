//! The cost of a log call on the training thread.

use std::{
    hint::black_box,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use clip_lab_store::{Recorder, Status, StoreError, Tick};

use super::{NAMES, start};

/// Calls per trial.
const CALLS: usize = 20_000;

/// Prints it for back-to-back calls, and for calls after work that evicts the recorder from the caches. The overhead of
/// reading the clock is subtracted.
pub fn run(folder: &Path) -> Result<(), StoreError> {
    let recorder = start(&folder.join("calls.db"), "calls")?;
    let clock = percentile(&mut timed(CALLS, |_| ()), 50);
    println!("clock overhead: {clock} ns, subtracted below");
    // Warm up: the buffers of the recorder grow to their size once.
    (0..CALLS).for_each(|call| log(&recorder, call));
    let back_to_back = |call: usize| {
        if call.is_multiple_of(1000) {
            sleep(Duration::from_millis(10));
        }
    };
    report("log call, 12 values, 1000 back to back", clock, &recorder, CALLS, back_to_back);
    let memory = vec![1u64; 1 << 19];
    let work = |call: usize| {
        black_box(memory.iter().map(|word| word ^ call as u64).sum::<u64>());
    };
    report("log call, 12 values, after work on 4 MiB", clock, &recorder, CALLS / 10, work);
    assert_eq!(recorder.dropped(), 0);
    recorder.finish(Status::Finished, None);
    Ok(())
}

fn log(recorder: &Recorder, call: usize) {
    let points = black_box(NAMES).map(|name| (name, 0.5));
    recorder.log(Tick { step: call as u64, epoch: 0.0, samples: 0 }, &points);
}

fn report(what: &str, clock: u64, recorder: &Recorder, calls: usize, before: impl Fn(usize)) {
    let tries = (0..10).map(|_| {
        recorder.flush(); // a trial logs faster than the writer writes
        let mut nanos: Vec<u64> = (0..calls)
            .flat_map(|call| {
                before(call);
                timed(1, |_| log(recorder, call))
            })
            .collect();
        (percentile(&mut nanos, 99), percentile(&mut nanos, 50))
    });
    let (p99, median) = tries.min().unwrap_or_default();
    println!(
        "{what}: median {} ns, p99 {} ns [200 ns]",
        median.saturating_sub(clock),
        p99.saturating_sub(clock)
    );
}

fn timed(times: usize, mut run: impl FnMut(usize)) -> Vec<u64> {
    let mut once = |call| {
        let begin = Instant::now();
        run(call);
        begin.elapsed().as_nanos() as u64
    };
    (0..times).map(&mut once).collect()
}

fn percentile(nanos: &mut [u64], percent: usize) -> u64 {
    nanos.sort_unstable();
    nanos[(nanos.len() * percent / 100).min(nanos.len() - 1)]
}
