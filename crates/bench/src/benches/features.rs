//! Features of the locked ResNet-50 at 224 pixels. Ours reads and decodes the images, the rivals have them in memory.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    machine::check_precision,
    run::{Failure, Job, Sample, Train, features, python},
};

/// The batch of clip-lab's image tower in evaluation.
const BATCH: usize = 64;

pub fn benches() -> Vec<Bench> {
    let frozen = Rival {
        name: "PyTorch, traced, frozen, optimised for inference",
        job: Job::Run(|lab| torch(lab, "frozen")),
        aim: Aim::at_least(1.0),
    };
    let eval =
        Rival { name: "PyTorch eval, channels_last", job: Job::Run(|lab| torch(lab, "eval")), aim: None };
    let autocast = Rival {
        name: "PyTorch eval, channels_last, bf16 autocast",
        job: Job::Run(|lab| torch(lab, "bf16")),
        aim: Aim::at_least(1.0),
    };
    let bench = Bench {
        name: "features-fp32",
        work: "features of the locked ResNet-50 at 224 px, fp32",
        unit: "images/s",
        better: Better::More,
        ours: Job::Run(|lab| ours(lab, "fp32")),
        rivals: vec![frozen, eval],
        agreement: None,
    };
    let bf16 = Bench {
        name: "features-bf16",
        work: "the same, bf16",
        ours: Job::Run(|lab| ours(lab, "bf16")),
        rivals: vec![autocast],
        ..bench.clone()
    };
    vec![bench, bf16]
}

fn batches(lab: &Lab) -> usize {
    lab.amount(1, 5)
}

/// A run whose features are not cached; its one step trains on few pairs.
fn ours(lab: &Lab, precision: &str) -> Result<Sample, Failure> {
    check_precision(precision)?;
    let images = (batches(lab) + 1) * BATCH;
    let data = lab.data(images, 5)?;
    let cache = lab.empty_cache("features")?;
    let run = Train {
        spec: "lit.toml",
        set: vec![
            format!("data.train.root={}", data.display()),
            "run.batch=4".into(),
            format!("run.precision={precision}"),
        ],
        steps: 1,
        env: vec![("CLIP_LAB_CACHE", cache.display().to_string())],
        ..Train::default()
    };
    features(lab, &run)
}

fn torch(lab: &Lab, form: &str) -> Result<Sample, Failure> {
    check_precision(form)?;
    let args = [format!("--form={form}"), format!("--batch={BATCH}"), format!("--steps={}", batches(lab))];
    python(lab, "resnet_torch.py", &args)
}
