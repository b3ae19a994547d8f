//! The crates of others that code uses, from `Cargo.lock`.

use std::collections::{BTreeMap, BTreeSet};

/// A package of the lock file.
#[derive(Default)]
struct Package<'a> {
    version: &'a str,
    /// None for the crates of this workspace.
    checksum: Option<&'a str>,
    dependencies: Vec<&'a str>,
}

/// A line for each crate of others that `packages` use, directly or through another one: name, version and checksum.
/// Other crates of the workspace are not followed.
pub fn used(lock: &str, packages: &[String]) -> String {
    let all = parse(lock);
    let mut open: Vec<&str> = packages.iter().map(String::as_str).collect();
    let (mut seen, mut lines) = (BTreeSet::new(), BTreeSet::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name) {
            continue;
        }
        for package in all.get(name).into_iter().flatten() {
            if package.checksum.is_none() && !packages.iter().any(|own| own == name) {
                continue;
            }
            if let Some(checksum) = package.checksum {
                lines.insert(format!("{name} {} {checksum}\n", package.version));
            }
            open.extend(&package.dependencies);
        }
    }
    lines.into_iter().collect()
}

/// The packages by name; a name may have several versions.
fn parse(lock: &str) -> BTreeMap<&str, Vec<Package<'_>>> {
    let mut all: BTreeMap<&str, Vec<Package>> = BTreeMap::new();
    for block in lock.split("[[package]]").skip(1) {
        let (mut name, mut package) = ("", Package::default());
        for line in block.lines() {
            let quoted = line.split('"').nth(1).unwrap_or_default();
            match line.split(' ').next() {
                Some("name") => name = quoted,
                Some("version") => package.version = quoted,
                Some("checksum") => package.checksum = Some(quoted),
                // ` "name",` or ` "name version",`
                Some("") => package.dependencies.extend(quoted.split(' ').next()),
                _ => {}
            }
        }
        all.entry(name).or_default().push(package);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n\
        [[package]]\nname = \"ours\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n \"viewer\",\n]\n\n\
        [[package]]\nname = \"viewer\"\nversion = \"0.1.0\"\ndependencies = [\n \"screen\",\n]\n\n\
        [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"aa\"\ndependencies = [\n \"b 2.0.0\",\n]\n\n\
        [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nchecksum = \"b1\"\n\n\
        [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nchecksum = \"b2\"\n\n\
        [[package]]\nname = \"screen\"\nversion = \"1.0.0\"\nchecksum = \"ss\"\n";

    #[test]
    fn crates_are_followed_through_others_and_not_through_the_rest_of_the_workspace() {
        let both = ["ours".to_owned(), "viewer".to_owned()];
        let lines = "a 1.0.0 aa\nb 1.0.0 b1\nb 2.0.0 b2\n";
        assert_eq!(used(LOCK, &both[..1]), lines);
        assert_eq!(used(LOCK, &both), format!("{lines}screen 1.0.0 ss\n"));
    }
}
