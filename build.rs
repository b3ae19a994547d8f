//! Lets `clip-lab-core` and the tests find libtorch where it was when they were built, without LD_LIBRARY_PATH.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // crates/torch-ext hands on where torch-sys found it.
    let Ok(folder) = std::env::var("DEP_CLIP_LAB_SHIM_LIBTORCH") else { return };
    // Where it is, not the checkout's link to it: an installed program outlives the checkout.
    let folder = Path::new(&folder).canonicalize().map_or(folder, |folder| folder.display().to_string());
    println!("cargo:rustc-link-arg-bin=clip-lab-core=-Wl,-rpath,{folder}");
    println!("cargo:rustc-link-arg-tests=-Wl,-rpath,{folder}");
}
