//! Exit codes.

use std::{
    io::{IsTerminal as _, stderr, stdout},
    process::{ExitCode, ExitStatus, exit},
};

use clip_lab_escape::trusted;

use super::{
    coloured, print,
    print::{eprint, output_failed},
};

/// The exit status of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Success.
    Success = 0,
    /// Failure, or a check that did not pass.
    Failure = 1,
    /// Invalid command line, as clap exits.
    Usage = 2,
    /// A spec, a study, a layout or a filter has problems.
    Invalid = 3,
    /// Interrupted, after saving what can be saved: 128 plus the number of SIGINT.
    Interrupted = 130,
}

impl Exit {
    /// The status of success or failure.
    pub fn of(success: bool) -> Self {
        if success { Self::Success } else { Self::Failure }
    }
}

impl From<ExitStatus> for Exit {
    /// The status of the other program, which uses the same codes.
    fn from(status: ExitStatus) -> Self {
        let known = [Self::Success, Self::Invalid, Self::Interrupted];
        known.into_iter().find(|exit| status.code() == Some(*exit as i32)).unwrap_or(Self::Failure)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        let exit = if exit == Exit::Success && output_failed() { Exit::Failure } else { exit };
        Self::from(exit as u8)
    }
}

/// Prints what clap returns (help, the version or a usage error) and exits.
pub(crate) fn exit_with(error: &clap::Error) -> ! {
    let terminal = if error.use_stderr() { stderr().is_terminal() } else { stdout().is_terminal() };
    let text = error.render();
    let text = if coloured(terminal) { trusted(&text.ansi().to_string()) } else { text.to_string() };
    if error.use_stderr() {
        eprint(text)
    } else {
        print(text)
    }
    exit(error.exit_code())
}

/// The exit codes, for the help and the manual.
pub const EXIT_CODES: &str = "Exit codes:
  0    success
  1    failure, or a check that did not pass; the reason is on standard error
  2    invalid command line
  3    a spec, a study, a layout or a filter has problems; each is printed with its location
  130  stopped by Ctrl-C, SIGTERM or the dashboard; a run has saved a checkpoint to resume from
       (129 and above: killed by the signal with the number CODE - 128)";
