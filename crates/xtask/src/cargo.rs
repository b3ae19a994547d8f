//! The cargo commands of the subcommands.

use std::{
    ffi::OsString,
    fs::File,
    os::unix::process::CommandExt,
    process::{Command, exit},
};

use anyhow::{Context, Error, Result};

use crate::{checkout::Checkout, libtorch::Libtorch};

/// Number of tests of one program that run in parallel.
const THREADS: &str = "RUST_TEST_THREADS";

/// Both programs of the root package.
pub fn build(checkout: &Checkout) -> Command {
    cargo(checkout, &["build", "--package", "clip-lab", "--bins"])
}

/// All tests; `args` are passed to `cargo test`. Two per core in parallel: most of them start programs and wait.
pub fn test(checkout: &Checkout, args: &[String]) -> Command {
    let mut command = cargo(checkout, &["test", "--workspace", "--locked"]);
    if std::env::var_os(THREADS).is_none() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        command.env(THREADS, (2 * cores).to_string());
    }
    command.args(args);
    command
}

/// The tests of generated files, which write them.
pub fn docs(checkout: &Checkout) -> Command {
    let mut command = cargo(checkout, &["test", "--workspace", "--locked", "--test", "app", "--", "--exact"]);
    command.args(["reference::the_reference_pages_are_current", "specs::the_schema_is_up_to_date"]);
    command.env("UPDATE", "1");
    command
}

/// Whether the code is formatted.
pub fn format(checkout: &Checkout) -> Command {
    cargo(checkout, &["fmt", "--all", "--", "--check"])
}

/// Whether the versions of `fuzz/`, which is a workspace of its own, are those that its manifest and our crates ask for.
pub fn fuzz_lock(checkout: &Checkout) -> Command {
    cargo(checkout, &["update", "--workspace", "--locked", "--quiet", "--manifest-path", "fuzz/Cargo.toml"])
}

