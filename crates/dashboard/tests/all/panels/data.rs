//! Synthetic data for every panel, deterministic.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use clip_lab_dashboard::data::{
    Run,
    panels::{Layers, Panels, Phases, RunProbes, Scale, SystemMetric, SystemStats},
};
use clip_lab_store::{Bucket, Goal, Hit, Probe, RunId, RunRow, SeriesRow, Shown, Status};
use proptest::prelude::*;

const CAPTIONS: [&str; 8] = [
    "a dog leaps over a red bar",
    "two children play in the sand at the sea",
    "a man in a blue shirt climbs a steep rock face without a rope while others watch from below",
    "a woman reads a newspaper on a bench",
    "a black dog runs through snow",
    "a boy rides a bicycle down the stairs",
    "people wait at a bus stop in the rain",
    "a surfer on a large wave",
];

fn digest(i: usize) -> String {
    format!("digest{}", i % 8)
}

fn shown(i: usize) -> Shown {
    Shown { name: format!("{:07}_image.jpg", 1_000_003 * (i + 1)), digest: Some(digest(i)) }
}

/// The probe of a model with `skill` on `n` pairs.
fn probe(step: u64, n: usize, skill: f32) -> Probe {
    let noise = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f32 / 23.0;
    let cosine =
        |i: usize, j: usize| if i == j { skill } else { 0.0 } * (0.6 + 0.4 * noise(i, i)) + 0.3 * noise(i, j);
    let similarity = (0..n * n).map(|at| cosine(at / n, at % n)).collect();
    let right = |query: usize| if skill > 0.3 { query % 3 } else { 5 };
    let hit = |query: usize, place: usize| Hit {
        image: shown(query + place),
        score: skill - 0.05 * place as f32,
        right: place == right(query),
    };
    Probe {
        step,
        split: "val".to_string(),
        weights: "raw".to_string(),
        texts: (0..n).map(|i| CAPTIONS[i % 8].to_string()).collect(),
        images: (0..n).map(shown).collect(),
        owner: (0..n as u32).collect(),
        similarity,
        logit_scale: Some(20.0),
        queries: CAPTIONS.map(String::from).to_vec(),
        top: (0..8).map(|query| (0..5).map(|place| hit(query, place)).collect()).collect(),
        rank: (0..8).map(|query| right(query) as u32 + 3 * query as u32).collect(),
    }
}

/// The probes of a run whose third evaluation is its best.
pub fn probes(id: i64, name: &str, n: usize) -> RunProbes {
    let skill = if id == 1 { 0.6 } else { 0.4 };
    let probes = vec![probe(100, n, 0.1), probe(200, n, skill / 2.0), probe(300, n, skill)];
    RunProbes { run: RunId(id), name: name.to_string(), probes: Arc::new(probes) }
}

/// Thumbnails of several shapes; one is unreadable, one is missing.
pub fn thumbnails() -> Panels {
    static MADE: LazyLock<Panels> = LazyLock::new(make_thumbnails);
    MADE.clone()
}

fn make_thumbnails() -> Panels {
    let image = |i: usize| {
        let (wide, high) = [(24, 24), (36, 18), (16, 30)][i % 3];
        let colour = |x: u32, y: u32| image::Rgb([(x * 7) as u8, (y * 7) as u8, (i * 30) as u8]);
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_fn(wide, high, colour)
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("memory");
        (digest(i), Arc::from(bytes.into_inner()))
    };
    let mut thumbnails: HashMap<String, Arc<[u8]>> = (0..7).map(image).collect();
    thumbnails.insert(digest(6), Arc::from(&b"this is not an image"[..]));
    Panels { thumbnails: Arc::new(thumbnails), ..Panels::default() }
}

/// A logit scale over steps of ten.
pub fn scale(name: &str, colour: usize, values: &[f64], clamp: Option<f64>) -> Scale {
    let bucket = |(i, v): (usize, &f64)| {
        let x = i as f64 * 10.0;
        Bucket { x0: x, x1: x + 9.0, min: *v, max: *v, mean: *v, first: *v, last: *v, n: 1, n_bad: 0 }
    };
    let buckets = values.iter().enumerate().map(bucket).collect();
    Scale { name: name.to_string(), colour: Some(colour), clamp, learned: true, buckets }
}

/// One below its clamp, one at its clamp, one fixed.
pub fn scales() -> Vec<Scale> {
    let free: Vec<f64> = (0..60).map(|i| 14.3 + f64::from(i) * 0.3).collect();
    let pinned: Vec<f64> = (0..60).map(|i| (20.0 + f64::from(i) * 4.0).min(100.0)).collect();
    let fixed = Scale { learned: false, ..scale("fixed", 2, &[50.0; 60], Some(100.0)) };
    vec![scale("lit-free", 0, &free, Some(100.0)), scale("lit-pinned", 1, &pinned, Some(100.0)), fixed]
}

/// Eighteen layers with a decay of 0.75.
pub fn layers() -> Layers {
    let blocks = [3, 4, 6, 3].into_iter().enumerate();
    let names =
        blocks.flat_map(|(stage, n)| (0..n).map(move |block| format!("image.stages.{stage}.{block}")));
    let names: Vec<String> =
        ["image.stem".to_string()].into_iter().chain(names).chain(["classifier".to_string()]).collect();
    let last = names.len() as i32 - 1;
    let rates = names.into_iter().zip(0..).map(|(name, i)| (name, 1e-3 * 0.75f64.powi(last - i))).collect();
    Layers { run: RunId(1), name: "layer_decay".to_string(), colour: Some(0), step: 60, rates }
}

