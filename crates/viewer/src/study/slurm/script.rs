//! The batch script. bash reads the names of arms and files here, so each is quoted.

use std::{ffi::OsStr, fmt::Write as _, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::RunArgs;

use crate::study::matrix::Job;

const HEAD: &str = "#!/bin/bash
# One arm and seed of a study for each element of an array job, written by `clip-lab run --launcher slurm`.
";

/// The run saves a checkpoint at SIGUSR1 and SIGTERM. Before the time limit SLURM sends SIGUSR1 to this script alone: the
/// element is then queued again. When it preempts or requeues an element, it sends SIGTERM to all processes and queues it
/// again itself.
const TAIL: &str = r#"run=$!
while [ "$again" ]; do
  again=
  wait "$run"
  code=$?
done
# 130: stopped, with a checkpoint.
if [ "$requeue" ] && [ "$code" = 130 ]; then
  echo "the time limit is near: the element is queued again, and its run resumes"
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
"#;

/// What the script runs.
pub struct Script<'a> {
    /// This program.
    pub program: &'a Path,
    /// The working directory.
    pub folder: &'a Path,
    /// The store.
    pub store: &'a Path,
    /// The options of `clip-lab run`.
    pub args: &'a RunArgs,
    /// Whether to allow code that checkpoints name.
    pub trust_code: bool,
}

impl Script<'_> {
    /// The script for `elements`, by index.
    ///
    /// # Errors
    /// If a path is not UTF-8, or a name has a zero byte.
    pub fn text(&self, elements: &[&Job]) -> Result<String> {
        let mut out = HEAD.to_owned();
        writeln!(out, "cd -- {} || exit 1", quoted(self.folder)?)?;
        writeln!(out, "case \"$SLURM_ARRAY_TASK_ID\" in")?;
        for (index, job) in elements.iter().enumerate() {
            writeln!(out, "{index}) arm={} seed={} ;;", quoted(&job.arm)?, job.seed)?;
        }
        writeln!(
            out,
            "*) echo \"no arm and seed for the element $SLURM_ARRAY_TASK_ID\" >&2; exit 1 ;;\nesac"
        )?;
        writeln!(out, "again=1 requeue=")?;
        writeln!(out, "trap 'again=1 requeue=1; kill -s USR1 \"$!\"' USR1")?;
        writeln!(out, "trap 'again=1; kill -s USR1 \"$!\"' TERM")?;
        writeln!(out, "{} &", self.command()?)?;
        Ok(out + TAIL)
    }

    /// The command for one arm and seed.
    fn command(&self) -> Result<String> {
        let RunArgs { set, study, spec, .. } = self.args;
        let mut out = format!("{} run --store={}", quoted(self.program)?, quoted(self.store)?);
        for edit in set {
            write!(out, " --set={}", quoted(edit)?)?;
        }
        for (given, flag) in [(study.allow_changed, "--allow-changed"), (self.trust_code, "--trust-code")] {
            if given {
                write!(out, " {flag}")?;
            }
        }
        write!(out, " --ui=plain --only=\"$arm\" --seeds=\"$seed\" -- {}", quoted(spec)?)?;
        Ok(out)
    }
}

