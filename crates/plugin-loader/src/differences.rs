//! Comparison of two fingerprints, line by line.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clip_lab_plugin_api::export::{FINGERPRINT, MAGIC};

/// Checks that a library was built like this program.
///
/// # Errors
/// Lists every difference with both values, and how to rebuild.
pub fn check(library: &str) -> Result<()> {
    let program = String::from_utf8_lossy(&FINGERPRINT).trim_end_matches('\0').to_owned();
    let found = differences(library, &program);
    if found.is_empty() {
        return Ok(());
    }
    bail!(
        "it was built differently from this program, so none of its code was run\n{}\n\
         rebuild it from this program's checkout, with its compiler and libtorch: point its `clip-lab-plugin-api` there, \
         copy the checkout's Cargo.lock next to its Cargo.toml, and run `cargo build --release`",
        found.join("\n")
    )
}

fn differences(library: &str, program: &str) -> Vec<String> {
    let (library, program) = (lines(library), lines(program));
    let keys: std::collections::BTreeSet<&str> = library.keys().chain(program.keys()).copied().collect();
    let side = |lines: &BTreeMap<&str, &str>, key: &str| (*lines.get(key).unwrap_or(&"nothing")).to_owned();
    let differing = keys.into_iter().map(|key| (key, side(&library, key), side(&program, key)));
    differing
        .filter(|(_, library, program)| library != program)
        .map(|(key, library, program)| format!("  {key}: the library has {library}, this program {program}"))
        .collect()
}

fn lines(text: &str) -> BTreeMap<&str, &str> {
    let text = text.strip_prefix(MAGIC).unwrap_or(text);
    text.lines().filter_map(|line| line.split_once(": ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> String {
        String::from_utf8_lossy(&FINGERPRINT).trim_end_matches('\0').to_owned()
    }

    #[test]
    fn the_same_build_is_accepted() {
        check(&program()).unwrap();
    }

    #[test]
    fn every_difference_is_named_with_both_sides() {
        let program = program();
        let tch = program.lines().find(|line| line.starts_with("tch: ")).unwrap();
        let library = program.replace(tch, "tch: 0.9.0").replace("size of Tensor", "size of Tenser");
        let error = check(&library).unwrap_err().to_string();
        let version = tch.split_once(' ').unwrap().1;
        assert!(
            error.contains(&format!("  tch: the library has 0.9.0, this program {version}\n")),
            "{error}"
        );
        assert!(
            error.contains("size of Tensor: the library has nothing, this program 8, aligned to 8"),
            "{error}"
        );
        assert!(error.contains("none of its code was run") && !error.contains("anyhow"), "{error}");
    }
}
