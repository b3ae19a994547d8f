//! What saving memory costs: micro-batches (GradCache) and recomputed activations.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    run::{Job, train},
};

use super::vit::spec;

pub fn benches() -> Vec<Bench> {
    let whole = || Rival {
        name: "the same, whole batch, all activations kept",
        job: Job::Run(|lab| train(lab, &spec(lab, &[]))),
        aim: Aim::at_least(0.65),
    };
    let micro_batch = Bench {
        name: "micro-batch",
        work: "the ViT spec with run.micro_batch = 32",
        unit: "pairs/s",
        better: Better::More,
        ours: Job::Run(|lab| train(lab, &spec(lab, &["run.micro_batch=32"]))),
        rivals: vec![whole()],
        agreement: None,
    };
    vec![
        micro_batch.clone(),
        Bench {
            name: "recompute",
            work: "the ViT spec with run.recompute_activations",
            ours: Job::Run(|lab| train(lab, &spec(lab, &["run.recompute_activations=true"]))),
            ..micro_batch
        },
    ]
}