/// A compute-bound run, a data-bound run, and one of an older version.
pub fn phases() -> Vec<Phases> {
    let whole = Phases {
        name: "vit-b32".to_string(),
        colour: Some(0),
        wait: Some(0.004),
        update: Some(0.3),
        forward: Some(0.09),
        backward: Some(0.17),
        optimizer: Some(0.03),
        pairs: Some(421.0),
        mfu: Some(0.38),
    };
    let slow =
        Phases { name: "resnet-slow-disk".to_string(), colour: Some(1), wait: Some(0.12), ..whole.clone() };
    let old = Phases {
        name: "old".to_string(),
        forward: None,
        backward: None,
        optimizer: None,
        mfu: None,
        ..whole.clone()
    };
    vec![whole, slow, Phases { colour: Some(2), ..old }]
}

/// Two machines, one with a GPU.
pub fn system() -> Vec<SystemStats> {
    let curve = |low: f64, high: f64| (0..90).map(move |i| low + (high - low) * f64::from(i * 7 % 13) / 12.0);
    let metric = |metric: &str, low, high| {
        let values: Vec<f64> = curve(low, high).collect();
        SystemMetric { name: metric.to_string(), last: values[89], max: high, values }
    };
    let first = vec![metric("system/cpu", 0.4, 0.95), metric("system/memory_gib", 3.0, 3.25)];
    let second = vec![
        metric("system/cpu", 0.1, 0.2),
        metric("system/memory_gib", 11.0, 12.5),
        metric("system/gpu_memory_gib", 30.0, 61.0),
    ];
    let stats =
        |name: &str, colour, metrics| SystemStats { name: name.to_string(), colour: Some(colour), metrics };
    vec![stats("laptop", 0, first), stats("h100", 1, second)]
}

fn run(id: i64, name: &str, metrics: &[(&str, f64)]) -> Run {
    let row = RunRow {
        id: RunId(id),
        uid: format!("uid{id}"),
        name: name.to_string(),
        study: None,
        arm: None,
        seed: 0,
        status: Status::Finished,
        reason: None,
        attempt: 1,
        started_ms: 0,
        ended_ms: None,
        heartbeat_ms: 0,
        step: 60,
        epoch: 1.0,
        samples: 3840,
        total_steps: Some(60),
        rate: None,
        active_ms: 0,
        goal_metric: Some("val/classification/top1".to_string()),
        dir: "x".into(),
        host: String::new(),
        pid: 0,
    };
    let series = metrics.iter().map(|(name, value)| SeriesRow {
        name: name.to_string(),
        unit: String::new(),
        goal: Goal::Up,
        n: 1,
        n_nan: 0,
        n_inf: 0,
        first_bad_step: None,
        last: Some(*value),
        last_step: Some(60),
        min: Some(*value),
        min_step: Some(60),
        max: Some(*value),
        max_step: Some(60),
    });
    Run {
        name: name.to_string(),
        row,
        series: series.collect(),
        details: Arc::default(),
        trend: Vec::new(),
        group: None,
        colour: Some(id as usize),
    }
}

/// Three runs, two with averaged weights: one gains from them, one does not.
pub fn averaged() -> Vec<Run> {
    vec![
        run(0, "tricks/baseline/0", &[("val/classification/top1", 0.41)]),
        run(
            1,
            "tricks/ema/0",
            &[
                ("val/classification/top1", 0.41),
                ("val/ema/classification/top1", 0.445),
                ("test/classification/top1", 0.40),
                ("test/ema/classification/top1", 0.436),
            ],
        ),
        run(2, "tricks/all/0", &[("val/classification/top1", 0.21), ("val/ema/classification/top1", 0.1975)]),
    ]
}

/// Finite and non-finite numbers.
pub fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        -1.0f64..1.0,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(1e300),
        Just(0.0),
        Just(-1e-300),
        any::<f64>()
    ]
}

/// Evaluations of every size, complete or not.
pub fn any_probes() -> impl Strategy<Value = RunProbes> {
    let sizes = prop_oneof![Just(0usize), Just(1), Just(64), 0usize..20];
    let parts = (sizes, 0usize..70, proptest::collection::vec(any_value(), 0..40), any::<bool>(), 0usize..4);
    parts.prop_map(|(n, owners, values, whole, evaluations)| {
        let mut probe = probe(7, n, 0.5);
        for (at, value) in values.iter().enumerate() {
            if let Some(cell) = probe.similarity.get_mut(at * 3) {
                *cell = *value as f32;
            }
        }
        if !whole {
            probe.similarity.truncate(values.len());
            probe.images.truncate(owners);
            probe.top.iter_mut().flatten().for_each(|hit| {
                hit.image.digest = None;
                hit.image.name = "名前\n\u{1b}[31m".repeat(owners % 9);
            });
            probe.rank.truncate(owners % 5);
            probe.logit_scale = values.first().copied();
        }
        probe.owner.truncate(owners);
        RunProbes {
            run: RunId(n as i64),
            name: "名".repeat(owners),
            probes: Arc::new(vec![probe; evaluations]),
        }
    })
}
