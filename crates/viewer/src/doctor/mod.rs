//! `clip-lab doctor`: checks that everything clip-lab needs is available, and prints how to fix what is not.
//!
//! It works without libtorch: `clip-lab-core` runs as a child process for what needs it.

mod accelerator;
mod caches;
mod core;
mod disk;
mod finding;
mod python;
mod store;
mod terminal;

use std::{io::IsTerminal as _, path::Path};

use clip_lab_cli::{Exit, coloured, json_document, print};
use serde_json::json;

pub(crate) use disk::size;
use finding::{Finding, Severity};

/// Runs all checks and prints each finding. [`Exit::Failure`] if something required is broken.
pub fn doctor(store: &Path, json: bool) -> Exit {
    let output = Output::new(json);
    let mut all: Vec<Finding> = Vec::new();
    let mut add = |findings: Vec<Finding>| {
        findings.iter().for_each(|finding| output.finding(finding));
        all.extend(findings);
    };
    add(core::core());
    add(store::store(store));
    add(caches::caches());
    add(disk::disk(store));
    add(terminal::terminal());
    add(python::python());
    output.summary(&all);
    Exit::of(all.iter().all(|finding| finding.severity != Severity::Error))
}

/// How findings are printed.
struct Output {
    json: bool,
    ascii: bool,
    colour: bool,
}

impl Output {
    fn new(json: bool) -> Self {
        let colour = coloured(std::io::stdout().is_terminal());
        Self { json, ascii: terminal::theme().ascii(), colour }
    }

    fn finding(&self, finding: &Finding) {
        if !self.json {
            print(finding.lines(self.ascii, self.colour, crate::width()));
        }
    }

    fn summary(&self, all: &[Finding]) {
        let count = |severity| all.iter().filter(|finding| finding.severity == severity).count();
        let (broken, remarks) = (count(Severity::Error), count(Severity::Note));
        if self.json {
            return print(json_document(json!({ "good": broken == 0, "findings": all })));
        }
        print(match (broken, remarks) {
            (0, 0) => "\nno problems found\n".to_owned(),
            (0, _) => "\neverything required is available\n".to_owned(),
            (1, _) => "\n1 required thing is broken\n".to_owned(),
            (broken, _) => format!("\n{broken} required things are broken\n"),
        });
    }
}
