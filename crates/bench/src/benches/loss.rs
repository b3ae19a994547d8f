//! The loss of a large batch, forward and backward, in tiles.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Pick, Sample, example, python},
};

pub fn benches() -> Vec<Bench> {
    vec![Bench {
        name: "loss-tiled",
        work: "CLIP's loss of 8,192 pairs, forward and backward, tiles of 1,024",
        unit: "s",
        better: Better::Less,
        ours: Job::Run(|lab| ours(lab, "1024")),
        rivals: vec![
            Rival { name: "open_clip's ClipLoss", job: Job::Run(open_clip), aim: Aim::at_least(0.5) },
            Rival { name: "ours, the whole matrix", job: Job::Run(|lab| ours(lab, "0")), aim: None },
        ],
        agreement: None,
    }]
}

fn pairs(lab: &Lab) -> String {
    lab.amount(4096, 8192).to_string()
}

/// The example prints peak memory in MiB and seconds.
fn ours(lab: &Lab, tile: &str) -> Result<Sample, Failure> {
    let args = ["one", "clip", tile, &pairs(lab)].map(str::to_owned);
    example(lab, ["plugins-loss", "memory"], &args, &[Pick { line: "", number: 1 }])
}

fn open_clip(lab: &Lab) -> Result<Sample, Failure> {
    python(lab, "clip_loss.py", &[format!("--pairs={}", pairs(lab))])
}
