//! Writing points.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Pick, Sample, example, python},
};

const BASELINE: &[Pick] =
    &[Pick { line: "baseline, a row per value and a transaction per call:", number: 0 }];

pub fn benches() -> Vec<Bench> {
    vec![Bench {
        name: "store-write",
        work: "writing points of 12 metrics, until they are in the file",
        unit: "points/s",
        better: Better::More,
        ours: Job::Run(ours),
        rivals: vec![
            Rival {
                name: "TensorBoard's SummaryWriter",
                job: Job::Run(tensorboard),
                aim: Aim::at_least(1.0),
            },
            Rival {
                name: "SQLite, a row per value, a transaction per call",
                job: Job::SameOutput(BASELINE),
                aim: Aim::at_least(2.0),
            },
        ],
        agreement: None,
    }]
}

fn ours(lab: &Lab) -> Result<Sample, Failure> {
    let parts = ["many", "baseline"].map(str::to_owned);
    example(lab, ["clip-lab-store", "bench"], &parts, &[Pick { line: "writer:", number: 0 }])
}

fn tensorboard(lab: &Lab) -> Result<Sample, Failure> {
    python(lab, "tensorboard_writer.py", &[format!("--steps={}", lab.amount(2_000, 20_000))])
}
