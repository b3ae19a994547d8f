//! Training beside other programs: default threads and waiting, compared with threads that sleep at once.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::{Lab, cores},
    run::{Failure, Job, Sample, Train, beside_busy_loops, train},
};

use super::vit::spec;

pub fn benches() -> Vec<Bench> {
    vec![Bench {
        name: "threads-busy",
        work: "the ViT spec beside a busy loop per core, default threads",
        unit: "pairs/s",
        better: Better::More,
        ours: Job::Run(|lab| busy(lab, None)),
        rivals: vec![Rival {
            name: "the same with OMP_WAIT_POLICY=PASSIVE",
            job: Job::Run(|lab| busy(lab, Some("PASSIVE"))),
            aim: Aim::at_least(0.9),
        }],
        agreement: None,
    }]
}

fn busy(lab: &Lab, policy: Option<&str>) -> Result<Sample, Failure> {
    lab.program("clip-lab-core")?; // built before the loops start
    let env = policy.map(|policy| ("OMP_WAIT_POLICY", policy.to_owned())).into_iter().collect();
    let run = Train { default_threads: true, env, ..spec(lab, &[]) };
    beside_busy_loops(cores(), || train(lab, &run))
}
