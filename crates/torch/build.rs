//! Compiles the shim against libtorch's headers, and lets cargo find libtorch when it runs tests.

use std::{env, fs, os::unix::fs::symlink, path::PathBuf};

const SOURCES: [&str; 7] = ["shim", "precision", "flops", "recompute", "memory", "script", "trace"];

fn main() {
    println!("cargo:rerun-if-changed=shim");
    // torch-sys tells those who depend on it where the libraries are.
    let libraries = PathBuf::from(env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys found libtorch"));
    let include = libraries.with_file_name("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        // As libtorch was built: some of its classes have more members without.
        .define("NDEBUG", None)
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .flag_if_supported("-Wno-unused-parameter")
        .files(SOURCES.map(|name| format!("shim/{name}.cpp")))
        .compile("clip_lab_shim");
    help_tests_find(&libraries);
    println!("cargo:libtorch={}", libraries.display());
}

/// Cargo adds search paths to `LD_LIBRARY_PATH` of tests and of `cargo run` only when they lie in the target folder,
/// so the libraries are linked into ours. Binaries have an rpath instead (see the root package's build.rs).
fn help_tests_find(libraries: &PathBuf) {
    let folder = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("lib");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("OUT_DIR can be written");
    for entry in fs::read_dir(libraries).expect("libtorch's folder can be read").flatten() {
        symlink(entry.path(), folder.join(entry.file_name())).expect("OUT_DIR can be written");
    }
    println!("cargo:rustc-link-search=native={}", folder.display());
}
