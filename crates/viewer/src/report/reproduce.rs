//! The script that reproduces a report.

use std::borrow::Cow;

use super::model::{Model, Run};

/// The script: the commits to check out as comments, then every run by its spec.
pub fn script(model: &Model) -> String {
    let mut out = String::from(HEAD);
    out += &format!("# {}\n#\n", comment(&model.title));
    out += &commits(&model.runs);
    out += BODY;
    for run in &model.runs {
        let (file, arm, uid) = (quoted(&run.spec_file), quoted(&run.arm), comment(&run.uid));
        out += &format!("again {file} {arm} # seed {}, was {uid}\n", run.seed);
    }
    let mut arms: Vec<&str> = vec![&model.comparison.reference];
    for run in &model.runs {
        if !arms.contains(&run.arm.as_str()) {
            arms.push(&run.arm);
        }
    }
    let metrics = model.comparison.tables.iter().map(|table| format!(" --metric={}", quoted(&table.metric)));
    let arms: Vec<String> = arms.iter().map(|arm| quoted(arm)).collect();
    out + &format!(
        "\nclip-lab compare --store=\"$store\"{} -- {}\n",
        metrics.collect::<String>(),
        arms.join(" ")
    )
}

const HEAD: &str = "#!/bin/sh\n# Reproduces the runs of this report and compares them.\n";

const BODY: &str = "#
# Run it in the root of that checkout, with `clip-lab` on the PATH: folders in the specs are relative to it.
# The specs include the changes of `--set` and of studies. Secrets were withheld: fill them in.
#   sh reproduce.sh [STORE]
set -eu
specs=$(cd -- \"$(dirname -- \"$0\")\" && pwd)/specs
store=${1:-again/clip-lab.db}
mkdir -p -- \"$(dirname -- \"$store\")\"

# All seeds of an arm use its name, so that the comparison treats them as one arm.
again() {
    clip-lab run \"$specs/$1\" --name=\"$2\" --store=\"$store\" --ui plain
}

";

/// The commits of the runs, as comments.
fn commits(runs: &[Run]) -> String {
    let mut commits: Vec<(&str, usize)> = Vec::new();
    for run in runs {
        let commit = run.property("commit").unwrap_or("no commit on record");
        match commits.iter_mut().find(|(other, _)| *other == commit) {
            Some((_, count)) => *count += 1,
            None => commits.push((commit, 1)),
        }
    }
    let mut out = String::from("# Check out the code that ran:\n");
    for (commit, count) in &commits {
        let runs = if *count == 1 { "1 run".to_owned() } else { format!("{count} runs") };
        let how = match commit.split_once(' ') {
            None => format!("git checkout {commit}"),
            Some((commit, "with local changes")) => {
                format!(
                    "git checkout {commit}, then apply the patch in git_diff of `clip-lab runs show UID --json`"
                )
            }
            Some(_) => (*commit).to_owned(),
        };
        out += &format!("#   {} ({runs})\n", comment(&how));
    }
    if commits.len() > 1 {
        out += "# The runs are of several commits: check out the commit of a run before repeating it.\n";
    }
    out
}

/// Text that cannot leave its comment.
fn comment(text: &str) -> Cow<'_, str> {
    clip_lab_escape::line(text)
}

/// A word quoted for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

    use super::*;
    use crate::{compare::Report, report::model::Settings};

    /// A model of one run, with `bad` in all strings.
    fn model(bad: &str) -> Model {
        let run = Run {
            arm: bad.into(),
            seed: 0,
            uid: bad.into(),
            spec_file: bad.into(),
            details: vec![("commit".into(), bad.into())],
        };
        let comparison = Report {
            version: 1,
            study: None,
            reference: bad.into(),
            draws: 1,
            tables: Vec::new(),
            not_counted: Vec::new(),
            warnings: Vec::new(),
        };
        Model {
            version: 1,
            title: bad.into(),
            question: None,
            answer: String::new(),
            comparison,
            settings: Settings::default(),
            queries: Vec::new(),
            issues: Vec::new(),
            runs: vec![run],
            figures: Vec::new(),
        }
    }

    #[test]
    fn only_clip_lab_is_executed_and_names_are_passed_unchanged() {
        for bad in [
            "x\ntouch owned\n",
            "x;touch owned",
            "$(touch owned)",
            "`touch owned`",
            "' touch owned '",
            "--yes",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let write = |name: &str, text: &str| {
                fs::write(folder.path().join(name), text).unwrap();
                fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
            };
            write("reproduce.sh", &script(&model(bad)));
            write("clip-lab", "#!/bin/sh\nfor arg in \"$@\"; do printf '%s\\0' \"$arg\"; done >> args\n");
            fs::create_dir(folder.path().join("specs")).unwrap();
            let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
            let ended = Command::new("sh")
                .arg("reproduce.sh")
                .current_dir(&folder)
                .env("PATH", path)
                .status()
                .unwrap();
            assert!(ended.success() && !folder.path().join("owned").exists(), "{bad}");
            let args = fs::read_to_string(folder.path().join("args")).unwrap();
            let args: Vec<&str> = args.split('\0').collect();
            assert!(args.contains(&format!("--name={bad}").as_str()), "{args:?}");
            assert_eq!(args[args.len() - 3..], ["--", bad, ""], "{args:?}");
        }
    }
}