/// Lints, warnings denied.
pub fn clippy(checkout: &Checkout) -> Command {
    cargo(checkout, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
}

/// The viewer alone, with nothing of libtorch.
pub fn viewer(checkout: &Checkout) -> Command {
    let mut command = cargo(
        checkout,
        &["check", "--package", "clip-lab", "--bin", "clip-lab", "--no-default-features", "--locked"],
    );
    command.env("LIBTORCH", "/nonexistent");
    command
}

/// Documentation, warnings denied.
pub fn doc(checkout: &Checkout) -> Command {
    let mut command = cargo(checkout, &["doc", "--workspace", "--no-deps", "--locked"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

fn cargo(checkout: &Checkout, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(&checkout.root);
    // `cargo run` set these for xtask. Some build scripts depend on them and would rebuild after each plain `cargo build`.
    for name in std::env::vars_os().map(|(name, _)| name).filter(is_xtask_variable) {
        command.env_remove(name);
    }
    if checkout.libtorch == Libtorch::Pinned {
        command.env("LIBTORCH", libtorch_for(checkout));
    }
    command
}

fn is_xtask_variable(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}

/// torch-sys recompiles its C++ wrapper (4.5 minutes) whenever the value of `LIBTORCH` changes. A checkout's own target
/// folder uses the link in the checkout, as plain `cargo build` does; in a shared target folder the links of checkouts
/// differ, so it uses the folder in the cache, which is the same for all.
fn libtorch_for(checkout: &Checkout) -> std::path::PathBuf {
    let pinned = checkout.pinned_libtorch();
    if checkout.shares_target() {
        pinned.canonicalize().unwrap_or(pinned)
    } else {
        checkout.root.join(".libtorch")
    }
}

/// Runs a command. If it fails, exits with its status and without a message: the tool has printed one.
pub fn finish(mut command: Command) -> Result<()> {
    let status =
        command.status().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !status.success() {
        exit(status.code().unwrap_or(1));
    }
    Ok(())
}

/// Locks a shared target folder: tests start its programs, which another checkout could replace meanwhile. Locked until
/// the file is dropped; `None` if the target folder is not shared.
pub fn wait_for_other_tests(checkout: &Checkout) -> Result<Option<File>> {
    if !checkout.shares_target() {
        return Ok(None);
    }
    let path = checkout.programs.join(".clip-lab-tests");
    let lock = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    if lock.try_lock().is_err() {
        eprintln!("waiting for the tests of another checkout that shares this target folder");
        lock.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(Some(lock))
}

/// Replaces this process by `clip-lab run ARGS`, which thus receives signals and the terminal. Returns only on failure.
pub fn become_clip_lab(checkout: &Checkout, args: &[String]) -> Result<()> {
    let program = checkout.programs.join("clip-lab");
    let error = Command::new(&program).arg("run").args(args).exec();
    Err(Error::new(error).context(format!("cannot start {}", program.display())))
}

/// Replaces this process by the benchmarks, for the same reason. Returns only on failure.
pub fn become_bench(checkout: &Checkout, args: &[String]) -> Result<()> {
    let mut command = bench(checkout, args);
    let error = command.exec();
    Err(Error::new(error).context("cannot start cargo"))
}

fn bench(checkout: &Checkout, args: &[String]) -> Command {
    let mut command = cargo(checkout, &["run", "--quiet", "--package", "clip-lab-bench", "--"]);
    command.args(args);
    // Files that the user names are relative to the user's folder, which is in the checkout: cargo found the alias there.
    command.current_dir(".");
    command
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, path::Path};

    use super::*;

    fn checkout(programs: &str, libtorch: Libtorch) -> Checkout {
        let [root, cache, programs] = ["/w/repo", "/no-cache", programs].map(Into::into);
        Checkout { root, cache, programs, libtorch }
    }

    fn libtorch_of(command: &Command) -> Option<&OsStr> {
        command.get_envs().find(|(name, _)| *name == "LIBTORCH").and_then(|(_, value)| value)
    }

    #[test]
    fn libtorch_is_the_link_in_a_target_folder_of_ones_own() {
        let own = checkout("/w/repo/target/debug", Libtorch::Pinned);
        assert_eq!(libtorch_of(&build(&own)), Some("/w/repo/.libtorch".as_ref()));
        assert!(wait_for_other_tests(&own).unwrap().is_none());
    }

    #[test]
    fn libtorch_is_the_cache_in_a_shared_target_folder() {
        let shared = checkout("/shared/debug", Libtorch::Pinned);
        assert_eq!(libtorch_of(&build(&shared)), Some("/no-cache/libtorch-2.13.0-cpu".as_ref()));
    }

    #[test]
    fn a_users_libtorch_is_left_alone() {
        assert_eq!(libtorch_of(&build(&checkout("/shared/debug", Libtorch::Custom))), None);
    }

    #[test]
    fn benchmarks_run_where_the_user_is() {
        let command = bench(&checkout("/w/repo/target/debug", Libtorch::Pinned), &["lit".into()]);
        let args: Vec<_> = command.get_args().collect();
        assert_eq!(args, ["run", "--quiet", "--package", "clip-lab-bench", "--", "lit"]);
        assert_eq!(command.get_current_dir(), Some(Path::new(".")));
    }

    #[test]
    fn commands_are_for_the_whole_workspace_without_xtasks_own_variables() {
        let own = checkout("/w/repo/target/debug", Libtorch::Pinned);
        let command = test(&own, &["--".into(), "--nocapture".into()]);
        let args: Vec<_> = command.get_args().collect();
        assert_eq!(args, ["test", "--workspace", "--locked", "--", "--nocapture"]);
        assert_eq!(command.get_current_dir(), Some(Path::new("/w/repo")));
        assert!(command.get_envs().any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none()));
        assert!(
            doc(&own)
                .get_envs()
                .any(|(name, value)| name == "RUSTDOCFLAGS" && value == Some("-D warnings".as_ref()))
        );
    }
}
