//! Manifests turn off the unit tests and documentation tests of libraries that have none, and no others: an empty test
//! program is linked with all that its library uses, and one turned off by mistake hides tests.

use std::fs;

use crate::layers::{root, sources};

fn has_unit_tests(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "#[test]")
}

/// Whether documentation has a block of Rust that is compiled. Blocks of other languages name them, such as `text`.
fn has_doctests(text: &str) -> bool {
    let comments = text.lines().map(str::trim).filter_map(|line| {
        line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map(str::trim_start)
    });
    let fences = comments.filter_map(|line| line.strip_prefix("```"));
    let mut opening = fences.step_by(2);
    opening.any(|language| ["", "rust", "no_run", "should_panic", "compile_fail"].contains(&language))
}

#[test]
fn libraries_have_test_programs_if_they_have_tests() {
    let folders = ["crates", "plugins"].map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let packages = folders.into_iter().flatten().flatten().map(|entry| entry.path());
    for package in packages.filter(|package| package.join("src/lib.rs").exists()) {
        let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&manifest).unwrap();
        let lib = manifest.get("lib").and_then(|lib| lib.as_table()).cloned().unwrap_or_default();
        let enabled = |key: &str| lib.get(key).and_then(|value| value.as_bool()).unwrap_or(true);
        let files = sources(&package.join("src"));
        let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        for (key, has) in [("test", has_unit_tests as fn(&str) -> bool), ("doctest", has_doctests)] {
            let any = texts.iter().any(|text| has(text));
            assert_eq!(enabled(key), any, "{}: set `{key} = {any}` in [lib]", package.display());
        }
    }
}
