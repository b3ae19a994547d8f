//! Conventions of all commands: stdout and stderr, JSON, colours, exit codes, help.

use std::{collections::BTreeSet, process::Command};

use clap::CommandFactory as _;
use clip_lab_cli::Cli;
use serde_json::Value;

use crate::{
    lab::Lab,
    program::{Done, Running, assert_contains},
};

/// Two runs, `one` and `two`.
fn lab() -> Lab {
    let lab = Lab::new();
    for (name, seed) in [("one", "run.seed=1"), ("two", "run.seed=2")] {
        let args =
            ["run", "tiny.toml", "--ui", "none", "--name", name, "--set", seed, "--set", "run.steps=2"];
        lab.run(&args).success();
    }
    lab.write("results.csv", "step,loss\n1,0.5\n");
    for class in ["cat", "dog"] {
        let folder = lab.path(&format!("pets/{class}"));
        std::fs::create_dir_all(&folder).unwrap();
        for image in 0..6 {
            std::fs::copy(lab.path(&format!("data/0{image}.png")), folder.join(format!("{image}.png")))
                .unwrap();
        }
    }
    lab
}

/// Commands with `--json`, their arguments, and a key of the output. A new command adds its line.
const ANSWERS: [(&str, &str); 26] = [
    ("check tiny.toml", "specs"),
    ("compare one two", "tables"),
    ("data inspect tiny.toml", "splits"),
    ("data pack tiny.toml --out shards", "splits"),
    ("doctor", "findings"),
    ("embed one --images data --out e.safetensors", "tensors"),
    ("eval one", "metrics"),
    ("export one --metric train/loss --out loss.svg", "files"),
    ("model export one --format torchscript --out exported", "files"),
    ("model show RUN", "parts"),
    ("new --data data --task clip --out new.toml", "spec"),
    ("plugin new loss my_loss", "library"),
    ("plugins schedule cosine", "kinds"),
    ("prompts one --data pets", "chosen"),
    ("report one two --out report", "answer"),
    ("run tiny.toml --set run.steps=2", "event"),
    ("runs diff one two", "differences"),
    ("runs import results.csv", "runs"),
    ("runs list", "runs"),
    ("runs metrics one", "metrics"),
    ("runs note one better", "notes"),
    ("runs push backup/clip-lab.db", "runs"),
    ("runs pull backup/clip-lab.db", "runs"),
    ("runs show one", "run"),
    ("runs tag one good", "tags"),
    ("search one square --images data", "results"),
];
/// The last one, because it deletes a run.
const LAST: (&str, &str) = ("runs delete two --yes", "deleted");
/// Commands whose output is a screen, a script or a manual page.
const OTHERS: [&str; 3] = ["dashboard", "completions", "man"];

#[test]
fn every_command_prints_one_json_object_with_its_version() {
    let lab = lab();
    let run = lab.folder().display().to_string();
    for (args, key) in ANSWERS.into_iter().chain([LAST]) {
        let args: Vec<&str> = args.split(' ').map(|word| if word == "RUN" { &run } else { word }).collect();
        let out = lab.run(&[&args[..], &["--json"]].concat()).success();
        // A run prints JSON lines.
        let one = if args[0] == "run" { out.lines().next().unwrap() } else { &out };
        let answer: Value =
            serde_json::from_str(one).unwrap_or_else(|error| panic!("{args:?}: {error} in {out}"));
        let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!((keys[0].as_str(), &answer["version"]), ("version", &1.into()), "{args:?}: {out}");
        assert!(!answer[key].is_null(), "{args:?} has no {key}: {out}");
    }
}

#[test]
fn every_command_is_in_the_table() {
    let mut commands = BTreeSet::new();
    leaves(&Cli::command(), "", &mut commands);
    let listed = ANSWERS.into_iter().chain([LAST]).map(|(args, _)| args).chain(OTHERS);
    let missing: Vec<&String> = commands
        .iter()
        .filter(|command| !listed.clone().any(|args| format!("{args} ").starts_with(&format!("{command} "))))
        .collect();
    assert!(missing.is_empty(), "add {missing:?} to the table of answers in tests/stories/conventions.rs");
}

