//! Comparison of two fingerprints, line by line.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clip_lab_api::export::{FINGERPRINT, MAGIC};

/// Checks that a library was built like this program.
///
/// # Errors
/// Lists every difference with both values, and how to rebuild.
pub fn check(theirs: &str) -> Result<()> {
    let ours = String::from_utf8_lossy(&FINGERPRINT).trim_end_matches('\0').to_owned();
    let found = differences(theirs, &ours);
    if found.is_empty() {
        return Ok(());
    }
    bail!(
        "it was built differently from this program, so none of its code was run\n{}\n\
         rebuild it from this program's checkout, with its compiler and libtorch: point its `clip-lab-api` there, \
         copy the checkout's Cargo.lock next to its Cargo.toml, and run `cargo build --release`",
        found.join("\n")
    )
}

fn differences(theirs: &str, ours: &str) -> Vec<String> {
    let (theirs, ours) = (lines(theirs), lines(ours));
    let keys: std::collections::BTreeSet<&str> = theirs.keys().chain(ours.keys()).copied().collect();
    let side = |lines: &BTreeMap<&str, &str>, key: &str| (*lines.get(key).unwrap_or(&"nothing")).to_owned();
    let differing = keys.into_iter().map(|key| (key, side(&theirs, key), side(&ours, key)));
    differing
        .filter(|(_, theirs, ours)| theirs != ours)
        .map(|(key, theirs, ours)| format!("  {key}: the library has {theirs}, this program {ours}"))
        .collect()
}

fn lines(text: &str) -> BTreeMap<&str, &str> {
    let text = text.strip_prefix(MAGIC).unwrap_or(text);
    text.lines().filter_map(|line| line.split_once(": ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> String {
        String::from_utf8_lossy(&FINGERPRINT).trim_end_matches('\0').to_owned()
    }

    #[test]
    fn the_same_build_is_accepted() {
        check(&ours()).unwrap();
    }

    #[test]
    fn every_difference_is_named_with_both_sides() {
        let ours = ours();
        let tch = ours.lines().find(|line| line.starts_with("tch: ")).unwrap();
        let theirs = ours.replace(tch, "tch: 0.9.0").replace("size of Tensor", "size of Tenser");
        let error = check(&theirs).unwrap_err().to_string();
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
