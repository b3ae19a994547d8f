//! `clip-lab doctor`: whether what clip-lab needs is there, what that means, and what to do next.
//!
//! It needs no tensors, so that it works where libtorch does not: what only the core can tell, a child is asked for.

mod caches;
mod core;
mod disk;
mod finding;
mod python;
mod store;
mod terminal;

use std::{io::IsTerminal as _, path::Path};

use clip_lab_cli::{Exit, answer, coloured, print};
use serde_json::json;

use finding::{Finding, Mark};

/// Looks at everything and prints what it finds, line by line. [`Exit::Failed`] when something needed is broken.
pub fn doctor(place: &Path, json: bool) -> Exit {
    let show = Show::here(json);
    let mut all: Vec<Finding> = Vec::new();
    let mut found = |findings: Vec<Finding>| {
        findings.iter().for_each(|finding| show.finding(finding));
        all.extend(findings);
    };
    found(core::core());
    found(store::store(place));
    found(caches::caches());
    found(disk::disk(place));
    found(terminal::terminal());
    found(python::python());
    show.end(&all);
    Exit::of(all.iter().all(|finding| finding.mark != Mark::Broken))
}

/// How findings are shown.
struct Show {
    json: bool,
    ascii: bool,
    colour: bool,
}

impl Show {
    fn here(json: bool) -> Self {
        let colour = coloured(std::io::stdout().is_terminal());
        Self { json, ascii: terminal::theme().ascii(), colour }
    }

    fn finding(&self, finding: &Finding) {
        if !self.json {
            print(finding.lines(self.ascii, self.colour, crate::width()));
        }
    }

    fn end(&self, all: &[Finding]) {
        let count = |mark| all.iter().filter(|finding| finding.mark == mark).count();
        let (broken, remarks) = (count(Mark::Broken), count(Mark::Remark));
        if self.json {
            return print(answer(json!({ "good": broken == 0, "findings": all })));
        }
        print(match (broken, remarks) {
            (0, 0) => "\nall is well\n".to_owned(),
            (0, _) => "\nall that is needed is there\n".to_owned(),
            (1, _) => "\n1 thing that is needed is broken\n".to_owned(),
            (broken, _) => format!("\n{broken} things that are needed are broken\n"),
        });
    }
}