fn leaves(command: &clap::Command, above: &str, found: &mut BTreeSet<String>) {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let name = format!("{above} {}", subcommand.get_name()).trim().to_owned();
        let json = subcommand.get_arguments().any(|argument| argument.get_long() == Some("json"));
        match subcommand.has_subcommands() {
            true => leaves(subcommand, &name, found),
            false => {
                assert!(json || OTHERS.contains(&name.as_str()), "`{name}` has no --json");
                found.insert(name);
            }
        }
    }
}

#[test]
fn results_and_messages_go_to_different_streams() {
    let lab = lab();
    let quiet = [
        "runs list",
        "runs show one",
        "runs metrics one",
        "runs diff one two",
        "compare one two --json",
        "plugins loss",
    ];
    for args in quiet {
        let done = lab.run(&args.split(' ').collect::<Vec<_>>());
        assert!(!done.out.is_empty() && done.err.is_empty(), "{args}: {done:?}");
    }
    // Errors go to stderr.
    for args in ["runs show nobody", "check nothing.toml", "rnus", "plugins nothing"] {
        let done = lab.run(&args.split(' ').collect::<Vec<_>>());
        assert!(done.out.is_empty() && !done.err.is_empty(), "{args}: {done:?}");
    }
    // Progress goes to stderr.
    let done = lab.run(&["embed", "one", "--images", "data", "--out", "e.safetensors"]);
    assert_contains(&done.err, &["56/56 images through the image tower"]);
    assert!(!done.out.contains("through"), "{done:?}");
}

#[test]
fn exit_codes_tell_success_from_failure() {
    let lab = lab();
    lab.write("faulty.toml", "[run]\nnothing = 1\n");
    let codes = [
        ("runs list", 0),
        ("--help", 0),
        ("--version", 0),
        ("runs show nobody", 1),
        ("run missing.toml", 3),
        ("check tiny.toml", 0),
        ("check faulty.toml", 3),
        ("check tiny.toml faulty.toml --json", 3),
        ("run faulty.toml", 3),
        ("embed faulty.toml --images data --out e.safetensors", 3),
        ("dashboard --runs (", 3),
        ("runs list --filter (", 3),
        ("runs lst", 2),
        ("runs list --nothing", 2),
        ("", 2),
    ];
    for (args, code) in codes {
        let args: Vec<&str> = args.split(' ').filter(|word| !word.is_empty()).collect();
        let done = lab.run(&args);
        assert_eq!(done.status.code(), Some(code), "{args:?}: {done:?}");
    }
    assert_contains(
        &lab.run(&["--help"]).success(),
        &["Exit codes:", "a spec, a study, a layout or a filter has problems", "130"],
    );
}

/// `sh` in the lab, with clip-lab on its path.
fn shell(lab: &Lab, script: &str) -> Done {
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_clip-lab")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = lab.program("bash", &["-c", script]);
    command.env("PATH", path);
    Running::spawn(command).wait()
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let lab = lab();
    for command in ["runs list", "runs show one --json", "plugins", "check tiny.toml tiny.toml tiny.toml"] {
        let done = shell(&lab, &format!("clip-lab {command} | true; echo ${{PIPESTATUS[0]}}"));
        assert_eq!((done.out.as_str(), done.err.as_str()), ("0\n", ""), "{command}");
    }
    // A run continues although its output is closed.
    let done = shell(&lab, "clip-lab run tiny.toml --name piped 2>&1 | true; echo ${PIPESTATUS[0]}");
    assert_eq!((done.out.as_str(), done.err.as_str()), ("0\n", ""));
    assert_eq!(lab.newest()["status"], "finished");
    // A full disk is an error.
    let done = shell(&lab, "clip-lab runs list > /dev/full");
    assert_contains(&done.err, &["standard output cannot be written"]);
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn colours_follow_the_flag_and_the_variables() {
    let lab = Lab::new();
    lab.write("faulty.toml", "[run]\nnothing = 1\n");
    let coloured = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command: Command = lab.program(env!("CARGO_BIN_EXE_clip-lab"), args);
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        let done = Running::spawn(command).wait();
        done.out.contains('\u{1b}') || done.err.contains('\u{1b}')
    };
    let (force, no) = (("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1"));
    for args in [&["check", "faulty.toml"][..], &["--help"], &["rnus"], &["doctor"]] {
        assert!(!coloured(args, &[]), "{args:?} into a file");
        assert!(coloured(args, &[force]), "{args:?} forced");
        assert!(!coloured(args, &[no, force]), "{args:?} forbidden");
        assert!(coloured(&[&["--color", "always"], args].concat(), &[no]), "{args:?} always");
        assert!(!coloured(&[&["--color=never"], args].concat(), &[force]), "{args:?} never");
    }
}

