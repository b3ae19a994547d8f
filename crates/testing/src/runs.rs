//! A store with runs of every status, written by the recorder.

use std::path::{Path, PathBuf};

use clip_lab_store::{ConfigEntry, Goal, Level, NewRun, Recorder, Status, Tick, new_uid};

/// Steps of a whole run.
pub const STEPS: u64 = 2000;

/// A synthetic run.
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Learning speed.
    pub speed: f64,
    /// Its last step.
    pub until: u64,
    /// Its final status; a running one stays open.
    pub end: Status,
}

/// The runs of the fixture, oldest first.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "lit-mean", speed: 1.0, until: STEPS, end: Status::Finished },
    Scenario { name: "lit-cls", speed: 0.7, until: 1400, end: Status::Interrupted },
    Scenario { name: "lit-lr-3e-3", speed: 1.4, until: 620, end: Status::NonFinite },
    Scenario { name: "lit-ema", speed: 1.2, until: 1230, end: Status::Running },
];

/// A deterministic number from -0.5 to 0.5.
pub fn noise(seed: u64, step: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ step.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 29;
    (x % 10_000) as f64 / 10_000.0 - 0.5
}

/// The training loss of a scenario.
pub fn loss(scenario: &Scenario, step: u64) -> f64 {
    let learnt = (1.0 + step as f64 * scenario.speed / 60.0).ln();
    4.85 / (1.0 + 0.45 * learnt) + 0.28 * noise(scenario.until, step)
}

/// The settings of a synthetic run, by its name.
fn settings(name: &str) -> Vec<ConfigEntry> {
    let lr = if name == "lit-lr-3e-3" { "0.003" } else { "0.001" };
    let pool = if name == "lit-mean" { "\"mean\"" } else { "\"cls\"" };
    let mut settings =
        vec![("model.text.pool", pool), ("optimizer.lr", lr), ("optimizer.plugin", "\"adamw\"")];
    settings.extend([("run.batch", "128"), ("run.precision", "\"bf16\"")]);
    settings.extend((name == "lit-ema").then_some(("trick.0.plugin", "\"ema\"")));
    let entry = |(key, value): (&str, &str)| ConfigEntry {
        key: key.to_string(),
        value: value.to_string(),
        origin: "lit.toml".to_string(),
    };
    settings.into_iter().map(entry).collect()
}

/// Starts a run and describes its metrics.
pub fn begin(store: &Path, name: &str) -> Recorder {
    let uid = new_uid();
    let run = NewRun {
        name: name.to_string(),
        seed: 1,
        total_steps: Some(STEPS),
        goal_metric: Some("val/retrieval/t2i/hit@1".to_string()),
        config: settings(name),
        uid,
        ..NewRun::default()
    };
    let recorder = Recorder::start(store, run).expect("a new store can be written");
    recorder.describe_metric("train/loss", "", Goal::Down);
    for metric in ["val/retrieval/t2i/hit@1", "val/retrieval/i2t/hit@1", "val/zero_shot/top1"] {
        recorder.describe_metric(metric, "", Goal::Up);
    }
    recorder
}

/// Logs one step of a scenario, with an evaluation every 200 steps.
pub fn step(recorder: &Recorder, scenario: &Scenario, step: u64) {
    let tick = Tick { step, epoch: step as f64 / 50.0, samples: step * 128 };
    let value = if scenario.end == Status::NonFinite && step >= scenario.until {
        f64::NAN
    } else {
        loss(scenario, step)
    };
    recorder.log(tick, &[("train/loss", value), ("train/lr", 1e-3 * (1.0 - step as f64 / STEPS as f64))]);
    if step > 0 && step.is_multiple_of(200) {
        let hit = |share: f64| share * scenario.speed.sqrt() * (1.0 - (-(step as f64) / 500.0).exp());
        let values: Vec<(String, f64)> = [("t2i", 0.42), ("i2t", 0.46)]
            .into_iter()
            .flat_map(|(way, best)| {
                [(1, 1.0), (5, 1.45), (10, 1.7)]
                    .map(|(k, more)| (format!("val/retrieval/{way}/hit@{k}"), (hit(best) * more).min(0.99)))
            })
            .collect();
        let mut points: Vec<(&str, f64)> =
            values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        points.push(("val/zero_shot/top1", hit(0.5)));
        recorder.log(tick, &points);
        recorder.event(Level::Info, "checkpoint", Some(step), &format!("saved step-{step}"));
    }
}

/// Writes a whole run; returns the recorder of a running one.
pub fn record_run(store: &Path, scenario: &Scenario) -> Option<Recorder> {
    let recorder = begin(store, scenario.name);
    (0..=scenario.until).for_each(|at| step(&recorder, scenario, at));
    if scenario.end == Status::Running {
        recorder.flush();
        return Some(recorder);
    }
    let reason = match scenario.end {
        Status::NonFinite => Some("the loss became NaN at step 620; try a smaller learning rate"),
        _ => None,
    };
    if let Some(reason) = reason {
        recorder.event(Level::Error, "non-finite", Some(scenario.until), reason);
    }
    recorder.finish(scenario.end, reason);
    None
}

/// The fixture; returns the recorders of running runs to keep them alive.
pub fn fixture(folder: &Path) -> (PathBuf, Vec<Recorder>) {
    let store = folder.join("clip-lab.db");
    let live = SCENARIOS.iter().filter_map(|scenario| record_run(&store, scenario)).collect();
    (store, live)
}

/// Adds a short run of a study with arms and seeds, with a console log.
pub fn more(store: &Path, number: u64) {
    let uid = new_uid();
    let run = NewRun {
        name: format!("many/arm-{:02}/{}", number / 2, number % 2),
        study: Some("many".to_string()),
        arm: Some(format!("arm-{:02}", number / 2)),
        seed: number % 2,
        total_steps: Some(200),
        config: settings("lit-mean"),
        uid: uid.clone(),
        ..NewRun::default()
    };
    let recorder = Recorder::start(store, run).expect("a new store can be written");
    for step in 0..=200 {
        let tick = Tick { step, epoch: step as f64 / 50.0, samples: step * 128 };
        let value = 5.0 / (1.0 + step as f64 / (20.0 + number as f64)) + 0.2 * noise(number, step);
        recorder.log(tick, &[("train/loss", value), ("my/odd_one", value * value), ("train/accuracy", 0.97)]);
    }
    recorder.finish(Status::Finished, None);
    let log: String = (0..200).map(|step| format!("step {step} of 200\n")).collect();
    std::fs::create_dir_all(store.with_file_name(&uid)).expect("a folder");
    std::fs::write(store.with_file_name(&uid).join("log.txt"), log).expect("a log");
}
