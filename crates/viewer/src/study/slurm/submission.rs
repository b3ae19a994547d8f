//! The submissions of a store: a folder for each, in `slurm` beside the store, with the script, the arm and seed of each
//! element, and the output of the elements.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::note;
use clip_lab_files::{append_no_follow, read_text_capped};
use clip_lab_store::{is_uid, new_uid};
use serde::{Deserialize, Serialize};

use super::program::{command, output};
use crate::study::matrix::Job;

/// The name of the script in its folder.
pub const SCRIPT: &str = "job.sh";
const ELEMENTS: &str = "elements.json";
/// The largest list of elements to read.
const MAX_ELEMENTS: u64 = 256 << 20;
/// Set before the user's options, which may replace them. SIGUSR1 comes up to a minute early.
const DEFAULTS: [&str; 4] = ["--parsable", "--requeue", "--signal=B:USR1@120", "--open-mode=append"];

/// The study of a submission, and its elements by index.
#[derive(Serialize, Deserialize)]
struct Elements {
    study: String,
    elements: Vec<Element>,
}

#[derive(Serialize, Deserialize)]
struct Element {
    arm: String,
    seed: u64,
}

/// The arms and seeds of a submission in `folder`; none if it is of another store or study.
pub fn elements(folder: &Path, submission: &str, study: &str) -> Vec<(String, u64)> {
    if !is_uid(submission) {
        return Vec::new();
    }
    let text = read_text_capped(&folder.join(submission).join(ELEMENTS), MAX_ELEMENTS).ok();
    let found: Option<Elements> = text.and_then(|text| serde_json::from_str(&text).ok());
    let found = found.filter(|found| found.study == study);
    found.map_or(Vec::new(), |found| {
        found.elements.into_iter().map(|element| (element.arm, element.seed)).collect()
    })
}

/// The lock of all submissions to a store.
pub struct SubmissionLock(File);

impl SubmissionLock {
    /// Takes the lock; waits while another process holds it.
    ///
    /// # Errors
    /// If the file system has no locks: two submissions could then start the same runs.
    pub fn take(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let path = folder.join("lock");
        let file = append_no_follow(&path);
        let file = file.with_context(|| format!("creating {}", path.display()))?;
        let taken = match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                note!("another process submits runs of this store: waiting for it");
                lock(&file)
            }
            Err(TryLockError::Error(error)) => Err(error),
            Ok(()) => Ok(()),
        };
        taken.with_context(|| format!("locking {}", path.display()))?;
        Ok(Self(file))
    }

    /// The lock as the input of a child process, which then holds it as long as it runs, even if this process is killed.
    fn shared(&self) -> Result<Stdio> {
        Ok(self.0.try_clone().context("sharing the lock")?.into())
    }
}

/// Waits for the lock, also if a signal interrupts the waiting.
fn lock(file: &File) -> std::io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// An array job to submit.
pub struct Submission<'a> {
    /// The folder of all submissions.
    pub folder: &'a Path,
    /// The name of the study.
    pub study: &'a str,
    /// The runs, by index.
    pub elements: &'a [&'a Job],
    /// The script for them.
    pub script: &'a str,
    /// The user's options of `sbatch`.
    pub options: &'a [String],
    /// The largest number of elements that run at once.
    pub limit: Option<usize>,
}

