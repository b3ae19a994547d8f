//! The GPU of tests on machines without one: a library that stands in for `libtorch_cuda.so`, compiled when a test needs
//! it.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::sha256;

/// The sources, see `test_gpu.cpp`.
const SOURCES: [(&str, &str); 8] = [
    ("test_gpu.cpp", include_str!("../test_gpu/test_gpu.cpp")),
    ("rules.h", include_str!("../test_gpu/rules.h")),
    ("copies.h", include_str!("../test_gpu/copies.h")),
    ("device.h", include_str!("../test_gpu/device.h")),
    ("generator.h", include_str!("../test_gpu/generator.h")),
    ("memory.h", include_str!("../test_gpu/memory.h")),
    ("pending.h", include_str!("../test_gpu/pending.h")),
    ("counts.h", include_str!("../test_gpu/counts.h")),
];
const LIBRARY: &str = "libtorch_cuda.so";

/// The folder of the library, for `LD_LIBRARY_PATH`: a program that uses the libtorch in the folder `libtorch` (with
/// `include` beside it) then finds the GPU `cuda:0`. The library is compiled below `target` if it is not there yet, which
/// takes half a minute.
///
/// # Panics
/// If it cannot be compiled.
pub fn test_gpu(target: &Path, libtorch: &Path) -> PathBuf {
    let folder = target.join(format!("test-gpu-{}", key(libtorch)));
    fs::create_dir_all(&folder).unwrap();
    // Test programs that run at the same time compile it once.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    if !folder.join(LIBRARY).exists() {
        compile(&folder, libtorch);
    }
    folder
}

/// A digest of what the library is made of.
fn key(libtorch: &Path) -> String {
    let version =
        fs::read_to_string(include(libtorch).join("torch/headeronly/version.h")).unwrap_or_default();
    let sources = SOURCES.iter().map(|(_, text)| *text);
    let all: Vec<&str> = [libtorch.to_str().unwrap(), &version].into_iter().chain(sources).collect();
    sha256(all.join("\0").as_bytes())[..16].to_owned()
}

fn include(libtorch: &Path) -> PathBuf {
    libtorch.with_file_name("include")
}

fn compile(folder: &Path, libtorch: &Path) {
    for (name, text) in SOURCES {
        fs::write(folder.join(name), text).unwrap();
    }
    let include = include(libtorch);
    let compiler = env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let mut command = Command::new(compiler);
    command.current_dir(folder).args(["-std=c++20", "-O1", "-DNDEBUG", "-shared", "-fPIC", "test_gpu.cpp"]);
    command.arg("-isystem").arg(&include).arg("-isystem").arg(include.join("torch/csrc/api/include"));
    command.arg("-L").arg(libtorch).args(["-ltorch_cpu", "-lc10", "-Wl,--allow-shlib-undefined"]);
    // Renamed when it is complete: a test that is killed leaves no broken library.
    let done = command.args(["-o", "new.so"]).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    fs::rename(folder.join("new.so"), folder.join(LIBRARY)).unwrap();
}
