//! Features of the locked ResNet-50 at 224 pixels. Ours reads and decodes the images, the rivals have them in memory.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Sample, Train, features, python},
};

/// The batch of clip-lab's image tower in evaluation.
const BATCH: usize = 64;

pub fn benches() -> Vec<Bench> {
    let rival = |name, job, aim| Rival { name, job, aim };
    vec![Bench {
        name: "features",
        work: "features of the locked ResNet-50 at 224 px, fp32",
        unit: "images/s",
        better: Better::More,
        ours: Job::Run(ours),
        rivals: vec![
            rival(
                "PyTorch, traced, frozen, optimised for inference",
                Job::Run(|lab| torch(lab, "frozen")),
                Aim::at_least(1.0),
            ),
            rival("PyTorch eval, channels_last", Job::Run(|lab| torch(lab, "eval")), None),
            rival("PyTorch eval, channels_last, bf16 autocast", Job::Run(|lab| torch(lab, "bf16")), None),
        ],
        agreement: None,
    }]
}

fn batches(lab: &Lab) -> usize {
    lab.amount(1, 5)
}

/// A run whose features are not cached; its one step trains on few pairs.
fn ours(lab: &Lab) -> Result<Sample, Failure> {
    let images = (batches(lab) + 1) * BATCH;
    let data = lab.data(images, 5)?;
    let cache = lab.empty_cache("features")?;
    let run = Train {
        spec: "lit.toml",
        set: vec![format!("data.train.root={}", data.display()), "run.batch=4".into()],
        steps: 1,
        env: vec![("CLIP_LAB_CACHE", cache.display().to_string())],
        ..Train::default()
    };
    features(lab, &run)
}

fn torch(lab: &Lab, form: &str) -> Result<Sample, Failure> {
    let args = [format!("--form={form}"), format!("--batch={BATCH}"), format!("--steps={}", batches(lab))];
    python(lab, "resnet_torch.py", &args)
}
