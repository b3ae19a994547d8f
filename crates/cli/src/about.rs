//! `clip-lab doctor`, `completions` and `man`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `clip-lab doctor`.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const DOCTOR: &str = "Examples:
  clip-lab doctor
  clip-lab doctor --store runs/clip-lab.db --json | jq '.findings[] | select(.mark != \"good\")'";

/// `clip-lab completions`.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

const COMPLETIONS: &str = "Examples:
  source <(clip-lab completions bash)                              in ~/.bashrc
  source <(clip-lab completions zsh)                               in ~/.zshrc, after compinit
  clip-lab completions fish > ~/.config/fish/completions/clip-lab.fish

Completes commands, flags and their values, runs of the store, plugin kinds and files. The shell
calls clip-lab at each Tab, so the script stays valid after an update.";

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs)]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// `clip-lab man`.
#[derive(Debug, Args)]
#[command(after_help = MAN)]
pub struct ManArgs {
    /// Write clip-lab.1 and a page for every command into this folder, creating it if needed
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

const MAN: &str = "Examples:
  clip-lab man | man -l -                                          read it
  clip-lab man --out ~/.local/share/man/man1                       for `man clip-lab-run`";