impl Submission<'_> {
    /// Submits the job. Returns its number, and the folder with its output.
    ///
    /// The elements are written first and the queue names the script, so that a job is known even if this process is
    /// killed before `sbatch` answers.
    ///
    /// # Errors
    /// If a file cannot be written, or `sbatch` fails.
    pub fn submit(&self, lock: &SubmissionLock) -> Result<(String, PathBuf)> {
        let folder = self.folder.join(new_uid());
        let plain = !folder.as_os_str().as_encoded_bytes().contains(&b'\\');
        ensure!(plain, "{}: SLURM writes no output into a folder with a backslash", folder.display());
        let script = self.write(&folder).with_context(|| format!("writing {}", folder.display()))?;
        let mut sbatch = command("sbatch")?;
        sbatch.args(self.arguments(&folder)).arg(&script);
        // Ctrl-C must not reach it in the middle.
        sbatch.stdin(lock.shared()?).process_group(0);
        let answer = output(sbatch).with_context(|| {
            let limits = "an array is limited by SLURM's MaxArraySize and MaxSubmitJobs: --only and --seeds submit a part";
            format!("nothing was submitted; the script is {}, and {limits}", script.display())
        })?;
        // With several clusters: `12;cluster`.
        let job = answer.trim().split(';').next().unwrap_or_default().to_owned();
        Ok((job, folder))
    }

    fn write(&self, folder: &Path) -> Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let elements = self.elements.iter().map(|job| Element { arm: job.arm.clone(), seed: job.seed });
        let elements = Elements { study: self.study.to_owned(), elements: elements.collect() };
        fs::write(folder.join(ELEMENTS), serde_json::to_string_pretty(&elements)?)?;
        let script = folder.join(SCRIPT);
        fs::write(&script, "")?;
        // A setting may hold a password.
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700))?;
        fs::write(&script, self.script)?;
        Ok(script)
    }

    /// The options of `sbatch`.
    fn arguments(&self, folder: &Path) -> Vec<String> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let name: String = self.study.chars().map(plain).take(100).collect();
        let limit = self.limit.map_or(String::new(), |limit| format!("%{limit}"));
        let mut arguments: Vec<String> = DEFAULTS.map(str::to_owned).into();
        arguments.push(format!("--job-name={name}"));
        arguments.extend_from_slice(self.options);
        arguments.push(format!("--array=0-{}{limit}", self.elements.len().saturating_sub(1)));
        // `%j` would be the number of the job.
        let folder = folder.display().to_string().replace('%', "%%");
        arguments.push(format!("--output={folder}/element-%a.log"));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_launchers_options_come_last_and_hostile_names_stay_text() {
        let jobs: Vec<Job> = ["a b", "\"; touch owned; '", "%j"]
            .map(|arm| Job {
                arm: arm.to_owned(),
                seed: 3,
                spec: String::new(),
                fingerprints: BTreeMap::new(),
            })
            .into();
        let base = tempfile::tempdir().unwrap();
        let submission = Submission {
            folder: base.path(),
            study: "my \"study\"; %j\n$(id)",
            elements: &jobs.iter().collect::<Vec<_>>(),
            script: "#!/bin/bash\n",
            options: &["--comment=a b; $(id)".to_owned(), "--signal=B:USR1@600".to_owned()],
            limit: Some(2),
        };
        assert_eq!(
            submission.arguments(Path::new("/data/50%j/slurm/X")),
            [
                "--parsable",
                "--requeue",
                "--signal=B:USR1@120",
                "--open-mode=append",
                "--job-name=my__study____j___id_",
                "--comment=a b; $(id)",
                "--signal=B:USR1@600",
                "--array=0-2%2",
                "--output=/data/50%%j/slurm/X/element-%a.log",
            ]
        );
        let uid = new_uid();
        let folder = base.path().join(&uid);
        let script = submission.write(&folder).unwrap();
        assert_eq!(fs::metadata(script).unwrap().permissions().mode() & 0o777, 0o700);
        let arms = |submitted: &str, study: &str| elements(base.path(), submitted, study);
        assert_eq!(
            arms(&uid, submission.study).iter().map(|(arm, _)| arm).collect::<Vec<_>>(),
            ["a b", "\"; touch owned; '", "%j"]
        );
        assert_eq!((arms(&uid, "other"), arms("../x", submission.study)), (vec![], vec![]));
    }

    #[test]
    fn one_process_submits_at_a_time() {
        let base = tempfile::tempdir().unwrap();
        let lock = SubmissionLock::take(base.path()).unwrap();
        let other = File::options().append(true).open(base.path().join("lock")).unwrap();
        assert!(other.try_lock().is_err());
        // `sbatch` holds it as long as it runs.
        let input = lock.shared().unwrap();
        // The command, which has a handle too, is dropped here.
        let mut child = std::process::Command::new("sleep").arg("60").stdin(input).spawn().unwrap();
        drop(lock);
        assert!(other.try_lock().is_err());
        child.kill().unwrap();
        child.wait().unwrap();
        // A process that another test starts at this moment holds it until it runs its program.
        let free = (0..400).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(25));
            other.try_lock().is_ok()
        });
        assert!(free);
    }
}
