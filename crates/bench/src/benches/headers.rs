//! `data inspect --quick`, which reads headers only.

use std::process::Command;

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Sample, seconds},
};

pub fn benches() -> Vec<Bench> {
    vec![Bench {
        name: "inspect-quick",
        work: "data inspect --quick of a folder of JPEG files",
        unit: "s",
        better: Better::Less,
        ours: Job::Run(|lab| inspect(lab, &["--quick"])),
        rivals: vec![Rival {
            name: "data inspect, which decodes",
            job: Job::Run(|lab| inspect(lab, &[])),
            aim: Aim::at_least(1.0),
        }],
        agreement: None,
    }]
}

fn inspect(lab: &Lab, options: &[&str]) -> Result<Sample, Failure> {
    let data = lab.data(lab.amount(256, 1280), 5)?;
    let mut command = Command::new(lab.program("clip-lab-core")?);
    command.args(["data", "inspect", "--json"]).args(options).arg(data);
    Ok(seconds(lab, &mut command)?.into())
}
