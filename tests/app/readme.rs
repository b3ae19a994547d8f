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

#[test]
fn every_link_points_to_a_file() {
    for path in documents() {
        for target in read(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let generated = file.starts_with("reference/") || file.starts_with("docs/reference/");
            if !target.contains("://") && !file.is_empty() && !generated {
                assert!(path.with_file_name(file).exists(), "{}: {target} is missing", path.display());
            }
        }
    }
}
