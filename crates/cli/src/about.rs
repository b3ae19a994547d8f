//! `clip-lab doctor`, `completions` and `man`: about clip-lab itself.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `clip-lab doctor`.
///
/// Looks at libtorch, the accelerator, the store, the caches, the disks, the terminal and Python. It works where
/// libtorch does not. It ends with 1 when something that is needed is broken.
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
  source <(clip-lab completions bash)                              for this shell, or in ~/.bashrc
  source <(clip-lab completions zsh)                               in ~/.zshrc, after compinit
  clip-lab completions fish > ~/.config/fish/completions/clip-lab.fish

Verbs, flags and their values, runs of the store, kinds of plugins and files are completed. The program itself is asked
at each Tab, so nothing needs to be written anew when it changes.";

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
    /// Write clip-lab.1 and a page for every verb into this folder, which is made
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

const MAN: &str = "Examples:
  clip-lab man | man -l -                                          read it now
  clip-lab man --out ~/.local/share/man/man1                       then `man clip-lab-run` finds its page";
