//! `cargo xtask setup|run|test|bench|ci`: from a fresh checkout to a finished run. Does not link libtorch, which it
//! downloads.

mod builders;
mod bundles;
mod cargo;
mod checkout;
mod download;
mod libtorch;
#[cfg(test)]
mod licence_tests;
mod lock;
mod python;
mod setup;
mod unpack;

use std::{
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{bundles::Bundle, checkout::Checkout, libtorch::Libtorch, lock::Lock};

const USAGE: &str = "\
cargo xtask setup           download libtorch and the pretrained towers if missing
cargo xtask setup --cuda    also download libtorch's CUDA half, for NVIDIA GPUs (2.5 GB; takes 3.1 GB)
cargo xtask run SPEC...     set up, build, and run an experiment: clip-lab run SPEC...
cargo xtask test [ARGS]     set up, build, and test everything: cargo test --workspace ARGS
cargo xtask bench [FILTER]  measure the speed beside other tools: `cargo xtask bench --help`
cargo xtask python          set up Python with transformers and open_clip, for a test of model exports (5 GB)
cargo xtask docs            regenerate docs/reference and the schema of specs
cargo xtask ci              check format, lints and documentation, then test

Downloads go to $CLIP_LAB_CACHE, else $XDG_CACHE_HOME/clip-lab, else ~/.cache/clip-lab.
To use your own libtorch, set LIBTORCH=<folder> or LIBTORCH_USE_PYTORCH=1.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", args),
    };
    match command {
        "setup" if rest == ["--cuda"] => set_up_cuda(&Checkout::of_this_process()?),
        "setup" if !rest.is_empty() => {
            bail!("`setup` takes `--cuda` alone, but got `{}`\n\n{USAGE}", rest.join(" "))
        }
        "python" | "docs" | "ci" if !rest.is_empty() => {
            bail!("`{command}` takes no arguments, but got `{}`\n\n{USAGE}", rest[0])
        }
        "python" => python::set_up(&Checkout::of_this_process()?),
        "setup" => set_up(&Checkout::of_this_process()?),
        "run" => run(rest),
        "test" => test(rest),
        "bench" => bench(rest),
        "docs" => docs(),
        "ci" => ci(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no `cargo xtask {other}`\n\n{USAGE}"),
    }
}

/// Downloads missing bundles and links `.libtorch` to the pinned libtorch, unless the user has one.
fn set_up(checkout: &Checkout) -> Result<()> {
    set_up_with(checkout, &[])
}

/// As [`set_up`], with the CUDA half of the pinned libtorch.
fn set_up_cuda(checkout: &Checkout) -> Result<()> {
    libtorch::check_takes_cuda(checkout.libtorch)?;
    set_up_with(checkout, &[bundles::LIBTORCH_CUDA])
}

fn set_up_with(checkout: &Checkout, more: &[Bundle]) -> Result<()> {
    let mut wanted = [more, bundles::WEIGHTS].concat();
    if checkout.libtorch == Libtorch::Pinned {
        libtorch::check_platform(std::env::consts::OS, std::env::consts::ARCH)?;
        wanted.insert(0, bundles::LIBTORCH);
    }
    setup::fetch(&checkout.cache, &Lock::pinned()?, &wanted, &download::Tools::default())?;
    if checkout.libtorch == Libtorch::Pinned {
        libtorch::link(&checkout.root, &checkout.pinned_libtorch())?;
    }
    Ok(())
}

fn check_builders() -> Result<()> {
    builders::check(&std::env::var_os("PATH").unwrap_or_default())
}

fn run(args: &[String]) -> Result<()> {
    let checkout = Checkout::of_this_process()?;
    set_up(&checkout)?;
    check_builders()?;
    cargo::finish(cargo::build(&checkout))?;
    cargo::become_clip_lab(&checkout, args)
}

fn test(args: &[String]) -> Result<()> {
    let checkout = Checkout::of_this_process()?;
    set_up(&checkout)?;
    check_builders()?;
    let _alone = cargo::wait_for_other_tests(&checkout)?;
    cargo::finish(cargo::test(&checkout, args))
}

/// The benchmarks are a program of their own, which builds what it measures; this one stays small.
fn bench(args: &[String]) -> Result<()> {
    let checkout = Checkout::of_this_process()?;
    if measures(args) {
        set_up(&checkout)?;
        check_builders()?;
    }
    cargo::become_bench(&checkout, args)
}

/// Whether `bench` runs anything of ours that must be built.
fn measures(args: &[String]) -> bool {
    !args.iter().any(|arg| ["--help", "-h", "--list", "--markdown", "--programs"].contains(&arg.as_str()))
}

/// The tests that hold generated files current write them instead.
fn docs() -> Result<()> {
    let checkout = Checkout::of_this_process()?;
    set_up(&checkout)?;
    check_builders()?;
    cargo::finish(cargo::docs(&checkout))
}

fn ci() -> Result<()> {
    let checkout = Checkout::of_this_process()?;
    cargo::finish(cargo::format(&checkout))?; // first, as it takes a second and needs no downloads
    set_up(&checkout)?;
    check_builders()?;
    check_fuzz_lock(&checkout)?;
    timed("lints", cargo::clippy(&checkout))?;
    timed("documentation", cargo::doc(&checkout))?;
    timed("the viewer alone", cargo::viewer(&checkout))?;
    let _alone = cargo::wait_for_other_tests(&checkout)?;
    timed("building the tests", cargo::test(&checkout, &["--no-run".to_owned()]))?;
    // All failures in one run: another run takes long.
    timed("tests", cargo::test(&checkout, &["--no-fail-fast".to_owned()]))
}

/// Fails if the lock file of the fuzz targets is not current. Without a network that cannot be known.
fn check_fuzz_lock(checkout: &Checkout) -> Result<()> {
    let output = cargo::fuzz_lock(checkout).output().context("cannot start cargo")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        !errors.contains("--locked was passed"),
        "fuzz/Cargo.lock is not current; run: cargo update --workspace --manifest-path fuzz/Cargo.toml"
    );
    if !output.status.success() {
        eprintln!("fuzz/Cargo.lock was not checked: {}", errors.trim());
    }
    Ok(())
}

/// Runs a step and prints how long it took.
fn timed(step: &str, command: Command) -> Result<()> {
    let started = Instant::now();
    cargo::finish(command)?;
    eprintln!("ci: {step}: {:.1} min", started.elapsed().as_secs_f64() / 60.0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::measures;

    #[test]
    fn listing_benchmarks_needs_no_libtorch() {
        let measures = |line: &str| measures(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(measures("lit --quick"));
        assert!(!measures("--list") && !measures("--markdown bench.json"));
    }
}
