//! A spec and an edit of it: any text is read or rejected with a message, and an edited spec is valid TOML.
#![no_main]

use std::path::Path;

use clip_lab_spec::{Spec, Study};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, edit) = input;
    for sets in [vec![], vec![edit.to_owned()]] {
        match Spec::parse("spec.toml", text, &sets) {
            Ok(spec) => drop(Spec::parse("spec.toml", &spec.source.text, &[])),
            Err(report) => assert!(!report.render(false).is_empty()),
        }
    }
    drop(Study::parse(Path::new("study.toml"), text));
});
