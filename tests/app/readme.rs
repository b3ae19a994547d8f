//! The documents show existing files, commands and links.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::serial_guard;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(document: &Path) -> String {
    fs::read_to_string(document).unwrap_or_else(|error| panic!("{}: {error}", document.display()))
}

/// Every document for users. The references below `docs/reference` are generated, and have a test of their own.
fn documents() -> Vec<PathBuf> {
    let pages = fs::read_dir(root().join("docs")).unwrap().flatten().map(|entry| entry.path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let others = ["README.md", "CONTRIBUTING.md", "experiments/README.md"].map(|name| root().join(name));
    pages.chain(others).collect()
}

#[test]
fn the_readme_fits_two_screens() {
    let lines = read(&root().join("README.md")).lines().count();
    assert!(lines <= 150, "README.md has {lines} lines: move details to docs/");
}

#[test]
fn the_plugin_shown_is_the_file_it_names() {
    let file = read(&root().join("plugins/trick/src/clip_grad.rs"));
    let shown = read(&root().join("docs/tutorial.md")).contains(file.trim_end());
    assert!(shown, "copy plugins/trick/src/clip_grad.rs into docs/tutorial.md");
}

#[test]
fn every_command_shown_exists() {
    let mut commands = std::collections::BTreeSet::new();
    for text in documents().iter().map(|document| read(document)) {
        let blocks = text.split("```sh").skip(1).filter_map(|rest| rest.split("```").next());
        let shown =
            blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("clip-lab ")?.split(' ').next());
        commands.extend(shown.map(str::to_owned));
    }
    let _guard = serial_guard();
    for command in &commands {
        let help = Command::new(env!("CARGO_BIN_EXE_clip-lab")).args([command, "--help"]).output().unwrap();
        assert!(help.status.success(), "`clip-lab {command}` is in the documents but not in the program");
    }
    assert!(commands.len() >= 6, "only {} commands were found", commands.len());
}

/// The text without blocks of code.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !is_code && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The targets of all links and images.
fn targets(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.map(str::to_owned).collect()
}

/// The anchors of the headings, as GitHub and mdBook form them.
fn anchors(text: &str) -> Vec<String> {
    let prose = prose(text);
    let headings =
        prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_matches(['#', ' ']));
    let anchor = |heading: &str| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// All documents, generated ones included.
fn all_documents() -> Vec<PathBuf> {
    let generated = fs::read_dir(root().join("docs/reference")).unwrap().flatten().map(|entry| entry.path());
    let others = ["CHANGELOG.md", "tests/goldens/README.md"].map(|name| root().join(name));
    documents().into_iter().chain(generated).chain(others).collect()
}

#[test]
fn every_link_points_to_a_file_and_a_heading() {
    for path in all_documents() {
        for target in targets(&prose(&read(&path))).iter().filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            assert!(file.exists(), "{}: {target} is missing", path.display());
            let found = anchor.is_empty() || anchors(&read(&file)).iter().any(|heading| heading == anchor);
            assert!(found, "{}: {target} names no heading", path.display());
        }
    }
}

#[test]
fn no_link_of_the_book_leaves_it() {
    let book = root().join("docs");
    for path in all_documents().iter().filter(|path| path.starts_with(&book)) {
        let output =
            Command::new("python3").arg(root().join("scripts/book_links.py")).arg(path).output().unwrap();
        let page = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !page.is_empty(), "{}", path.display());
        for target in targets(&prose(&page)).iter().filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            let file = path.with_file_name("").join(file).canonicalize().unwrap();
            assert!(file.starts_with(book.canonicalize().unwrap()), "{}: {target}", path.display());
        }
    }
}

#[test]
fn the_book_contains_every_page() {
    let summary = targets(&read(&root().join("docs/SUMMARY.md")));
    let pages = all_documents().into_iter().filter_map(|path| {
        let page = path.strip_prefix(root().join("docs")).ok()?.to_str()?.to_owned();
        (page != "SUMMARY.md").then_some(page)
    });
    for page in pages {
        assert!(summary.contains(&page), "docs/SUMMARY.md has no line for {page}");
    }
}
