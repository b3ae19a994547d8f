//! From JPEG files to normalised values on one core.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Pick, Sample, example},
};

pub fn benches() -> Vec<Bench> {
    vec![Bench {
        name: "decode",
        work: "JPEG files to random crops of 224 px, normalised, one core",
        unit: "images/s",
        better: Better::More,
        ours: Job::Run(ours),
        rivals: vec![
            Rival {
                name: "torchvision with Pillow",
                job: Job::SameOutput(&[Pick { line: "torchvision with Pillow, training", number: 0 }]),
                aim: Aim::at_least(3.0),
            },
            Rival {
                name: "libjpeg-turbo alone, every pixel, from memory",
                job: Job::SameOutput(&[Pick { line: "bare decoder, every pixel, from memory", number: 0 }]),
                aim: None,
            },
        ],
        agreement: None,
    }]
}

fn ours(lab: &Lab) -> Result<Sample, Failure> {
    let data = lab.data(lab.amount(128, 640), 5)?.display().to_string();
    let picks = [Pick { line: "training, from files", number: 0 }];
    example(lab, ["plugins-augment", "decode"], &[data], &picks)
}
