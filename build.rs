//! Sets the rpath of `clip-lab-core` and the tests to the libtorch of the build, so they need no LD_LIBRARY_PATH.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Set by crates/torch-ext, from torch-sys.
    let Ok(folder) = std::env::var("DEP_CLIP_LAB_SHIM_LIBTORCH") else { return };
    // Resolve links into the checkout: an installed program must work without it.
    let folder = Path::new(&folder).canonicalize().map_or(folder, |folder| folder.display().to_string());
    println!("cargo:rustc-link-arg-bin=clip-lab-core=-Wl,-rpath,{folder}");
    println!("cargo:rustc-link-arg-tests=-Wl,-rpath,{folder}");
}
