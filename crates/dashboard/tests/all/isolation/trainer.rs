//! A process that records a run as a trainer does.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use clip_lab_store::{NewRun, Reader, Recorder, Status, Tick, new_uid};

use super::{CHILD, ROLE, STORE};

/// The longest a log call may block.
const MAX_BLOCKED: Duration = Duration::from_millis(5);

/// The process.
pub struct Trainer(Child);

impl Trainer {
    /// Starts it and waits for its first points.
    pub fn start(store: &Path) -> Trainer {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([CHILD, "--exact"]).stdout(Stdio::null());
        let trainer = Trainer(command.env(ROLE, "trainer").env(STORE, store).spawn().unwrap());
        let begin = Instant::now();
        let recorded = || {
            Reader::open(store).is_ok_and(|r| r.runs().is_ok_and(|runs| runs.iter().any(|run| run.step > 50)))
        };
        while !recorded() {
            assert!(begin.elapsed() < Duration::from_secs(120), "the trainer does not begin");
            sleep(Duration::from_millis(50));
        }
        trainer
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Lets it finish, and compares its report with the store.
    pub fn assert_unharmed(mut self, store: &Path) {
        fs::write(store.with_extension("stop"), "").unwrap();
        assert!(self.0.wait().unwrap().success());
        let report = fs::read_to_string(store.with_extension("said")).unwrap();
        let [logged, faults, dropped, held_up] =
            report.split_whitespace().map(|word| word.parse::<u64>().unwrap()).collect::<Vec<_>>()[..]
        else {
            panic!("{report}")
        };
        assert_eq!((faults, dropped), (0, 0), "{report}");
        assert!(u128::from(held_up) < MAX_BLOCKED.as_micros(), "a log call was held up for {held_up} µs");
        let reader = Reader::open(store).unwrap();
        let run = &reader.runs().unwrap()[0];
        assert_eq!(run.status, Status::Finished);
        let steps: Vec<u64> = reader.points(run.id, "train/loss").unwrap().iter().map(|p| p.step).collect();
        assert!(steps.iter().copied().eq(0..logged), "{} of {logged} steps", steps.len());
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Records steps until the stop file exists. Reports the number of steps, store failures and dropped records, and the
/// longest blocking log call.
pub fn train(store: &Path) {
    let uid = new_uid();
    let new = NewRun { uid, name: "live".into(), ..NewRun::default() };
    let recorder = Recorder::start(store, new).unwrap();
    let (mut step, mut faults, mut held_up) = (0, 0, Duration::ZERO);
    while !store.with_extension("stop").exists() {
        let at = Tick { step, epoch: step as f64 / 100.0, samples: step * 64 };
        let loss = 5.0 / (1.0 + step as f64 / 100.0);
        held_up = held_up.max(blocked(|| recorder.log(at, &[("train/loss", loss), ("train/lr", 0.1)])));
        faults += u64::from(recorder.fault().is_some());
        step += 1;
        sleep(Duration::from_millis(2));
    }
    let dropped = recorder.dropped();
    assert_eq!(recorder.finish(Status::Finished, None), None);
    fs::write(store.with_extension("said"), format!("{step} {faults} {dropped} {}", held_up.as_micros()))
        .unwrap();
}

/// The duration of `call` if it blocked. Involuntary preemption does not count: it depends on the load of the machine.
fn blocked(call: impl FnOnce()) -> Duration {
    let (waits, begin) = (waits(), Instant::now());
    call();
    let took = begin.elapsed();
    if self::waits() > waits { took } else { Duration::ZERO }
}

/// Voluntary context switches of this thread.
fn waits() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}
