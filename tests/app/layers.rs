//! Checks the dependency rules of docs/internals.md against the manifests.

use std::{collections::BTreeSet, fs, path::Path};

use crate::support::serial_guard;

/// Workspace crates that each package may use; a package that is not listed may use none.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clip-lab-image-io", &[]),
    ("clip-lab-diagnostics", &["clip-lab-escape"]),
    ("clip-lab-escape", &[]),
    ("clip-lab-store", &["clip-lab-escape"]),
    ("clip-lab-transfer", &["clip-lab-store"]),
    ("clip-lab-cli", &["clip-lab-escape"]),
    ("clip-lab-stats", &[]),
    ("clip-lab-search-protocol", &[]),
    ("clip-lab-vector-index", &[]),
    ("clip-lab-files", &[]),
    ("clip-lab-import", &[]),
    ("clip-lab-home", &[]),
    ("clip-lab-launch", &[]),
    ("clip-lab-redact", &[]),
    ("clip-lab-fetch", &["clip-lab-redact"]),
    ("clip-lab-testing", &["clip-lab-store"]),
    ("clip-lab-hub", &["clip-lab-escape", "clip-lab-fetch", "clip-lab-home"]),
    ("clip-lab-shards", &["clip-lab-fetch", "clip-lab-hub", "clip-lab-redact"]),
    ("xtask", &[]),
    ("clip-lab-bench", &[]),
    ("clip-lab-chart", &["clip-lab-store", "clip-lab-escape", "clip-lab-diagnostics", "clip-lab-stats"]),
    (
        "clip-lab-dashboard",
        &[
            "clip-lab-chart",
            "clip-lab-store",
            "clip-lab-diagnostics",
            "clip-lab-search-protocol",
            "clip-lab-stats",
        ],
    ),
    ("clip-lab-spec", &["clip-lab-escape", "clip-lab-diagnostics", "clip-lab-redact"]),
    (
        "clip-lab-viewer",
        &[
            "clip-lab-store",
            "clip-lab-chart",
            "clip-lab-dashboard",
            "clip-lab-cli",
            "clip-lab-escape",
            "clip-lab-search-protocol",
            "clip-lab-home",
            "clip-lab-import",
            "clip-lab-spec",
            "clip-lab-diagnostics",
            "clip-lab-stats",
            "clip-lab-transfer",
        ],
    ),
    ("clip-lab-torch-ext", &[]),
    (
        "clip-lab-plugin-api",
        &["clip-lab-home", "clip-lab-image-io", "clip-lab-diagnostics", "clip-lab-torch-ext"],
    ),
    ("clip-lab-plugin-loader", &["clip-lab-plugin-api"]),
    ("clip-lab-nn", &["clip-lab-plugin-api", "clip-lab-torch-ext"]),
    ("clip-lab-checkpoint", &["clip-lab-plugin-api", "clip-lab-hub", "clip-lab-diagnostics"]),
    (
        "clip-lab-plan",
        &["clip-lab-plugin-api", "clip-lab-checkpoint", "clip-lab-plugin-loader", "clip-lab-spec"],
    ),
    ("clip-lab-input", &["clip-lab-plugin-api", "clip-lab-image-io", "clip-lab-plan", "clip-lab-torch-ext"]),
    (
        "clip-lab-model",
        &["clip-lab-plugin-api", "clip-lab-nn", "clip-lab-input", "clip-lab-plan", "clip-lab-torch-ext"],
    ),
    (
        "clip-lab-train",
        &[
            "clip-lab-plugin-api",
            "clip-lab-checkpoint",
            "clip-lab-input",
            "clip-lab-model",
            "clip-lab-image-io",
            "clip-lab-plan",
            "clip-lab-spec",
            "clip-lab-store",
            "clip-lab-torch-ext",
        ],
    ),
];
/// Crates that every package may use: they replace `std::fs` for untrusted files.
const ALL_MAY_USE: &[&str] = &["clip-lab-files"];
const PLUGINS_MAY_USE: &[&str] = &[
    "clip-lab-plugin-api",
    "clip-lab-nn",
    "clip-lab-hub",
    "clip-lab-image-io",
    "clip-lab-shards",
    "clip-lab-torch-ext",
];
/// Crates that must not be linked into the viewer.
const TORCH: &[&str] = &["tch", "torch-sys", "clip-lab-torch-ext", "clip-lab-plugin-api"];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Name and `[dependencies]` of every package below crates/ and plugins/.
fn packages() -> Vec<(String, BTreeSet<String>)> {
    let folders = ["crates", "plugins"].map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let manifests = folders.into_iter().flatten().flatten().map(|entry| entry.path().join("Cargo.toml"));
    let read = |path: std::path::PathBuf| {
        let table: toml::Table = toml::from_str(&fs::read_to_string(&path).ok()?).unwrap();
        let name = table["package"]["name"].as_str().unwrap().to_owned();
        let dependencies = table.get("dependencies").and_then(|d| d.as_table()).cloned().unwrap_or_default();
        Some((name, dependencies.keys().cloned().collect()))
    };
    manifests.filter_map(read).collect()
}

