//! Two fingerprints compared, line by line.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clip_lab_api::export::{FINGERPRINT, MAGIC};

/// Holds when a library was built as this program was.
///
/// # Errors
/// Every difference, with what either side has, and what to do.
pub fn check(theirs: &str) -> Result<()> {
    let ours = String::from_utf8_lossy(&FINGERPRINT).trim_end_matches('\0').to_owned();
    let found = differences(theirs, &ours);
    if found.is_empty() {
        return Ok(());
    }
    bail!(
        "it was built otherwise than this program, so nothing of it was run\n{}\n\
         build it again from this program's checkout, with its compiler and libtorch: point its `clip-lab-api` there, \
         copy the checkout's Cargo.lock beside its Cargo.toml, and run `cargo build --release`",
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
    fn the_same_build_is_welcome() {
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
        assert!(error.contains("nothing of it was run") && !error.contains("anyhow"), "{error}");
    }
}
