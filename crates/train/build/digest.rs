//! Digests of sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::lock;

/// Folders and files without code that runs outside of tests.
const LEFT_OUT: [&str; 6] = ["tests", "examples", "benches", "conformance", "tests.rs", "Cargo.toml"];

/// The digest of the sources below `paths`, and of the crates of others that they use.
pub fn of(root: &Path, paths: &[&str]) -> String {
    let mut files = Vec::new();
    for path in paths {
        sources(&root.join(path), &mut files);
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in &files {
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
        add(&mut hasher, &name, &code(&fs::read_to_string(file).unwrap_or_default()));
    }
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    add(&mut hasher, "Cargo.lock", &lock::used(&lock, &packages(root, paths)));
    hasher.finalize().to_hex()[..16].to_owned()
}

fn add(hasher: &mut blake3::Hasher, name: &str, text: &str) {
    hasher.update(name.as_bytes());
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// A source in Rust or C++ without its comment lines and its tests, which are at the end of a file.
fn code(text: &str) -> String {
    let text = text.split_once("\n#[cfg(test)]\nmod ").map_or(text, |(code, _)| code);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The source files below `path`.
fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else { return found.push(path.to_owned()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if !name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The names of the packages at or below `paths`.
fn packages(root: &Path, paths: &[&str]) -> Vec<String> {
    let below = |path: &&str| {
        let folder = root.join(path);
        let inner = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        inner.chain([folder]).collect::<Vec<_>>()
    };
    let manifests = paths.iter().flat_map(below).map(|folder| folder.join("Cargo.toml"));
    let names = manifests.filter_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with("name = "))?;
        Some(line.split('"').nth(1)?.to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_tests_do_not_count() {
        let source = "//! A module.\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        assert_eq!(code(source), "fn a() {}\n");
        assert_eq!(code("#[cfg(test)]\nuse x;\nfn a() {}\n"), "#[cfg(test)]\nuse x;\nfn a() {}\n");
    }

    #[test]
    fn only_code_that_decides_results_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str, text: &str| {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let lock = |other: &str, version: &str| {
            format!(
                "[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\n \"used\",\n]\n\n\
                 [[package]]\nname = \"used\"\nversion = \"{version}\"\nchecksum = \"1\"\n\n\
                 [[package]]\nname = \"other\"\nversion = \"{other}\"\nchecksum = \"2\"\n"
            )
        };
        write("a/Cargo.toml", "[package]\nname = \"a\"\n");
        write("a/src/lib.rs", "fn a() {}\n");
        write("Cargo.lock", &lock("1.0.0", "1.0.0"));
        let first = of(root, &["a"]);
        write("a/Cargo.toml", "[package]\nname = \"a\"\ndescription = \"A\"\n");
        write("a/src/lib.rs", "// A.\nfn a() {}\n\n#[cfg(test)]\nmod tests {}\n");
        write("a/tests/all.rs", "fn b() {}\n");
        write("Cargo.lock", &lock("2.0.0", "1.0.0"));
        assert_eq!(of(root, &["a"]), first);
        write("Cargo.lock", &lock("2.0.0", "1.0.1"));
        let second = of(root, &["a"]);
        assert_ne!(second, first);
        write("a/src/lib.rs", "fn a() { b() }\n");
        assert_ne!(of(root, &["a"]), second);
    }
}