fn is_ours(name: &str) -> bool {
    name.starts_with("clip-lab") || name.starts_with("plugins-")
}

#[test]
fn every_package_uses_only_allowed_crates() {
    let packages = packages();
    assert!(packages.len() >= 19, "only {} packages were found", packages.len());
    for (name, dependencies) in packages {
        let allowed = match MAY_USE.iter().find(|(package, _)| *package == name) {
            Some((_, allowed)) => *allowed,
            None if name.starts_with("plugins-") => PLUGINS_MAY_USE,
            None => {
                panic!(
                    "{name} is not in the table of layers: add it to tests/app/layers.rs and docs/internals.md"
                )
            }
        };
        for used in dependencies.iter().filter(|used| is_ours(used)) {
            let may = allowed.iter().chain(ALL_MAY_USE).any(|name| name == used);
            assert!(may, "{name} must not depend on {used}");
        }
    }
}

#[test]
fn only_the_store_knows_sql_and_only_two_crates_draw() {
    for (name, dependencies) in packages() {
        let has = |dependency: &str| dependencies.contains(dependency);
        assert!(!has("sqlx") || name == "clip-lab-store", "{name} must not use SQL");
        for drawing in ["plotters", "resvg"] {
            assert!(!has(drawing) || name == "clip-lab-chart", "{name} must not draw ({drawing})");
        }
        assert!(!has("ratatui") || name == "clip-lab-dashboard", "{name} must not draw on the terminal");
    }
}

#[test]
fn the_front_end_does_not_use_tensors() {
    for (name, dependencies) in packages() {
        if [
            "clip-lab-store",
            "clip-lab-chart",
            "clip-lab-cli",
            "clip-lab-dashboard",
            "clip-lab-escape",
            "clip-lab-files",
            "clip-lab-import",
            "clip-lab-launch",
            "clip-lab-viewer",
            "clip-lab-diagnostics",
            "clip-lab-search-protocol",
            "clip-lab-spec",
            "clip-lab-stats",
            "clip-lab-transfer",
            "xtask",
            "clip-lab-bench",
        ]
        .contains(&name.as_str())
        {
            let torch: Vec<_> = TORCH.iter().filter(|torch| dependencies.contains(**torch)).collect();
            assert!(torch.is_empty(), "{name} must not use {torch:?}");
        }
    }
}

/// The Rust files below a folder.
pub fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Files that print without `clip_lab_cli`, and why untrusted text does not reach the terminal there.
const PRINTS: [&str; 4] = [
    "crates/cli/src/process/print.rs",       // the sink
    "crates/hub/src/progress.rs",            // escapes by itself
    "crates/hub/src/repo.rs",                // escapes by itself
    "plugins/data/src/webdataset/gather.rs", // numbers
];

#[test]
fn all_output_goes_through_one_sink() {
    let folders = ["src", "crates", "plugins"].map(|folder| root().join(folder));
    // The first two draw terminals and tests, the others are developer tools.
    let excluded_folders = ["crates/bench/", "crates/dashboard/", "crates/testing/", "crates/xtask/"];
    for file in folders.iter().flat_map(|folder| sources(folder)) {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let excluded_paths = ["/tests/", "/examples/", "/benches/", "build.rs", "/templates/"];
        if excluded_folders.iter().any(|folder| name.starts_with(folder))
            || excluded_paths.iter().any(|path| name.contains(path))
            || PRINTS.contains(&name.as_str())
        {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for print in ["println!", "eprintln!", " print!", "eprint!"] {
                assert!(!line.contains(print), "{name}: `{line}`: print with clip_lab_cli, which escapes");
            }
        }
    }
}

#[test]
fn the_viewer_does_not_link_libtorch() {
    let _guard = serial_guard();
    let needed = |binary: &str| {
        let output =
            std::process::Command::new("readelf").args(["-d", binary]).output().expect("readelf runs");
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(!needed(env!("CARGO_BIN_EXE_clip-lab")).contains("torch"), "clip-lab links libtorch");
    assert!(
        needed(env!("CARGO_BIN_EXE_clip-lab-core")).contains("libtorch_cpu"),
        "clip-lab-core links no libtorch"
    );
}
