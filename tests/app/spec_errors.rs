//! Unreadable specs and their exact messages: `spec_errors/NAME.toml` and `spec_errors/NAME.txt`.
//!
//! Comment lines `# --set a.b=value` at the top of a spec are applied to it.
//! `UPDATE=1 cargo test --test app spec_errors` regenerates the messages; review the diff before committing.

use std::{env, fs, path::Path};

use clip_lab::{builtin, plan::plan, spec::Spec};

#[test]
fn every_fault_has_the_expected_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec_errors");
    let mut specs: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    specs.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    specs.sort();
    assert!(specs.len() >= 25, "{} broken specs", specs.len());
    let different: Vec<String> = specs.iter().filter_map(|path| difference(path)).collect();
    assert!(different.is_empty(), "{}\n\nUPDATE=1 accepts the new messages", different.join("\n"));
}

/// The difference from the expected messages, if any.
fn difference(path: &Path) -> Option<String> {
    let (actual, expected) = (report(path), path.with_extension("txt"));
    if env::var_os("UPDATE").is_some() {
        fs::write(&expected, &actual).unwrap();
    }
    let wanted = fs::read_to_string(&expected).unwrap_or_default();
    (actual != wanted)
        .then(|| format!("=== {}\n--- expected\n{wanted}\n--- actual\n{actual}", path.display()))
}

/// The report of a broken spec, with the current folder replaced.
fn report(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let sets: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("# --set ")).map(str::to_owned).collect();
    let name = path.file_name().unwrap().to_string_lossy();
    let report = match Spec::parse(&name, &text, &sets) {
        Ok(spec) => plan(spec, &builtin::catalog()).expect_err("a broken spec must not pass"),
        Err(report) => report,
    };
    let here = env::current_dir().unwrap().display().to_string();
    format!("{report}\n").replace(&here, "HERE")
}