fn quoted<T: AsRef<OsStr> + ?Sized>(text: &T) -> Result<String> {
    let text = text.as_ref();
    let text = text.to_str().with_context(|| format!("{} is not UTF-8", text.display()))?;
    ensure!(!text.contains('\0'), "{text:?} has a zero byte");
    Ok(shell_words::quote(text).into_owned())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

    use clap::Parser as _;
    use clip_lab_cli::Cli;

    use super::*;

    const HOSTILE: [&str; 9] = [
        "a b",
        "it's",
        "\"; touch owned; \"",
        "$(touch owned)`touch owned`",
        "*) touch owned ;;",
        "-x --fresh",
        "a\nb\ttouch owned",
        "\\'\\",
        "!history & | < > ~ # é",
    ];

    fn job(arm: &str) -> Job {
        Job { arm: arm.to_owned(), seed: 7, spec: String::new(), fingerprints: BTreeMap::new() }
    }

    fn args(words: &[&str]) -> RunArgs {
        let words = ["clip-lab", "run"].iter().chain(words);
        let clip_lab_cli::Command::Run(args) = Cli::try_parse_from(words).unwrap().command else {
            unreachable!()
        };
        args
    }

    /// A program. Another process writes it: one that a thread of this process starts meanwhile could have it open, and it
    /// could then not be started.
    fn program(folder: &Path, name: &str, body: &str) -> PathBuf {
        let program = folder.join(name);
        let write = r#"printf '%s\n' "$2" > "$1" && chmod 755 "$1""#;
        let written = Command::new("sh").args(["-c", write, "sh"]).arg(&program).arg(body).status();
        assert!(written.unwrap().success());
        program
    }

    /// Prints its arguments, each followed by `|`.
    const ECHO: &str = "#!/bin/sh\nprintf '%s|' \"$@\"";

    #[test]
    fn bash_reads_hostile_names_as_text() {
        let base = tempfile::tempdir().unwrap();
        for name in HOSTILE {
            let folder = base.path().join(name.replace('/', "_"));
            fs::create_dir(&folder).unwrap();
            let program = program(&folder, &format!("p{name}"), ECHO);
            let set = format!("--set=name={name}");
            let study = format!("{name}.toml");
            let args = args(&[&set, "--allow-changed", "--", &study]);
            let store = folder.join("runs.db");
            let script =
                Script { program: &program, folder: &folder, store: &store, args: &args, trust_code: true };
            let all = HOSTILE.map(job);
            let text = script.text(&all.iter().collect::<Vec<_>>()).unwrap();
            let file = base.path().join("job.sh");
            fs::write(&file, text).unwrap();
            for (index, arm) in HOSTILE.iter().enumerate() {
                let mut bash = Command::new("bash");
                let output = bash.arg(&file).env("SLURM_ARRAY_TASK_ID", index.to_string()).output().unwrap();
                let out = String::from_utf8(output.stdout).unwrap();
                let expected = format!(
                    "run|--store={}|--set=name={name}|--allow-changed|--trust-code|--ui=plain|--only={arm}|--seeds=7|--|{study}|",
                    store.display()
                );
                assert_eq!(out, expected, "{}", String::from_utf8_lossy(&output.stderr));
            }
            assert!(!folder.join("owned").exists() && !base.path().join("owned").exists(), "{name}");
        }
    }

    #[test]
    fn an_element_that_is_not_known_fails() {
        let base = tempfile::tempdir().unwrap();
        let args = args(&["s.toml"]);
        let script = Script {
            program: Path::new("/bin/true"),
            folder: base.path(),
            store: Path::new("s"),
            args: &args,
            trust_code: false,
        };
        let text = script.text(&[&job("a")]).unwrap();
        let mut bash = Command::new("bash");
        let output = bash.args(["-c", &text]).env("SLURM_ARRAY_TASK_ID", "1").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(script.text(&[&job("a\0b")]).is_err());
    }

    /// Runs the script with a stand-in for clip-lab that exits with `code` after a signal, and one for `scontrol`, and
    /// sends `signal` to bash. Returns the exit code and what `scontrol` was called with.
    fn signalled(signal: &str, code: &str) -> (Option<i32>, String) {
        let base = tempfile::tempdir().unwrap();
        let body = format!(
            "#!/bin/bash\ntrap 'sleep 0.2; exit {code}' USR1\ntouch started\nwhile :; do sleep 0.05; done"
        );
        let program_file = program(base.path(), "clip-lab", &body);
        program(base.path(), "scontrol", "#!/bin/sh\necho \"$@\" > requeued");
        let args = args(&["s.toml"]);
        let script = Script {
            program: &program_file,
            folder: base.path(),
            store: Path::new("s"),
            args: &args,
            trust_code: false,
        };
        let mut bash = Command::new("bash");
        let path = format!("{}:{}", base.path().display(), std::env::var("PATH").unwrap());
        bash.args(["-c", &script.text(&[&job("a")]).unwrap()]).env("PATH", path);
        bash.env("SLURM_ARRAY_TASK_ID", "0").env("SLURM_JOB_ID", "12");
        let mut bash = bash.spawn().unwrap();
        let started = std::time::Instant::now();
        while !base.path().join("started").exists() {
            assert!(started.elapsed().as_secs() < 60, "the stand-in did not start");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let kill = Command::new("kill").args(["-s", signal, &bash.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let status = bash.wait().unwrap();
        (status.code(), fs::read_to_string(base.path().join("requeued")).unwrap_or_default())
    }

    #[test]
    fn a_signal_saves_and_the_time_limit_requeues() {
        assert_eq!(signalled("USR1", "130"), (Some(130), "requeue 12\n".to_owned()));
        assert_eq!(signalled("TERM", "130"), (Some(130), String::new()), "SLURM queues it again itself");
        assert_eq!(signalled("USR1", "1"), (Some(1), String::new()), "nothing was saved");
        assert_eq!(signalled("USR1", "0"), (Some(0), String::new()), "it had just ended");
    }
}
