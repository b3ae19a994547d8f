//! Exact ranks in both directions beside the first ten of faiss's exact index.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Pick, Sample, example},
};

const FAISS: &[Pick] = &[
    Pick { line: "faiss IndexFlatIP, first 10 images of captions", number: 0 },
    Pick { line: "faiss IndexFlatIP, first 10 captions of images", number: 0 },
];

pub fn benches() -> Vec<Bench> {
    vec![Bench {
        name: "ranks",
        work: "ranks of 25,000 captions and 5,000 images, width 512, both directions",
        unit: "s",
        better: Better::Less,
        ours: Job::Run(ours),
        rivals: vec![
            Rival {
                name: "faiss IndexFlatIP, first ten, both directions",
                job: Job::SameOutput(FAISS),
                aim: Aim::at_least(1.2),
            },
            Rival {
                name: "the bare product of the matrices",
                job: Job::SameOutput(&[Pick { line: "the bare product, whole", number: 0 }]),
                aim: None,
            },
        ],
        agreement: None,
    }]
}

fn ours(lab: &Lab) -> Result<Sample, Failure> {
    let size = [lab.amount(1000, 5000), lab.amount(5000, 25000), 512].map(|number| number.to_string());
    let picks = [Pick { line: "exact ranks of every caption and image, both ways", number: 0 }];
    example(lab, ["plugins-eval", "ranks"], &size, &picks)
}
