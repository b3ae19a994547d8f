//! Writes the build fingerprint that a plugin in a shared library must match: see `src/export.rs`.

use std::{
    collections::hash_map::DefaultHasher,
    env, fs,
    hash::Hasher as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Libraries whose types cross between a program and its plugins. The workspace pins them exactly, so the manifest
/// states their versions. (serde and schemars do not count: only their results cross.)
const CROSSING: [&str; 7] = ["anyhow", "image", "rand_chacha", "serde_json", "tch", "toml", "torch-sys"];

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let manifest = here.join("../../Cargo.toml");
    // Of the image crate, the types that cross: images, crops and the options of resizing.
    let images = ["image", "crop", "options"].map(|name| here.join(format!("../image-io/src/{name}.rs")));
    let folders = [here.join("src"), here.join("../diagnostics/src")];
    let sources: Vec<PathBuf> = folders.into_iter().chain(images).collect();
    for path in sources.iter().chain([&manifest]) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    let mut lines = vec![
        format!(
            "contract: {} {:016x}",
            env::var("CARGO_PKG_VERSION").expect("cargo sets it"),
            digest(&sources)
        ),
        format!("rustc: {}", compiler()),
        format!("target: {}", env::var("TARGET").expect("cargo sets it")),
        format!(
            "libtorch: {}",
            env::var("DEP_CLIP_LAB_SHIM_VERSION").expect("crates/torch-ext found libtorch")
        ),
    ];
    let manifest = fs::read_to_string(manifest).expect("the workspace's manifest can be read");
    lines.extend(CROSSING.iter().map(|name| format!("{name}: {}", pinned(&manifest, name))));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("fingerprint.txt");
    fs::write(out, lines.join("\n") + "\n").expect("OUT_DIR can be written");
}

/// Changes with any code of the contract, except the conformance checks. Comments do not count.
fn digest(paths: &[PathBuf]) -> u64 {
    let below = |path: &PathBuf| if path.is_dir() { sources(path) } else { vec![path.clone()] };
    let mut files: Vec<PathBuf> = paths.iter().flat_map(below).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let text = fs::read_to_string(file).expect("sources can be read");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.for_each(|line| hasher.write(line.as_bytes()));
    }
    hasher.finish()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("sources can be read").flatten().map(|entry| entry.path());
    let included = |path: &PathBuf| !path.to_string_lossy().contains("conformance");
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.filter(included).flat_map(below).collect()
}

/// `1.95.0 59807616e1fa 2026-04-14`: the layout of types may change with every compiler commit.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").expect("cargo sets it");
    let output = Command::new(rustc).arg("-vV").output().expect("rustc runs").stdout;
    let output = String::from_utf8_lossy(&output).into_owned();
    let value = |key: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("unknown");
        line.trim().chars().take(12).collect::<String>()
    };
    format!("{} {} {}", value("release:"), value("commit-hash:"), value("commit-date:"))
}

/// The exact version in the workspace's manifest.
fn pinned(manifest: &str, name: &str) -> String {
    let line = manifest.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
    let version = line.and_then(|line| line.split('"').nth(1)?.strip_prefix('=').map(str::to_owned));
    version.unwrap_or_else(|| {
        panic!("`{name}` crosses into plugins: pin it exactly in the workspace's Cargo.toml")
    })
}