#[test]
fn the_shell_completes_verbs_flags_and_runs() {
    let lab = lab();
    let complete = |args: &str| {
        let args: Vec<&str> = args.split(' ').collect();
        let quoted: Vec<String> = args.iter().map(|word| format!("'{word}'")).collect();
        let last = args.len() - 1;
        let script = format!(
            "source <(clip-lab completions bash); COMP_WORDS=({}); COMP_CWORD={last}; COMP_TYPE=9; \
             _clap_complete_clip_lab clip-lab '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            quoted.join(" "),
            args[last]
        );
        let done = shell(&lab, &script);
        assert!(done.err.is_empty(), "{done:?}");
        done.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let has = |args: &str, wanted: &[&str]| {
        let found = complete(args);
        for wanted in wanted {
            assert!(
                found.iter().any(|found| found.trim_end() == *wanted),
                "`{args}` lacks {wanted}: {found:?}"
            );
        }
    };
    has("clip-lab ru", &["run", "runs"]);
    has("clip-lab runs ", &["list", "show", "diff"]);
    has("clip-lab export --fo", &["--form", "--format"]);
    has("clip-lab export --form ", &["curves", "forest"]);
    has("clip-lab runs show o", &["one"]);
    has("clip-lab compare one t", &["two", "tiny.toml"]);
    // bash executes what it inserts: a run name with special characters is completed by its uid.
    lab.tamper("UPDATE run SET name = 'o;touch owned' WHERE name = 'one'");
    lab.write("o;touch owned.toml", "");
    let found = complete("clip-lab runs show o");
    assert_eq!(found, ["o\\;touch\\ owned.toml"], "{found:?}");
    let uid = lab.runs().into_iter().find(|run| run["name"] == "o;touch owned").unwrap()["uid"].clone();
    has("clip-lab runs show ", &[uid.as_str().unwrap(), "two"]);
    assert!(
        !complete("clip-lab ")
            .iter()
            .any(|command| command.starts_with("probe") || command.starts_with("fingerprint"))
    );
    for name in ["zsh", "fish", "elvish", "powershell"] {
        assert_contains(&lab.run(&["completions", name]).success(), &["clip-lab", "COMPLETE"]);
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let lab = Lab::empty();
    assert_contains(&lab.run(&["man"]).success(), &[".TH clip-lab 1", "Exit codes:"]);
    let output = lab.run(&["man", "--out", "man"]).success();
    let mut commands = BTreeSet::new();
    leaves(&Cli::command(), "", &mut commands);
    for command in &commands {
        let name = format!("clip-lab-{}", command.replace(' ', "-"));
        assert_contains(&output, &[&format!("{name}.1")]);
        let page = std::fs::read_to_string(lab.path(&format!("man/{name}.1"))).unwrap();
        assert_contains(&page, &[&format!(".TH {name} 1"), ".SH SYNOPSIS", ".SH OPTIONS"]);
    }
    assert!(!output.contains("probe") && !output.contains("-help"), "{output}");
}

#[test]
fn a_misspelt_name_is_answered_with_a_suggestion() {
    let lab = lab();
    assert_contains(&lab.run(&["rnus"]).err, &["unrecognized subcommand 'rnus'", "'runs'"]);
    assert_contains(&lab.run(&["runs", "lits"]).err, &["'list'"]);
    assert_contains(
        &lab.run(&["export", "onee", "--metric", "train/loss", "--out", "x.svg"]).failure(),
        &["did you mean one"],
    );
    assert_contains(&lab.run(&["model", "show", "onee"]).failure(), &["did you mean one"]);
}
