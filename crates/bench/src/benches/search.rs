//! Search among the embeddings of a gallery: exact, and approximate by a graph.

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Pick, Sample, example, python},
};

const EXACT: Pick = Pick { line: "exact, all threads", number: 0 };

pub fn benches() -> Vec<Bench> {
    let exact = Bench {
        name: "search-exact",
        work: "first ten of 100,000 embeddings of width 512, all cores",
        unit: "ms",
        better: Better::Less,
        ours: Job::Run(|lab| search(lab, EXACT)),
        rivals: vec![
            Rival { name: "faiss IndexFlatIP", job: Job::Run(faiss), aim: Aim::at_least(0.8) },
            Rival {
                name: "a plain loop and a sort",
                job: Job::SameOutput(&[Pick { line: "plain loop and sort", number: 0 }]),
                aim: None,
            },
        ],
        agreement: None,
    };
    let approximate = Bench {
        name: "search-approximate",
        work: "the same, approximate (ef 128)",
        ours: Job::Run(|lab| search(lab, Pick { line: "approximate, ef 128", number: 0 })),
        rivals: vec![Rival { name: "exact", job: Job::SameOutput(&[EXACT]), aim: Aim::at_least(1.0) }],
        ..exact.clone()
    };
    vec![exact, approximate]
}

fn rows(lab: &Lab) -> usize {
    lab.amount(10_000, 100_000)
}

fn search(lab: &Lab, pick: Pick) -> Result<Sample, Failure> {
    let size = [rows(lab).to_string(), "512".to_owned()];
    example(lab, ["clip-lab-vector-index", "speed"], &size, &[pick])
}

fn faiss(lab: &Lab) -> Result<Sample, Failure> {
    python(lab, "faiss_search.py", &[format!("--rows={}", rows(lab))])
}
