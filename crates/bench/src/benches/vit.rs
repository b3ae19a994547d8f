//! A small ViT with a small text transformer from random weights.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    machine::check_precision,
    run::{Failure, Job, Sample, Train, python, train},
};

pub fn benches() -> Vec<Bench> {
    let rival = |name, job| vec![Rival { name, job, aim: Aim::at_least(1.5) }];
    let vit = Bench {
        name: "vit-fp32",
        work: "ViT 6x192, patch 8, 64 px, text 4x192, context 32, batch 128, fp32",
        unit: "pairs/s",
        better: Better::More,
        ours: Job::Run(|lab| ours(lab, "fp32")),
        rivals: rival("open_clip", Job::Run(|lab| open_clip(lab, "fp32"))),
        agreement: None,
    };
    vec![
        vit.clone(),
        Bench {
            name: "vit-bf16",
            work: "the same, bf16",
            ours: Job::Run(|lab| ours(lab, "bf16")),
            rivals: rival("open_clip --precision amp_bf16", Job::Run(|lab| open_clip(lab, "bf16"))),
            ..vit
        },
    ]
}

/// Steps of warm-up, and steps.
pub fn size(lab: &Lab) -> [usize; 2] {
    [2, lab.amount(4, 20)]
}

pub fn spec(lab: &Lab, set: &[&str]) -> Train<'static> {
    let [warmup, steps] = size(lab);
    let set = set.iter().map(|setting| (*setting).to_owned()).collect();
    Train { spec: "vit.toml", set, warmup, steps, ..Train::default() }
}

fn ours(lab: &Lab, precision: &str) -> Result<Sample, Failure> {
    check_precision(precision)?;
    train(lab, &spec(lab, &[&format!("run.precision={precision}")]))
}

fn open_clip(lab: &Lab, precision: &str) -> Result<Sample, Failure> {
    check_precision(precision)?;
    let [warmup, steps] = size(lab);
    let args = [
        "--model=vit".to_owned(),
        format!("--precision={precision}"),
        format!("--warmup={warmup}"),
        format!("--steps={steps}"),
    ];
    python(lab, "clip_train.py", &args)
}
