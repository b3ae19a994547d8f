//! Compiles the shim against libtorch's headers, and makes libtorch available to cargo's test binaries.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

const SOURCES: [&str; 12] = [
    "attention",
    "c10d",
    "flops",
    "kernels",
    "memory",
    "precision",
    "recompute",
    "script",
    "shim",
    "stream",
    "trace",
    // Last: it redefines the name gloo.
    "c10d_gloo",
];

fn main() {
    println!("cargo:rerun-if-changed=shim");
    // torch-sys exports the location of the libraries to its dependents.
    let libraries = PathBuf::from(env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys found libtorch"));
    let include = libraries.with_file_name("include");
    // Also for clippy, which links nothing: it shares this script's output with builds and tests.
    compile(&include);
    link_libraries(&libraries);
    let version = version(&include);
    println!("cargo:libtorch={}", libraries.display());
    println!("cargo:version={version}");
    println!("cargo:rustc-env=CLIP_LAB_LIBTORCH={version}");
}

/// Takes one to two minutes. Without debug information, which for libtorch's templates takes more space than
/// the code (`line-tables-only` means all of it to `cc`).
fn compile(include: &Path) {
    cc::Build::new()
        .cpp(true)
        .std("c++20")
        .debug(false)
        // In every profile: the loops of packed attention run over every pair of tokens.
        .opt_level(3)
        // As in libtorch's build: some of its classes have more members without it.
        .define("NDEBUG", None)
        .include(include)
        .include(include.join("torch/csrc/api/include"))
        // Names of gloo's classes, whose headers libtorch's packages lack.
        .include("shim/gloo")
        .flag_if_supported("-Wno-unused-parameter")
        .file(all_sources())
        .compile("clip_lab_shim");
}

/// A file that includes every source: libtorch's headers take 15 seconds to compile, and so are compiled once.
fn all_sources() -> PathBuf {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let lines = SOURCES.map(|name| format!("#include \"{folder}/shim/{name}.cpp\"\n"));
    let file = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("all.cpp");
    fs::write(&file, lines.concat()).expect("OUT_DIR can be written");
    file
}

/// The version in libtorch's header: the one place that other crates have it from.
fn version(include: &Path) -> String {
    let header = include.join("torch/headeronly/version.h");
    let Ok(text) = fs::read_to_string(&header) else { return "unknown".to_owned() };
    println!("cargo:rerun-if-changed={}", header.display());
    let part = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("#define TORCH_VERSION_{name} ")));
        line.map_or("unknown", str::trim).to_owned()
    };
    ["MAJOR", "MINOR", "PATCH"].map(part).join(".")
}

/// Cargo adds search paths to the `LD_LIBRARY_PATH` of tests and of `cargo run` only if they are in the target folder,
/// so the libraries are linked into OUT_DIR. Binaries have an rpath instead (see the root package's build.rs).
fn link_libraries(libraries: &Path) {
    let folder = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("lib");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("OUT_DIR can be written");
    for entry in fs::read_dir(libraries).expect("libtorch's folder can be read").flatten() {
        symlink(entry.path(), folder.join(entry.file_name())).expect("OUT_DIR can be written");
    }
    println!("cargo:rustc-link-search=native={}", folder.display());
}
