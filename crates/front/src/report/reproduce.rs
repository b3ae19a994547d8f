//! A script that runs everything again.

use std::borrow::Cow;

use super::model::{Model, Run};

/// The script: what to check out in words, then every run by the spec that it had.
pub fn script(model: &Model) -> String {
    let mut out = String::from(HEAD);
    out += &format!("# {}\n#\n", comment(&model.title));
    out += &code(&model.runs);
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

const HEAD: &str = "#!/bin/sh\n# Runs again what this report is made of, and compares it.\n";

const BODY: &str = "#
# Run it in the root of that checkout, with `clip-lab` on the PATH: folders in the specs are relative to it.
# Everything that `--set` or a study changed is in the specs; what looked like a secret was withheld and is to be filled in.
#   sh reproduce.sh [STORE]
set -eu
specs=$(cd -- \"$(dirname -- \"$0\")\" && pwd)/specs
store=${1:-again/clip-lab.db}
mkdir -p -- \"$(dirname -- \"$store\")\"

# Seeds of an arm are recorded under its name, which makes them one arm of the comparison.
again() {
    clip-lab run \"$specs/$1\" --name=\"$2\" --store=\"$store\" --ui plain
}

";

/// Which commits, which runs.
fn code(runs: &[Run]) -> String {
    let mut commits: Vec<(&str, usize)> = Vec::new();
    for run in runs {
        let commit = run.fact("commit").unwrap_or("no commit on record");
        match commits.iter_mut().find(|(known, _)| *known == commit) {
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
                    "git checkout {commit}, then the patch that `clip-lab runs show UID --json` has as git_diff"
                )
            }
            Some(_) => (*commit).to_owned(),
        };
        out += &format!("#   {} ({runs})\n", comment(&how));
    }
    if commits.len() > 1 {
        out += "# The runs are of several commits: check out the one of a run before you repeat that run.\n";
    }
    out
}

/// Words that stay within their comment.
fn comment(words: &str) -> Cow<'_, str> {
    clip_lab_escape::line(words)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

    use super::*;
    use crate::{compare::Report, report::model::Settings};

    /// A model of one run, whose every word is `bad`.
    fn model(bad: &str) -> Model {
        let run = Run {
            arm: bad.into(),
            seed: 0,
            uid: bad.into(),
            spec_file: bad.into(),
            facts: vec![("commit".into(), bad.into())],
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
            troubles: Vec::new(),
            runs: vec![run],
            figures: Vec::new(),
        }
    }

    #[test]
    fn nothing_but_clip_lab_is_executed_and_it_gets_every_name_as_it_is() {
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
            write("clip-lab", "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\0' \"$word\"; done >> words\n");
            fs::create_dir(folder.path().join("specs")).unwrap();
            let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
            let ended = Command::new("sh")
                .arg("reproduce.sh")
                .current_dir(&folder)
                .env("PATH", path)
                .status()
                .unwrap();
            assert!(ended.success() && !folder.path().join("owned").exists(), "{bad}");
            let words = fs::read_to_string(folder.path().join("words")).unwrap();
            let words: Vec<&str> = words.split('\0').collect();
            assert!(words.contains(&format!("--name={bad}").as_str()), "{words:?}");
            assert_eq!(words[words.len() - 3..], ["--", bad, ""], "{words:?}");
        }
    }
}
