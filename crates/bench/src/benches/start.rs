//! Starting the viewer, which does not link libtorch.

use std::process::Command;

use anyhow::Context;

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    pairs,
    run::{Failure, Job, Sample, seconds},
};

pub fn benches() -> Vec<Bench> {
    vec![Bench {
        name: "start",
        work: "clip-lab --version, median of ten",
        unit: "ms",
        better: Better::Less,
        ours: Job::Run(|lab| version(lab, "clip-lab")),
        rivals: vec![Rival {
            name: "clip-lab-core --version, which links libtorch",
            job: Job::Run(|lab| version(lab, "clip-lab-core")),
            aim: Aim::at_least(5.0),
        }],
        agreement: None,
    }]
}

fn version(lab: &Lab, name: &str) -> Result<Sample, Failure> {
    let program = lab.program(name)?;
    let once = |_| seconds(lab, Command::new(&program).arg("--version"));
    let times = (0..10).map(once).collect::<Result<Vec<_>, _>>()?;
    Ok((1e3 * pairs::median(&times).context("no time")?).into())
}
