//! LiT on cached features: MiniLM tuned, ResNet-50 locked, one caption drawn for each image.

use std::fs;

use anyhow::Context;

use crate::{
    bench::{Agreement, Aim, Bench, Better, Rival},
    lab::Lab,
    machine::check_precision,
    pairs,
    run::{Failure, Job, Sample, Train, checkpoint, python, python_numbers, train, train_losses},
};

pub fn benches() -> Vec<Bench> {
    let torch = |aim| Rival {
        name: "PyTorch fp32, features in memory, padding to the longest, fused AdamW",
        job: Job::Run(|lab| torch(lab, "fp32")),
        aim: Aim::at_least(aim),
    };
    let open_clip =
        Rival { name: "open_clip --lock-image, fp32", job: Job::Run(open_clip), aim: Aim::at_least(15.0) };
    let agreement = Agreement { what: "losses", tolerance: 1e-5, compare: losses_apart };
    let lit = Bench {
        name: "lit-fp32",
        work: "LiT step on cached features, batch 128, fp32",
        unit: "pairs/s",
        better: Better::More,
        ours: Job::Run(|lab| ours(lab, "fp32")),
        rivals: vec![torch(1.8), open_clip],
        agreement: Some(agreement),
    };
    let torch_bf16 = Rival {
        name: "the same script, bf16 autocast",
        job: Job::Run(|lab| self::torch(lab, "bf16")),
        aim: None,
    };
    vec![
        lit.clone(),
        Bench {
            name: "lit-bf16",
            work: "LiT step on cached features, batch 128, bf16",
            ours: Job::Run(|lab| ours(lab, "bf16")),
            rivals: vec![torch(3.0), torch_bf16],
            agreement: None,
            ..lit
        },
    ]
}

/// Images, steps of warm-up, and steps.
fn size(lab: &Lab) -> [usize; 3] {
    [lab.amount(256, 1280), lab.amount(2, 3), lab.amount(6, 20)]
}

fn spec(data: &std::path::Path) -> Train<'static> {
    let set = vec![format!("data.train.root={}", data.display())];
    Train { spec: "lit.toml", set, ..Train::default() }
}

fn ours(lab: &Lab, precision: &str) -> Result<Sample, Failure> {
    check_precision(precision)?;
    let [images, warmup, steps] = size(lab);
    let mut run = Train { warmup, steps, ..spec(&lab.data(images, 5)?) };
    run.set.push(format!("run.precision={precision}"));
    train(lab, &run)
}

fn minilm(lab: &Lab) -> String {
    format!("--minilm={}", lab.cache.join("weights/minilm-l6").display())
}

fn torch(lab: &Lab, precision: &str) -> Result<Sample, Failure> {
    check_precision(precision)?;
    let [images, warmup, steps] = size(lab);
    let args = [
        minilm(lab),
        format!("--data={}", lab.data(images, 5)?.display()),
        format!("--precision={precision}"),
        format!("--warmup={warmup}"),
        format!("--steps={steps}"),
    ];
    python(lab, "lit_torch.py", &args)
}

fn open_clip(lab: &Lab) -> Result<Sample, Failure> {
    let steps = format!("--steps={}", lab.amount(1, 3));
    python(lab, "clip_train.py", &["--model=lit".into(), minilm(lab), "--warmup=1".into(), steps])
}

/// The largest difference of the losses of five updates from the same weights. The batch is the whole data set, with one
/// caption for each image, so that its order does not change the loss; there is no dropout.
fn losses_apart(lab: &Lab) -> Result<f64, Failure> {
    let batch = lab.amount(32, 128);
    let data = lab.data(batch, 1)?;
    let cache = lab.empty_cache("agreement")?;
    let settings = [
        format!("run.batch={batch}"),
        "optimizer.weight_decay=0".into(),
        "model.text.dropout=0".into(),
        "model.text.attention_dropout=0".into(),
    ];
    let mut run = Train { steps: 5, ..spec(&data) };
    run.set.extend(settings);
    run.env.push(("CLIP_LAB_CACHE", cache.display().to_string()));
    let ours = train_losses(lab, &run)?;
    // With this learning rate the checkpoint holds the initial weights.
    let mut still = Train { steps: 1, ..run };
    still.set.push("optimizer.lr=1e-30".into());
    train_losses(lab, &still)?;
    let mut features = fs::read_dir(cache.join("features")).context("no features were cached")?.flatten();
    let features = features.next().context("no features were cached")?.path();
    let args = [
        minilm(lab),
        format!("--data={}", data.display()),
        format!("--batch={batch}"),
        "--steps=5".into(),
        format!("--start={}", checkpoint(lab)?.display()),
        format!("--features={}", features.display()),
    ];
    let theirs = python_numbers(lab, "lit_torch.py", &args)?;
    Ok(pairs::difference(&ours, &theirs).context("the numbers of losses differ")?)
}
