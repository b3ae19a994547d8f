//! The README shows existing files and commands.

use std::{fs, path::Path, process::Command};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

#[test]
fn the_plugin_shown_is_the_file_it_names() {
    let file = fs::read_to_string(root().join("plugins/trick/src/clip_grad.rs")).unwrap();
    assert!(readme().contains(file.trim_end()), "copy plugins/trick/src/clip_grad.rs into the README");
}

#[test]
fn every_command_shown_exists() {
    let readme = readme();
    let blocks = readme.split("```sh").skip(1).filter_map(|rest| rest.split("```").next());
    let shown =
        blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("clip-lab ")?.split(' ').next());
    let mut count = 0;
    for verb in shown {
        count += 1;
        let help = Command::new(env!("CARGO_BIN_EXE_clip-lab")).args([verb, "--help"]).output().unwrap();
        assert!(help.status.success(), "`clip-lab {verb}` is in the README but not in the program");
    }
    assert!(count >= 6, "only {count} commands were found");
}

#[test]
fn every_link_points_to_a_file() {
    for document in ["README.md", "experiments/README.md"] {
        let path = root().join(document);
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.contains("://") && !target.starts_with('#') {
                assert!(path.with_file_name(target).exists(), "{document}: {target} is missing");
            }
        }
    }
}
