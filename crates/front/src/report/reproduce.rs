//! A script that runs everything again.

use super::model::{Model, Run};

/// The script: what to check out in words, then every run by the spec that it had.
pub fn script(model: &Model) -> String {
    let mut out = String::from(HEAD);
    out += &format!("# {}\n#\n", line(&model.title));
    out += &code(&model.runs);
    out += BODY;
    for run in &model.runs {
        out += &format!(
            "again {} {} # seed {}, was {}\n",
            quoted(&run.spec_file),
            quoted(&run.arm),
            run.seed,
            run.uid
        );
    }
    let mut arms: Vec<&str> = vec![&model.comparison.reference];
    for run in &model.runs {
        if !arms.contains(&run.arm.as_str()) {
            arms.push(&run.arm);
        }
    }
    let metrics = model.comparison.tables.iter().map(|table| format!(" --metric {}", quoted(&table.metric)));
    let arms: Vec<String> = arms.iter().map(|arm| quoted(arm)).collect();
    out + &format!(
        "\nclip-lab compare {} --store \"$store\"{}\n",
        arms.join(" "),
        metrics.collect::<String>()
    )
}

const HEAD: &str = "#!/bin/sh\n# Runs again what this report is made of, and compares it.\n";

const BODY: &str = "#
# Run it in the root of that checkout, with `clip-lab` on the PATH: folders in the specs are relative to it.
# Everything that `--set` or a study changed is in the specs; what looked like a secret was withheld and is to be filled in.
#   sh reproduce.sh [STORE]
set -eu
specs=$(cd \"$(dirname \"$0\")\" && pwd)/specs
store=${1:-again/clip-lab.db}
mkdir -p \"$(dirname \"$store\")\"

# Seeds of an arm are recorded under its name, which makes them one arm of the comparison.
again() {
    clip-lab run \"$specs/$1\" --name \"$2\" --store \"$store\" --ui plain
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
        out += &format!("#   {} ({runs})\n", line(&how));
    }
    if commits.len() > 1 {
        out += "# The runs are of several commits: check out the one of a run before you repeat that run.\n";
    }
    out
}

/// One line of a comment.
fn line(words: &str) -> String {
    words.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
