//! With which code a program ends.

use std::{
    io::{IsTerminal as _, stderr, stdout},
    process::{ExitCode, ExitStatus, exit},
};

use clip_lab_escape::trusted;

use super::{
    coloured, print,
    print::{lost, talk},
};

/// How it went, the same for all verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// As asked.
    Fine = 0,
    /// It failed, or the answer is no.
    Failed = 1,
    /// The command line cannot be understood. clap ends with this.
    Misuse = 2,
    /// A spec, a study, a layout or a filter has mistakes.
    Mistakes = 3,
    /// Stopped on the way, and what can be saved is saved: 128 and the number of SIGINT.
    Interrupted = 130,
}

impl Exit {
    /// Whether something went well.
    pub fn of(good: bool) -> Self {
        if good { Self::Fine } else { Self::Failed }
    }
}

impl From<ExitStatus> for Exit {
    /// How the other program, which has these codes too, went.
    fn from(status: ExitStatus) -> Self {
        let known = [Self::Fine, Self::Mistakes, Self::Interrupted];
        known.into_iter().find(|exit| status.code() == Some(*exit as i32)).unwrap_or(Self::Failed)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        let exit = if exit == Exit::Fine && lost() { Exit::Failed } else { exit };
        Self::from(exit as u8)
    }
}

/// Ends the program with what clap says: help, the version, or why the command line cannot be understood.
pub(crate) fn refuse(said: &clap::Error) -> ! {
    let terminal = if said.use_stderr() { stderr().is_terminal() } else { stdout().is_terminal() };
    let words = said.render();
    let words = if coloured(terminal) { trusted(&words.ansi().to_string()) } else { words.to_string() };
    if said.use_stderr() {
        talk(words)
    } else {
        print(words)
    }
    exit(said.exit_code())
}

/// The codes as help and manual show them.
pub const EXIT_CODES: &str = "Exit codes:
  0    done
  1    it failed, or the answer is no: the reason is on standard error
  2    the command line cannot be understood
  3    a spec, a study, a layout or a filter has mistakes: each is told with its place
  130  stopped on the way by Ctrl-C, SIGTERM or the dashboard; a run has saved a checkpoint to go on from
       (129 and above: ended at once by that signal, less 128)";
